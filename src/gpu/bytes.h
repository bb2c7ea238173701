#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace envpm::gpu {

static_assert(std::endian::native == std::endian::little, "ELF files are read as they lie");

/// The bytes of a file that nobody vouches for. Every read is checked; one that leaves the file
/// throws an Error of code 6 that names the file and what was read. Owns nothing.
class Bytes {
  public:
    Bytes(std::string_view bytes, std::string subject)
        : bytes_(bytes),
          subject_(std::move(subject)) {}

    [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }

    [[nodiscard]] const std::string& subject() const { return subject_; }

    /// A little-endian number, or a struct of such, as `<elf.h>` has them.
    template <class T> [[nodiscard]] T read(std::uint64_t offset, std::string_view what) const {
        static_assert(std::is_trivially_copyable_v<T>);
        T value;
        std::memcpy(&value, slice(offset, sizeof(T), what).data(), sizeof(T));
        return value;
    }

    /// That there are so many bytes there.
    void check(std::uint64_t offset, std::uint64_t size_bytes, std::string_view what) const;

    [[nodiscard]] std::string_view slice(std::uint64_t offset, std::uint64_t size_bytes,
                                         std::string_view what) const;

    /// What stands before the next zero byte, which is no further than 64 KiB away.
    [[nodiscard]] std::string_view text(std::uint64_t offset, std::string_view what) const;

    [[noreturn]] void throw_damaged(std::string what) const;

  private:
    std::string_view bytes_;
    std::string subject_;
};

} // namespace envpm::gpu
