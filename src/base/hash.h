#pragma once

#include "base/handle.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct SHA256state_st; // OpenSSL's SHA256_CTX; its header stays in hash.cpp

namespace envpm {

/// Reads two hexadecimal digits a byte, of either case; false if `hex` is not exactly that.
bool read_hex(std::string_view hex, std::span<std::uint8_t> bytes);

/// A SHA-256 digest (FIPS 180-4): the name of every archive and object, and an OCI digest too.
class Sha256 {
  public:
    explicit Sha256(const std::array<std::uint8_t, 32>& bytes)
        : bytes_(bytes) {}

    /// Exactly 64 lower-case hexadecimal digits, else nothing.
    static std::optional<Sha256> parse(std::string_view hex);

    [[nodiscard]] std::string hex() const;

    [[nodiscard]] const std::array<std::uint8_t, 32>& bytes() const { return bytes_; }

    auto operator<=>(const Sha256&) const = default;

  private:
    std::array<std::uint8_t, 32> bytes_;
};

/// Hashes a stream. One thread at a time; `finish` makes it ready for the next stream.
class Sha256Hasher {
  public:
    Sha256Hasher();
    Sha256Hasher(Sha256Hasher&&) noexcept;
    Sha256Hasher& operator=(Sha256Hasher&&) noexcept;
    Sha256Hasher(const Sha256Hasher&) = delete;
    Sha256Hasher& operator=(const Sha256Hasher&) = delete;
    ~Sha256Hasher();

    void update(std::span<const std::byte> bytes);
    void update(std::string_view text);
    Sha256 finish();

  private:
    friend void update_two(Sha256Hasher& a, std::span<const std::byte> bytes_a, Sha256Hasher& b,
                           std::span<const std::byte> bytes_b);

    struct FreeContext {
        void operator()(SHA256state_st* context) const noexcept;
    };

    std::unique_ptr<SHA256state_st, FreeContext> context_;
};

Sha256 sha256_of(std::string_view text);

/// Reads the file in large blocks; throws an Error that names it.
Sha256 sha256_of_file(const std::filesystem::path& path);

} // namespace envpm
