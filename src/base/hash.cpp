// SHA-256 by itself instead of through EVP: that reads OpenSSL's configuration and looks up a
// provider, which takes longer than all hashing of an install with nothing to do.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/hash.h"

#include "base/assert.h"
#include "base/file_pieces.h"

#include <openssl/sha.h>

#include <algorithm>

namespace envpm {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

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

/// Both digits of each byte.
constexpr std::array<std::array<char, 2>, 256> digit_pairs = [] {
    std::array<std::array<char, 2>, 256> pairs{};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        pairs[i] = {hex_digits[i >> 4U], hex_digits[i & 15U]};
    }
    return pairs;
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
    std::array<std::array<char, 2>, std::tuple_size_v<decltype(bytes_)>> digits;
    std::transform(bytes_.begin(), bytes_.end(), digits.begin(),
                   [](std::uint8_t byte) { return digit_pairs[byte]; });
    return {digits.front().data(), sizeof digits};
}

void Sha256Hasher::FreeContext::operator()(SHA256state_st* context) const noexcept {
    delete context;
}

Sha256Hasher::Sha256Hasher()
    : context_(new SHA256_CTX) {
    ENVPM_ASSERT(SHA256_Init(context_.get()) == 1);
}

Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;
Sha256Hasher::~Sha256Hasher() = default;

void Sha256Hasher::update(std::span<const std::byte> bytes) {
    ENVPM_ASSERT(SHA256_Update(context_.get(), bytes.data(), bytes.size()) == 1);
}

void Sha256Hasher::update(std::string_view text) {
    update(std::as_bytes(std::span(text.data(), text.size())));
}

Sha256 Sha256Hasher::finish() {
    std::array<std::uint8_t, 32> bytes{};
    ENVPM_ASSERT(SHA256_Final(bytes.data(), context_.get()) == 1);
    ENVPM_ASSERT(SHA256_Init(context_.get()) == 1);
    return Sha256(bytes);
}

Sha256 sha256_of(std::string_view text) {
    Sha256Hasher hasher;
    hasher.update(text);
    return hasher.finish();
}

Sha256 sha256_of_file(const std::filesystem::path& path) {
    FilePieces pieces(path);
    Sha256Hasher hasher;
    for (std::span piece = pieces.next(); !piece.empty(); piece = pieces.next()) {
        hasher.update(piece);
    }
    return hasher.finish();
}

} // namespace envpm
