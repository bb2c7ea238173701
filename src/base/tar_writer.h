#pragma once

#include <bzlib.h>
#include <fmt/format.h>
#include <zstd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// For tests only: writes tar archives, right ones and wrong ones, and compresses them.

namespace envpm::test {

/// A header's fields, as text where a test may want to write nonsense.
struct TarHeader {
    std::string name;
    std::uint64_t size = 0;
    char type = '0';
    std::string link = {};
    unsigned mode = 0644;
    std::string size_text = {}; ///< instead of `size`
    std::string prefix = {};
    std::string magic = std::string("ustar\00000", 8);
    int checksum_error = 0;
};

inline std::string padded(std::string text, std::size_t size) {
    text.resize(size, '\0');
    return text;
}

inline std::string tar_header(const TarHeader& header) {
    const std::string size =
        header.size_text.empty() ? fmt::format("{:011o}", header.size) : header.size_text;
    std::string block = padded(header.name, 100) + fmt::format("{:07o}", header.mode) +
                        std::string(1, '\0') + padded("0000000", 8) + padded("0000000", 8) +
                        padded(size, 12) + padded("00000000000", 12) + "        " + header.type +
                        padded(header.link, 100) + padded(header.magic, 8) +
                        std::string(32 + 32 + 16, '\0') + padded(header.prefix, 155);
    block.resize(512, '\0');
    int sum = header.checksum_error;
    for (const char c : block) {
        sum += static_cast<unsigned char>(c);
    }
    block.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    return block;
}

/// A header and its content, filled up to whole blocks.
inline std::string tar_member(TarHeader header, const std::string& content) {
    if (header.size == 0) {
        header.size = content.size();
    }
    const std::size_t blocks = (content.size() + 511) / 512;
    return tar_header(header) + padded(content, blocks * 512);
}

inline std::string tar_file(const std::string& name, const std::string& content,
                            unsigned mode = 0644) {
    return tar_member({.name = name, .mode = mode}, content);
}

inline std::string tar_link(const std::string& name, const std::string& target, char type = '2') {
    return tar_header({.name = name, .type = type, .link = target});
}

inline std::string tar_folder(const std::string& name) {
    return tar_header({.name = name, .type = '5', .mode = 0755});
}

inline std::string pax_record(std::string_view key, std::string_view value) {
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest + 1;
    while (std::to_string(length).size() + rest != length) {
        ++length;
    }
    return fmt::format("{} {}={}\n", length, key, value);
}

inline std::string pax_header(const std::string& records, char type = 'x') {
    return tar_member({.name = "PaxHeader", .type = type}, records);
}

inline std::string tar_end(std::size_t blocks = 2) {
    return std::string(blocks * 512, '\0');
}

inline std::string as_bzip2(const std::string& content) {
    std::string out(content.size() + content.size() / 50 + 1000, '\0');
    auto size = static_cast<unsigned>(out.size());
    std::string input = content;
    BZ2_bzBuffToBuffCompress(out.data(), &size, input.data(), static_cast<unsigned>(input.size()),
                             9, 0, 0);
    out.resize(size);
    return out;
}

inline std::string as_zstd(const std::string& content) {
    std::string out(ZSTD_compressBound(content.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), content.data(), content.size(), 3));
    return out;
}

} // namespace envpm::test
