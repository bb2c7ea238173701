#include "base/zip.h"

#include "base/inflate.h"
#include "base/zip_fields.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>
#include <optional>

// Why so strict: two readers that disagree about one archive are how a file gets past a check that
// looked at another. Where the format says a thing twice, both must say the same, and every byte
// must belong to something.

namespace envpm {

namespace {

constexpr std::string_view local_signature = "PK\x03\x04";
constexpr std::string_view central_signature = "PK\x01\x02";
constexpr std::string_view descriptor_signature = "PK\x07\x08";

constexpr std::size_t local_bytes = 30;

constexpr std::uint16_t zip64_extra = 0x0001;
constexpr std::uint16_t unicode_path_extra = 0x7075;

constexpr std::uint16_t method_stored = 0;
constexpr std::uint16_t method_deflate = 8;
constexpr std::uint16_t flag_descriptor = 1U << 3U;
constexpr std::uint16_t flag_utf8 = 1U << 11U;
/// Encrypted, patched, strongly encrypted, masked headers.
constexpr std::uint16_t refused_flags = 1U | 1U << 5U | 1U << 6U | 1U << 13U;
/// Deflate's own limit: one bit of Huffman code can stand for 258 bytes, in two bits at best.
constexpr std::uint64_t largest_ratio = 1032;

/// The sizes as a header has them, and what its ZIP64 field adds.
struct Sizes {
    std::uint64_t size = 0;
    std::uint64_t compressed = 0;
    std::uint64_t offset = 0; ///< 0 in a local header
};

enum class Header { local, central };

/// A member as the directory has it; the name is the directory's own.
struct CentralHeader {
    unsigned host = 0;
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
    std::uint32_t crc32 = 0;
    std::uint32_t attributes = 0;
    Sizes sizes;
    std::string_view name;

