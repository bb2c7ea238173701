#include "base/hash.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace envpm {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t block_bytes = 1U << 18U;

/// The value of each character as a hexadecimal digit; 255 for the others.
constexpr std::array<std::uint8_t, 256> digit_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(255);
    for (std::size_t i = 0; i < hex_digits.size(); ++i) {
        const char digit = hex_digits[i];
        values[static_cast<unsigned char>(digit)] = static_cast<std::uint8_t>(i);
        if (digit >= 'a') {
            values[static_cast<unsigned char>(digit - 'a' + 'A')] = static_cast<std::uint8_t>(i);
        }
    }
    return values;
}();

} // namespace

bool read_hex(std::string_view hex, std::span<std::uint8_t> bytes) {
    if (hex.size() != 2 * bytes.size()) {
        return false;
    }
    unsigned faults = 0; // gathered, not branched on: large indexes have millions of digits
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const unsigned high = digit_values[static_cast<unsigned char>(hex[2 * i])];
        const unsigned low = digit_values[static_cast<unsigned char>(hex[2 * i + 1])];
        faults |= high | low;
        bytes[i] = static_cast<std::uint8_t>(high << 4U | low);
    }
    return faults < 16;
}

std::optional<Sha256> Sha256::parse(std::string_view hex) {
    std::array<std::uint8_t, 32> bytes{};
    const bool is_lower = std::none_of(hex.begin(), hex.end(),
                                       [](char digit) { return digit >= 'A' && digit <= 'F'; });
    return is_lower && read_hex(hex, bytes) ? std::optional(Sha256(bytes)) : std::nullopt;
}

std::string Sha256::hex() const {
    std::string text;
    text.reserve(2 * bytes_.size());
    for (const unsigned byte : bytes_) {
        text += hex_digits[byte >> 4U];
        text += hex_digits[byte & 15U];
    }
    return text;
}

void Sha256Hasher::FreeContext::operator()(evp_md_ctx_st* context) const noexcept {
    EVP_MD_CTX_free(context);
}

Sha256Hasher::Sha256Hasher()
    : context_(EVP_MD_CTX_new()) {
    ENVPM_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;
Sha256Hasher::~Sha256Hasher() = default;

void Sha256Hasher::update(std::span<const std::byte> bytes) {
    ENVPM_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

void Sha256Hasher::update(std::string_view text) {
    update(std::as_bytes(std::span(text.data(), text.size())));
}

Sha256 Sha256Hasher::finish() {
    std::array<std::uint8_t, 32> bytes{};
    ENVPM_ASSERT(EVP_DigestFinal_ex(context_.get(), bytes.data(), nullptr) == 1);
    // Passing no algorithm keeps the fetched one: a second fetch costs more than a small file.
    ENVPM_ASSERT(EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) == 1);
    return Sha256(bytes);
}

Sha256 sha256_of(std::string_view text) {
    Sha256Hasher hasher;
    hasher.update(text);
    return hasher.finish();
}

Sha256 sha256_of_file(const std::filesystem::path& path) {
    const Fd file = open_file(path, O_RDONLY);
    std::vector<std::byte> block(block_bytes);
    Sha256Hasher hasher;
    while (true) {
        const ssize_t got = ::read(file.get(), block.data(), block.size());
        if (got < 0 && errno != EINTR) {
            throw_system_error("cannot read a file", path.string(), errno);
        }
        if (got == 0) {
            return hasher.finish();
        }
        if (got > 0) {
            hasher.update(std::span(block).first(static_cast<std::size_t>(got)));
        }
    }
}

} // namespace envpm
