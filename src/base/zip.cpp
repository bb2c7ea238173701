#include "base/zip.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/inflate.h"
#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <unordered_set>

// Why so strict: two readers that disagree about one archive are how a file gets past a check that
// looked at another. Where the format says a thing twice, both must say the same, and every byte
// must belong to something.

namespace envpm {

namespace {

constexpr std::string_view local_signature = "PK\x03\x04";
constexpr std::string_view central_signature = "PK\x01\x02";
constexpr std::string_view end_signature = "PK\x05\x06";
constexpr std::string_view end64_signature = "PK\x06\x06";
constexpr std::string_view locator_signature = "PK\x06\x07";
constexpr std::string_view descriptor_signature = "PK\x07\x08";

constexpr std::size_t local_bytes = 30;
constexpr std::size_t central_bytes = 46;
constexpr std::size_t end_bytes = 22;
constexpr std::size_t end64_bytes = 56;
constexpr std::size_t locator_bytes = 20;

constexpr std::uint16_t placeholder16 = 0xffff;
constexpr std::uint32_t placeholder32 = 0xffffffff;
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

/// What an error is about; put into words only if there is one.
struct Subject {
    const std::string& archive;
    std::optional<std::string_view> member = std::nullopt;

    [[nodiscard]] std::string text() const;
};

void require(bool condition, std::string_view why, const Subject& subject) {
    if (!condition) {
        throw Error({fmt::format("this is no ZIP archive that can be trusted: {}", why),
                     subject.text(),
                     {}},
                    ExitCode::integrity);
    }
}

void require(bool condition, std::string_view why, const std::string& archive) {
    require(condition, why, Subject{archive});
}

/// Takes little-endian fields from the front, never past the end.
class Fields {
  public:
    Fields(std::string_view bytes, const Subject& subject)
        : bytes_(bytes),
          subject_(subject) {}

    std::string_view text(std::size_t count) {
        require(count <= bytes_.size(), "a record is cut off", subject_);
        const std::string_view taken = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return taken;
    }

    std::uint64_t number(std::size_t count) {
        std::uint64_t value = 0;
        unsigned shift = 0;
        for (const char byte : text(count)) {
            value |= std::uint64_t{static_cast<unsigned char>(byte)} << shift;
            shift += 8;
        }
        return value;
    }

    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }

    std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }

    std::uint64_t u64() { return number(8); }

    void signature(std::string_view expected) {
        require(text(expected.size()) == expected, "a record is not where it should be", subject_);
    }

    [[nodiscard]] bool is_empty() const { return bytes_.empty(); }

    [[nodiscard]] std::size_t left() const { return bytes_.size(); }

  private:
    std::string_view bytes_;
    Subject subject_;
};

/// The sizes as a header has them, and what its ZIP64 field adds.
struct Sizes {
    std::uint64_t size = 0;
    std::uint64_t compressed = 0;
    std::uint64_t offset = 0; ///< 0 in a local header
};

enum class Header { local, central };

struct LocalHeader {
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
    std::uint32_t crc32 = 0;
    Sizes sizes;
    std::string_view name;
    std::uint64_t length = 0;
};

std::size_t find_end_record(std::string_view tail, const std::string& subject);
ZipDirectoryPlace read_end_record(std::string_view record, const std::string& subject);
ZipDirectoryPlace widen_place(std::string_view before_end, std::uint64_t end_offset,
                              const ZipDirectoryPlace& narrow, const std::string& subject);
ZipMember read_central_header(Fields& fields, const std::string& subject);
void check_member(const ZipMember& member, const std::string& subject);
void check_extents(const std::vector<ZipMember>& members, const ZipDirectoryPlace& place,
                   const std::string& subject);
LocalHeader read_local_header(std::string_view bytes, const Subject& subject);
std::optional<std::string_view> find_zip64(std::string_view extra, const Subject& subject);
void widen_sizes(Sizes& sizes, std::string_view extra, Header header, const Subject& subject);
bool is_ascii(std::string_view text);

} // namespace

