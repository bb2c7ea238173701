#include "fetch/part_map.h"

#include "base/inflate.h"

#include <algorithm>
#include <span>
#include <utility>

namespace envpm::fetch {

namespace {

constexpr std::uint32_t version = 2;
constexpr std::uint32_t version_without_tags = 1;
constexpr std::size_t block_entry_bytes = 12;

void put(std::string& text, std::uint64_t value, std::size_t bytes);

/// Reads numbers from the front; after the first shortage everything is 0 and `good` is false.
struct Reader {
    std::string_view rest;
    bool good = true;

    std::string_view bytes(std::size_t count);
    std::uint64_t number(std::size_t bytes_of_it);
};

} // namespace

PartMap empty_part_map(std::uint64_t size, const Sha256& sha256) {
    const std::uint64_t count = size / part_block_bytes + (size % part_block_bytes != 0 ? 1 : 0);
    return {size, sha256, {}, std::vector<PartBlock>(count)};
}

std::string encode(const PartMap& map) {
    std::string text;
    put(text, version, 4);
    put(text, part_block_bytes, 4);
    put(text, map.size, 8);
    for (const std::uint8_t byte : map.sha256.bytes()) {
        text += static_cast<char>(byte);
    }
    put(text, map.sources.size(), 4);
    for (const PartSource& source : map.sources) {
        for (const std::string* const part : {&source.name, &source.entity_tag}) {
            put(text, part->size(), 4);
            text += *part;
        }
    }
    for (const PartBlock& block : map.blocks) {
        put(text, block.filled, 4);
        put(text, block.crc32, 4);
        put(text, block.sources, 4);
    }
    put(text, crc32_of(std::as_bytes(std::span(text))), 4);
    return text;
}

std::optional<PartMap> decode_part_map(std::string_view text, std::uint64_t size,
                                       const Sha256& sha256) {
    if (text.size() < 4) {
        return std::nullopt;
    }
    Reader end{text.substr(text.size() - 4)};
    Reader reader{text.substr(0, text.size() - 4)};
    if (end.number(4) != crc32_of(std::as_bytes(std::span(reader.rest)))) {
        return std::nullopt;
    }
    const std::uint64_t found = reader.number(4);
    if ((found != version && found != version_without_tags) ||
        reader.number(4) != part_block_bytes || reader.number(8) != size) {
        return std::nullopt;
    }
    const std::string_view digest = reader.bytes(sha256.bytes().size());
    if (!std::equal(digest.begin(), digest.end(), sha256.bytes().begin(), sha256.bytes().end(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; })) {
        return std::nullopt;
    }
    PartMap map = empty_part_map(size, sha256);
    const std::uint64_t sources = reader.number(4);
    for (std::uint64_t i = 0; i < sources && i < most_sources; ++i) {
        PartSource source{std::string(reader.bytes(reader.number(4)))};
        if (found == version) {
            source.entity_tag = reader.bytes(reader.number(4));
        }
        map.sources.push_back(std::move(source));
    }
    if (!reader.good || sources > most_sources ||
        reader.rest.size() != map.blocks.size() * block_entry_bytes) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < map.blocks.size(); ++i) {
        PartBlock& block = map.blocks[i];
        block.filled = static_cast<std::uint32_t>(reader.number(4));
        block.crc32 = static_cast<std::uint32_t>(reader.number(4));
        block.sources = static_cast<std::uint32_t>(reader.number(4));
        if (block.filled > block_length(map, i)) {
            return std::nullopt;
        }
    }
    return map;
}

std::vector<Piece> present_pieces(const PartMap& map) {
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < map.blocks.size(); ++i) {
        const Piece piece{i * part_block_bytes, map.blocks[i].filled};
        if (piece.count == 0) {
            continue;
        }
        if (!pieces.empty() && pieces.back().end() == piece.first) {
            pieces.back().count += piece.count;
        } else {
            pieces.push_back(piece);
        }
    }
    return pieces;
}

std::uint64_t block_length(const PartMap& map, std::size_t index) {
    return std::min(part_block_bytes, map.size - index * part_block_bytes);
}

namespace {

void put(std::string& text, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
        text += static_cast<char>((value >> (8 * i)) & 0xFFU);
    }
}

std::string_view Reader::bytes(std::size_t count) {
    if (count > rest.size()) {
        good = false;
        rest = {};
        return {};
    }
    const std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(count);
    return taken;
}

std::uint64_t Reader::number(std::size_t bytes_of_it) {
    const std::string_view taken = bytes(bytes_of_it);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < taken.size(); ++i) {
        value |= std::uint64_t{static_cast<std::uint8_t>(taken[i])} << (8 * i);
    }
    return value;
}

} // namespace

} // namespace envpm::fetch
