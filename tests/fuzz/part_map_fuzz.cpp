#include "base/assert.h"
#include "base/inflate.h"
#include "fetch/part_map.h"
#include "fuzz.h"

#include <span>
#include <string>

namespace envpm::fuzz {

namespace {

std::string little_endian(std::uint32_t value);

} // namespace

/// A size in MiB in the first byte, then what follows a right head; the checksum is made right. A
/// map that was read is written as the same bytes, and no piece leaves the file.
void read(std::string_view input) {
    const Sha256 sha256 = sha256_of("");
    fetch::decode_part_map(input, 0, sha256);
    if (input.empty()) {
        return;
    }
    const std::uint64_t size = static_cast<unsigned char>(input[0]) * fetch::part_block_bytes / 2;
    const std::string empty = fetch::encode(fetch::empty_part_map(size, sha256));
    constexpr std::size_t head_bytes = 48;
    std::string text = empty.substr(0, head_bytes) + std::string(input.substr(1));
    text += little_endian(crc32_of(std::as_bytes(std::span(text))));
    const auto map = fetch::decode_part_map(text, size, sha256);
    if (!map) {
        return;
    }
    ENVPM_ASSERT(fetch::encode(*map) == text);
    std::uint64_t end = 0;
    for (const fetch::Piece& piece : fetch::present_pieces(*map)) {
        ENVPM_ASSERT(piece.count > 0 && piece.first >= end && piece.end() <= size);
        end = piece.end();
    }
}

namespace {

std::string little_endian(std::uint32_t value) {
    std::string text;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        text += static_cast<char>((value >> shift) & 0xFFU);
    }
    return text;
}

} // namespace

} // namespace envpm::fuzz