ZipDirectoryPlace find_zip_directory(std::string_view tail, std::uint64_t file_bytes,
                                     const std::string& subject) {
    ENVPM_ASSERT(tail.size() <= file_bytes);
    const std::size_t at = find_end_record(tail, subject);
    const std::uint64_t end_offset = file_bytes - tail.size() + at;
    ZipDirectoryPlace place = read_end_record(tail.substr(at), subject);
    std::uint64_t directory_end = end_offset;
    const bool has_locator =
        at >= locator_bytes && tail.substr(at - locator_bytes).starts_with(locator_signature);
    if (has_locator) {
        place = widen_place(tail.substr(0, at), end_offset, place, subject);
        directory_end = end_offset - locator_bytes - end64_bytes;
    }
    require(place.entries <= most_zip_members, "it has more than 500,000 members", subject);
    require(place.offset <= directory_end && place.size_bytes == directory_end - place.offset,
            "its directory does not end where its end record begins", subject);
    require(place.entries * central_bytes <= place.size_bytes,
            "its directory is too short for its members", subject);
    return place;
}

std::vector<ZipMember> parse_zip_directory(std::string_view directory,
                                           const ZipDirectoryPlace& place,
                                           const std::string& subject) {
    require(directory.size() == place.size_bytes, "its directory is cut off", subject);
    require(place.entries <= directory.size() / central_bytes,
            "its directory is too short for its members", subject);
    std::vector<ZipMember> members;
    members.reserve(place.entries);
    Fields fields(directory, {subject});
    for (std::uint64_t i = 0; i < place.entries; ++i) {
        members.push_back(read_central_header(fields, subject));
        check_member(members.back(), subject);
    }
    require(fields.is_empty(), "its directory holds more than its members", subject);
    std::unordered_set<std::string_view> names;
    names.reserve(members.size());
    for (const ZipMember& member : members) {
        require(names.insert(member.name).second, "a name stands twice in its directory",
                Subject{subject, member.name});
    }
    std::sort(members.begin(), members.end(), [](const ZipMember& a, const ZipMember& b) {
        return a.header_offset < b.header_offset;
    });
    check_extents(members, place, subject);
    return members;
}

std::uint64_t check_zip_local_header(std::string_view bytes, const ZipMember& member,
                                     const std::string& subject) {
    const Subject who{subject, member.name};
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
    const Subject who{subject, member.name};
    if ((member.flags & flag_descriptor) == 0) {
        require(between.empty(), "there are bytes after a member that belong to nothing", who);
        return;
    }
    Fields fields(between, who);
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
    const std::string who = Subject{subject, member.name}.text();
    require(compressed.size() == member.compressed_bytes, "a member is cut off", who);
    require(member.size_bytes <= largest_whole_zip_member, "a member is larger than 256 MiB", who);
    std::string content;
    content.reserve(member.size_bytes);
    if (member.method == method_stored) {
        content = compressed;
    } else {
        Inflater().inflate_pieces(
            compressed, member.size_bytes, who, [&content](std::span<const std::byte> piece) {
                content.append(reinterpret_cast<const char*>(piece.data()), piece.size());
            });
    }
    require(crc32_of(std::as_bytes(std::span(content))) == member.crc32,
            "a member's checksum is wrong", who);
    return content;
}