    [[nodiscard]] ZipMember member() const;
};

struct LocalHeader {
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
    std::uint32_t crc32 = 0;
    Sizes sizes;
    std::string_view name;
    std::uint64_t length = 0;
};

std::vector<CentralHeader> read_directory(std::string_view directory,
                                          const ZipDirectoryPlace& place,
                                          const std::string& subject);
CentralHeader read_central_header(ZipFields& fields, const std::string& subject);
void check_header(const CentralHeader& header, const std::string& subject);
void check_names(const std::vector<CentralHeader>& headers, const std::string& subject);
void check_extents(const std::vector<CentralHeader>& headers, const ZipDirectoryPlace& place,
                   const std::string& subject);
LocalHeader read_local_header(std::string_view bytes, const ZipSubject& subject);
std::optional<std::string_view> find_zip64(std::string_view extra, const ZipSubject& subject);
void widen_sizes(Sizes& sizes, std::string_view extra, Header header, const ZipSubject& subject);
bool is_ascii(std::string_view text);

} // namespace

std::vector<ZipMember> parse_zip_directory(std::string_view directory,
                                           const ZipDirectoryPlace& place,
                                           const std::string& subject) {
    std::vector<ZipMember> members;
    members.reserve(place.entries);
    for (const CentralHeader& header : read_directory(directory, place, subject)) {
        members.push_back(header.member());
    }
    return members;
}

std::vector<FoundZipMember>
find_zip_members(std::string_view directory, const ZipDirectoryPlace& place,
                 const std::string& subject,
                 const std::function<bool(std::string_view)>& is_wanted) {
    const std::vector<CentralHeader> headers = read_directory(directory, place, subject);
    std::vector<FoundZipMember> found;
    for (std::size_t i = 0; i < headers.size(); ++i) {
        if (is_wanted(headers[i].name)) {
            const bool is_last = i + 1 == headers.size();
            found.push_back(
                {headers[i].member(), is_last ? place.offset : headers[i + 1].sizes.offset});
        }
    }
    return found;
}

std::uint64_t check_zip_local_header(std::string_view bytes, const ZipMember& member,
                                     const std::string& subject) {
    const ZipSubject who{subject, member.name};
    const LocalHeader local = read_local_header(bytes, who);
    require(local.name == member.name, "a member's header has another name than the directory",
            who);
    const std::uint16_t difference = local.flags ^ member.flags;
    const std::uint16_t relevant =
        refused_flags | flag_descriptor | (is_ascii(member.name) ? 0 : flag_utf8);
    require((difference & relevant) == 0 && local.method == member.method,
            "a member's header has other flags than the directory", who);
    // With a descriptor the header was written before the data and may leave these open as 0.
    const bool may_be_open = (member.flags & flag_descriptor) != 0;
    const auto agrees = [may_be_open](std::uint64_t here, std::uint64_t directory) {
        return here == directory || (may_be_open && here == 0);
    };
    require(agrees(local.crc32, member.crc32) && agrees(local.sizes.size, member.size_bytes) &&
                agrees(local.sizes.compressed, member.compressed_bytes),
            "a member's header has another size or checksum than the directory", who);
    return local.length;
}

void check_zip_gap(std::string_view between, const ZipMember& member, const std::string& subject) {
    const ZipSubject who{subject, member.name};
    if ((member.flags & flag_descriptor) == 0) {
        require(between.empty(), "there are bytes after a member that belong to nothing", who);
        return;
    }
    ZipFields fields(between, who);
    // The signature is optional, and the sizes have 4 or 8 bytes each: only the length tells.
    if (fields.left() == 16 || fields.left() == 24) {
        fields.signature(descriptor_signature);
    }
    require(fields.left() == 12 || fields.left() == 20,
            "a member's descriptor is missing or of the wrong length", who);
    const std::uint32_t crc32 = fields.u32();
    const std::size_t width = fields.left() / 2;
    const std::uint64_t compressed = fields.number(width);
    const std::uint64_t size = fields.number(width);
    require(crc32 == member.crc32 && compressed == member.compressed_bytes &&
                size == member.size_bytes,
            "a member's descriptor says something else than the directory", who);
}

std::string inflate_zip_member(std::string_view compressed, const ZipMember& member,
                               const std::string& subject) {
    const std::string who = ZipSubject{subject, member.name}.text();
    require(compressed.size() == member.compressed_bytes, "a member is cut off", who);
    require(member.size_bytes <= largest_whole_zip_member, "a member is larger than 256 MiB", who);
    std::string content;
    content.reserve(member.size_bytes);
    const auto append = [&content](std::span<const std::byte> piece) {
        content.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    };
    if (member.method == method_stored) {
        content = compressed;
    } else if (member.size_bytes <= Inflater::whole_limit_bytes) {
        // Pieces need rooms a hundred times as large as most of what is asked for here.
        append(Inflater().inflate_whole(compressed, member.size_bytes, who));
    } else {
        Inflater().inflate_pieces(compressed, member.size_bytes, who, append);
    }
    require(crc32_of(std::as_bytes(std::span(content))) == member.crc32,
            "a member's checksum is wrong", who);
    return content;
}

namespace {

/// All that can be checked, sorted by offset.
std::vector<CentralHeader> read_directory(std::string_view directory,
                                          const ZipDirectoryPlace& place,
                                          const std::string& subject) {
    require(directory.size() == place.size_bytes, "its directory is cut off", subject);
    require(place.entries <= directory.size() / zip_central_bytes,
            "its directory is too short for its members", subject);
    std::vector<CentralHeader> headers;
    headers.reserve(place.entries);
    ZipFields fields(directory, {subject});
    for (std::uint64_t i = 0; i < place.entries; ++i) {
        headers.push_back(read_central_header(fields, subject));
        check_header(headers.back(), subject);
    }
    require(fields.is_empty(), "its directory holds more than its members", subject);
    check_names(headers, subject);
    const auto stands_before = [](const CentralHeader& a, const CentralHeader& b) {
        return a.sizes.offset < b.sizes.offset;
    };
    if (!std::is_sorted(headers.begin(), headers.end(), stands_before)) {
        std::sort(headers.begin(), headers.end(), stands_before);
    }
    check_extents(headers, place, subject);
    return headers;
}

CentralHeader read_central_header(ZipFields& fields, const std::string& subject) {
    CentralHeader header;
    fields.signature(central_signature);
    header.host = fields.u16() >> 8U;
    fields.u16(); // version needed
    header.flags = fields.u16();
    header.method = fields.u16();
    fields.u32(); // time and date
    header.crc32 = fields.u32();
    header.sizes.compressed = fields.u32();
    header.sizes.size = fields.u32();
    const std::uint16_t name_bytes = fields.u16();
    const std::uint16_t extra_bytes = fields.u16();
    const std::uint16_t comment_bytes = fields.u16();
    require(fields.u16() == 0, "a member is on another disk", subject);
    fields.u16(); // internal attributes
    header.attributes = fields.u32();
    header.sizes.offset = fields.u32();
    header.name = fields.text(name_bytes);
    const std::string_view extra = fields.text(extra_bytes);
    fields.text(comment_bytes);
    widen_sizes(header.sizes, extra, Header::central, {subject, header.name});
    return header;
}

ZipMember CentralHeader::member() const {
    constexpr unsigned host_unix = 3;
    constexpr unsigned host_mac = 19;
    const bool has_mode = host == host_unix || host == host_mac;
    return {.name = std::string(name),
            .method = method,
            .crc32 = crc32,
            .compressed_bytes = sizes.compressed,
            .size_bytes = sizes.size,
            .header_offset = sizes.offset,
            .unix_mode = has_mode ? attributes >> 16U : 0,
            .flags = flags};
}

void check_header(const CentralHeader& header, const std::string& subject) {
    const ZipSubject who{subject, header.name};
    require((header.flags & refused_flags) == 0, "a member is encrypted or patched", who);
    require(header.method == method_stored || header.method == method_deflate,
            "a member is compressed by a method that wheels do not use", who);
    require(is_ascii(header.name) || (header.flags & flag_utf8) != 0,
            "a member's name is neither ASCII nor marked as UTF-8", who);
    require(!header.name.ends_with('/') || header.sizes.size == 0, "a folder has content", who);
    if (header.method == method_stored) {
        require(header.sizes.size == header.sizes.compressed,
                "a member that is not compressed has two sizes", who);
    } else {
        require(header.sizes.size / largest_ratio <= header.sizes.compressed,
                "a member claims a size that its data cannot have", who);
    }
}

/// No name twice. A table with room to spare, of places in `headers` from 1: a set of nodes would
/// take longer than all the rest, and a solve looks into thousands of directories.
void check_names(const std::vector<CentralHeader>& headers, const std::string& subject) {
    std::vector<std::uint32_t> table(std::bit_ceil(2 * headers.size() + 1));
    for (std::uint32_t i = 0; i < headers.size(); ++i) {
        const std::string_view name = headers[i].name;
        std::size_t at = std::hash<std::string_view>()(name) & (table.size() - 1);
        for (; table[at] != 0; at = (at + 1) & (table.size() - 1)) {
            require(headers[table[at] - 1].name != name, "a name stands twice in its directory",
                    ZipSubject{subject, name});
        }
        table[at] = i + 1;
    }
}

/// Members lie side by side from the first byte to the directory. What of a gap is a header's extra
/// field or a descriptor only the headers tell; the bound here is what those can have.
void check_extents(const std::vector<CentralHeader>& headers, const ZipDirectoryPlace& place,
                   const std::string& subject) {
    constexpr std::uint64_t largest_gap = 0xffff + 24;
    std::uint64_t end = 0;
    std::uint64_t slack = 0;
    for (const CentralHeader& member : headers) {
        const ZipSubject who{subject, member.name};
        const std::uint64_t offset = member.sizes.offset;
        require(offset >= end, "two members overlap", who);
        require(offset - end <= slack, "there are bytes that belong to no member", who);
        const std::uint64_t header = local_bytes + member.name.size();
        require(offset <= place.offset && header <= place.offset - offset &&
                    member.sizes.compressed <= place.offset - offset - header,
                "a member leaves the archive", who);
        end = offset + header + member.sizes.compressed;
        slack = largest_gap;
    }
    require(place.offset - end <= slack, "there are bytes that belong to no member", subject);
}

LocalHeader read_local_header(std::string_view bytes, const ZipSubject& subject) {
    ZipFields fields(bytes, subject);
    LocalHeader local;
    fields.signature(local_signature);
    fields.u16(); // version needed
    local.flags = fields.u16();
    local.method = fields.u16();
    fields.u32(); // time and date
    local.crc32 = fields.u32();
    local.sizes.compressed = fields.u32();
    local.sizes.size = fields.u32();
    const std::uint16_t name_bytes = fields.u16();
    const std::uint16_t extra_bytes = fields.u16();
    local.name = fields.text(name_bytes);
    widen_sizes(local.sizes, fields.text(extra_bytes), Header::local, subject);
    local.length = local_bytes + name_bytes + extra_bytes;
    return local;
}

/// The ZIP64 field among the extra fields, which must be well-formed and hold it at most once.
std::optional<std::string_view> find_zip64(std::string_view extra, const ZipSubject& subject) {
    std::optional<std::string_view> found;
    ZipFields fields(extra, subject);
    while (!fields.is_empty()) {
        const std::uint16_t kind = fields.u16();
        const std::string_view value = fields.text(fields.u16());
        require(kind != unicode_path_extra, "a member has a second name", subject);
        if (kind == zip64_extra) {
            require(!found, "a member has two ZIP64 fields", subject);
            found = value;
        }
    }
    return found;
}

/// Replaces the placeholders by what the ZIP64 field has, in the format's order: size, compressed
/// size, offset. Writers store either exactly what has a placeholder, or all; then the values that
/// have none must agree.
void widen_sizes(Sizes& sizes, std::string_view extra, Header header, const ZipSubject& subject) {
    constexpr std::size_t width = 8;
    const std::optional<std::string_view> field = find_zip64(extra, subject);
    if (!field) {
        require(sizes.size != zip_placeholder32 && sizes.compressed != zip_placeholder32 &&
                    sizes.offset != zip_placeholder32,
                "a member's ZIP64 field is missing", subject);
        return;
    }
    const bool has_offset = header == Header::central;
    const std::vector<std::uint64_t*> all =
        has_offset ? std::vector<std::uint64_t*>{&sizes.size, &sizes.compressed, &sizes.offset}
                   : std::vector<std::uint64_t*>{&sizes.size, &sizes.compressed};
    std::vector<std::uint64_t*> open;
    std::copy_if(all.begin(), all.end(), std::back_inserter(open),
                 [](const std::uint64_t* value) { return *value == zip_placeholder32; });
    const bool has_all = field->size() == all.size() * width;
    const bool has_sizes = has_offset && field->size() == 2 * width && *all[2] != zip_placeholder32;
    require(has_all || has_sizes || field->size() == open.size() * width,
            "a member's ZIP64 field is of the wrong length", subject);
    std::vector<std::uint64_t*> present = field->size() == open.size() * width ? open : all;
    present.resize(field->size() / width);
    ZipFields fields(*field, subject);
    for (std::uint64_t* value : present) {
        const std::uint64_t wide = fields.u64();
        require(*value == zip_placeholder32 || *value == wide,
                "a member's ZIP64 field says something else than its header", subject);
        *value = wide;
    }
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

} // namespace

} // namespace envpm
