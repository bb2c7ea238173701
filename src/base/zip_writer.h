#pragma once

#include "base/inflate.h"

#include <libdeflate.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// For tests only: writes ZIP archives, right ones and wrong ones.

namespace envpm::test {

/// What a header of a member says; a test may change one of the two copies.
struct ZipHeader {
    std::string name;
    std::uint16_t flags = 0;
    std::uint16_t method = 8;
    std::uint32_t crc32 = 0;
    std::uint64_t compressed = 0;
    std::uint64_t size = 0;
    std::string extra;
    std::uint16_t host = 3;
    std::uint32_t mode = 0100644;
    std::uint64_t offset = 0;
};

struct ZipEntry {
    std::string name = {};
    std::string content = {};
    std::uint16_t method = 8;
    std::uint32_t mode = 0100644;
    std::function<void(ZipHeader& local, ZipHeader& central)> distort = {};
    std::string descriptor = {};   ///< bytes after the data
    std::string before = {};       ///< bytes before the local header
    std::string tail_of_data = {}; ///< bytes that the compressed size counts, after the stream
    bool is_in_directory = true;
};

/// What the end record says, for a test to change.
struct ZipEnd {
    std::uint64_t entries = 0;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;
    std::string comment;
    std::string before_directory; ///< bytes between the last member and the directory
    std::string before_end;       ///< bytes between the directory and the end record
    std::string after_end;
    bool has_zip64 = false;
    std::uint64_t zip64_size = 44;
};

inline std::string little_endian(std::uint64_t value, unsigned bytes) {
    std::string text;
    for (unsigned i = 0; i < bytes; ++i) {
        text += static_cast<char>((value >> (8 * i)) & 0xffU);
    }
    return text;
}

inline std::string deflated(std::string_view content) {
    libdeflate_compressor* compressor = libdeflate_alloc_compressor(1);
    std::string out(libdeflate_deflate_compress_bound(compressor, content.size()) + 16, '\0');
    out.resize(libdeflate_deflate_compress(compressor, content.data(), content.size(), out.data(),
                                           out.size()));
    libdeflate_free_compressor(compressor);
    return out;
}

inline std::string header_tail(const ZipHeader& header) {
    return little_endian(header.flags, 2) + little_endian(header.method, 2) +
           little_endian(0x00210000, 4) + little_endian(header.crc32, 4) +
           little_endian(header.compressed, 4) + little_endian(header.size, 4) +
           little_endian(header.name.size(), 2) + little_endian(header.extra.size(), 2);
}

inline std::string local_header(const ZipHeader& header) {
    return "PK\x03\x04" + little_endian(20, 2) + header_tail(header) + header.name + header.extra;
}

inline std::string central_header(const ZipHeader& header) {
    return "PK\x01\x02" + little_endian(std::uint64_t{header.host} << 8U | 20U, 2) +
           little_endian(20, 2) + header_tail(header) + little_endian(0, 6) +
           little_endian(std::uint64_t{header.mode} << 16U, 4) + little_endian(header.offset, 4) +
           header.name + header.extra;
}

inline std::string end_records(const ZipEnd& end, std::uint64_t position) {
    std::string out;
    if (end.has_zip64) {
        out += "PK\x06\x06" + little_endian(end.zip64_size, 8) + little_endian(45, 4) +
               little_endian(0, 8) + little_endian(end.entries, 8) + little_endian(end.entries, 8) +
               little_endian(end.size, 8) + little_endian(end.offset, 8);
        out +=
            "PK\x06\x07" + little_endian(0, 4) + little_endian(position, 8) + little_endian(1, 4);
    }
    const std::uint64_t entries = end.has_zip64 ? 0xffff : end.entries;
    return out + "PK\x05\x06" + little_endian(0, 4) + little_endian(entries, 2) +
           little_endian(entries, 2) + little_endian(end.has_zip64 ? 0xffffffff : end.size, 4) +
           little_endian(end.has_zip64 ? 0xffffffff : end.offset, 4) +
           little_endian(end.comment.size(), 2) + end.comment;
}

inline std::string make_zip(const std::vector<ZipEntry>& entries,
                            const std::function<void(ZipEnd&)>& distort = {}) {
    std::string out;
    std::string directory;
    ZipEnd end;
    for (const ZipEntry& entry : entries) {
        out += entry.before;
        const std::string data =
            (entry.method == 8 ? deflated(entry.content) : entry.content) + entry.tail_of_data;
        ZipHeader local;
        local.name = entry.name;
        local.method = entry.method;
        local.crc32 = crc32_of(std::as_bytes(std::span(entry.content)));
        local.compressed = data.size();
        local.size = entry.content.size();
        local.mode = entry.mode;
        local.offset = out.size();
        ZipHeader central = local;
        if (entry.distort) {
            entry.distort(local, central);
        }
        out += local_header(local) + data + entry.descriptor;
        if (entry.is_in_directory) {
            directory += central_header(central);
            ++end.entries;
        }
    }
    end.size = directory.size();
    if (distort) {
        end.offset = out.size();
        distort(end);
        out += end.before_directory;
    } else {
        end.offset = out.size();
    }
    out += directory + end.before_end;
    return out + end_records(end, out.size()) + end.after_end;
}

} // namespace envpm::test