namespace {

/// The last signature whose comment reaches exactly to the end of the file. A second one with the
/// same claim, inside a comment, would be another archive to another reader.
std::size_t find_end_record(std::string_view tail, const std::string& subject) {
    std::optional<std::size_t> found;
    for (std::size_t at = tail.rfind(end_signature); at != std::string_view::npos;
         at = at == 0 ? std::string_view::npos : tail.rfind(end_signature, at - 1)) {
        if (tail.size() - at < end_bytes) {
            continue;
        }
        Fields fields(tail.substr(at + end_bytes - 2), {subject});
        if (fields.u16() == tail.size() - at - end_bytes) {
            require(!found, "it has two end records", subject);
            found = at;
        }
    }
    require(found.has_value(), "it has no end record at its end", subject);
    return *found;
}

ZipDirectoryPlace read_end_record(std::string_view record, const std::string& subject) {
    Fields fields(record, {subject});
    fields.signature(end_signature);
    const std::uint16_t disk = fields.u16();
    const std::uint16_t directory_disk = fields.u16();
    const std::uint16_t entries_here = fields.u16();
    ZipDirectoryPlace place;
    place.entries = fields.u16();
    place.size_bytes = fields.u32();
    place.offset = fields.u32();
    require(disk == 0 && directory_disk == 0 && entries_here == place.entries,
            "it is one of several disks", subject);
    return place;
}

/// Where an archive has the ZIP64 records, they stand directly before the end record, without
/// extensions, and say the same wherever the end record says anything.
ZipDirectoryPlace widen_place(std::string_view before_end, std::uint64_t end_offset,
                              const ZipDirectoryPlace& narrow, const std::string& subject) {
    require(before_end.size() >= end64_bytes + locator_bytes,
            "its ZIP64 end record is missing or out of reach", subject);
    Fields fields(before_end.substr(before_end.size() - end64_bytes - locator_bytes), {subject});
    fields.signature(end64_signature);
    require(fields.u64() == end64_bytes - 12, "its ZIP64 end record is extended", subject);
    fields.u32(); // versions
    const std::uint32_t disk = fields.u32();
    const std::uint32_t directory_disk = fields.u32();
    const std::uint64_t entries_here = fields.u64();
    ZipDirectoryPlace wide;
    wide.entries = fields.u64();
    wide.size_bytes = fields.u64();
    wide.offset = fields.u64();
    fields.signature(locator_signature);
    const std::uint32_t locator_disk = fields.u32();
    const std::uint64_t record_offset = fields.u64();
    const std::uint32_t disks = fields.u32();
    require(disk == 0 && directory_disk == 0 && locator_disk == 0 && disks <= 1 &&
                entries_here == wide.entries,
            "it is one of several disks", subject);
    const auto agrees = [](std::uint64_t value, std::uint64_t other, std::uint64_t placeholder) {
        return value == other || value == placeholder;
    };
    require(record_offset == end_offset - locator_bytes - end64_bytes &&
                agrees(narrow.entries, wide.entries, placeholder16) &&
                agrees(narrow.size_bytes, wide.size_bytes, placeholder32) &&
                agrees(narrow.offset, wide.offset, placeholder32),
            "its ZIP64 end record says something else than its end record", subject);
    return wide;
}

ZipMember read_central_header(Fields& fields, const std::string& subject) {
    ZipMember member;
    fields.signature(central_signature);
    const unsigned host = fields.u16() >> 8U;
    fields.u16(); // version needed
    member.flags = fields.u16();
    member.method = fields.u16();
    fields.u32(); // time and date
    member.crc32 = fields.u32();
    Sizes sizes;
    sizes.compressed = fields.u32();
    sizes.size = fields.u32();
    const std::uint16_t name_bytes = fields.u16();
    const std::uint16_t extra_bytes = fields.u16();
    const std::uint16_t comment_bytes = fields.u16();
    require(fields.u16() == 0, "a member is on another disk", subject);
    fields.u16(); // internal attributes
    const std::uint32_t attributes = fields.u32();
    sizes.offset = fields.u32();
    member.name = fields.text(name_bytes);
    const std::string_view extra = fields.text(extra_bytes);
    fields.text(comment_bytes);
    widen_sizes(sizes, extra, Header::central, {subject, member.name});
    member.compressed_bytes = sizes.compressed;
    member.size_bytes = sizes.size;
    member.header_offset = sizes.offset;
    constexpr unsigned host_unix = 3;
    constexpr unsigned host_mac = 19;
    if (host == host_unix || host == host_mac) {
        member.unix_mode = attributes >> 16U;
    }
    return member;
}

void check_member(const ZipMember& member, const std::string& subject) {
    const Subject who{subject, member.name};
    require((member.flags & refused_flags) == 0, "a member is encrypted or patched", who);
    require(member.method == method_stored || member.method == method_deflate,
            "a member is compressed by a method that wheels do not use", who);
    require(is_ascii(member.name) || (member.flags & flag_utf8) != 0,
            "a member's name is neither ASCII nor marked as UTF-8", who);
    require(!member.is_folder() || member.size_bytes == 0, "a folder has content", who);
    if (member.method == method_stored) {
        require(member.size_bytes == member.compressed_bytes,
                "a member that is not compressed has two sizes", who);
    } else {
        require(member.size_bytes / largest_ratio <= member.compressed_bytes,
                "a member claims a size that its data cannot have", who);
    }
}

/// Members lie side by side from the first byte to the directory. What of a gap is a header's extra
/// field or a descriptor only the headers tell; the bound here is what those can have.
void check_extents(const std::vector<ZipMember>& members, const ZipDirectoryPlace& place,
                   const std::string& subject) {
    constexpr std::uint64_t largest_gap = 0xffff + 24;
    std::uint64_t end = 0;
    std::uint64_t slack = 0;
    for (const ZipMember& member : members) {
        const Subject who{subject, member.name};
        require(member.header_offset >= end, "two members overlap", who);
        require(member.header_offset - end <= slack, "there are bytes that belong to no member",
                who);
        const std::uint64_t header = local_bytes + member.name.size();
        require(member.header_offset <= place.offset &&
                    header <= place.offset - member.header_offset &&
                    member.compressed_bytes <= place.offset - member.header_offset - header,
                "a member leaves the archive", who);
        end = member.header_offset + header + member.compressed_bytes;
        slack = largest_gap;
    }
    require(place.offset - end <= slack, "there are bytes that belong to no member", subject);
}

LocalHeader read_local_header(std::string_view bytes, const Subject& subject) {
    Fields fields(bytes, subject);
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
std::optional<std::string_view> find_zip64(std::string_view extra, const Subject& subject) {
    std::optional<std::string_view> found;
    Fields fields(extra, subject);
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
void widen_sizes(Sizes& sizes, std::string_view extra, Header header, const Subject& subject) {
    constexpr std::size_t width = 8;
    const std::optional<std::string_view> field = find_zip64(extra, subject);
    const bool has_offset = header == Header::central;
    const std::vector<std::uint64_t*> all =
        has_offset ? std::vector<std::uint64_t*>{&sizes.size, &sizes.compressed, &sizes.offset}
                   : std::vector<std::uint64_t*>{&sizes.size, &sizes.compressed};
    std::vector<std::uint64_t*> open;
    std::copy_if(all.begin(), all.end(), std::back_inserter(open),
                 [](const std::uint64_t* value) { return *value == placeholder32; });
    if (!field) {
        require(open.empty(), "a member's ZIP64 field is missing", subject);
        return;
    }
    const bool has_all = field->size() == all.size() * width;
    const bool has_sizes = has_offset && field->size() == 2 * width && *all[2] != placeholder32;
    require(has_all || has_sizes || field->size() == open.size() * width,
            "a member's ZIP64 field is of the wrong length", subject);
    std::vector<std::uint64_t*> present = field->size() == open.size() * width ? open : all;
    present.resize(field->size() / width);
    Fields fields(*field, subject);
    for (std::uint64_t* value : present) {
        const std::uint64_t wide = fields.u64();
        require(*value == placeholder32 || *value == wide,
                "a member's ZIP64 field says something else than its header", subject);
        *value = wide;
    }
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Printable whatever the name holds.
std::string Subject::text() const {
    constexpr std::size_t shown = 200;
    if (!member) {
        return archive;
    }
    const std::string quoted = to_text(Json(member->substr(0, shown)));
    return fmt::format("{}, member `{}`", archive, quoted.substr(1, quoted.size() - 2));
}

} // namespace

} // namespace envpm
