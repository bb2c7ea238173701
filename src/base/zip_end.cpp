#include "base/assert.h"
#include "base/json.h"
#include "base/zip.h"
#include "base/zip_fields.h"

#include <optional>

namespace envpm {

namespace {

constexpr std::string_view end_signature = "PK\x05\x06";
constexpr std::string_view end64_signature = "PK\x06\x06";
constexpr std::string_view locator_signature = "PK\x06\x07";

constexpr std::size_t end_bytes = 22;
constexpr std::size_t end64_bytes = 56;
constexpr std::size_t locator_bytes = 20;

constexpr std::uint16_t placeholder16 = 0xffff;

std::size_t find_end_record(std::string_view tail, const std::string& subject);
ZipDirectoryPlace read_end_record(std::string_view record, const std::string& subject);
ZipDirectoryPlace widen_place(std::string_view before_end, std::uint64_t end_offset,
                              const ZipDirectoryPlace& narrow, const std::string& subject);

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
    require(place.entries * zip_central_bytes <= place.size_bytes,
            "its directory is too short for its members", subject);
    return place;
}

/// Printable whatever the name holds.
std::string ZipSubject::text() const {
    constexpr std::size_t shown = 200;
    if (!member) {
        return archive;
    }
    const std::string quoted = to_text(Json(member->substr(0, shown)));
    return fmt::format("{}, member `{}`", archive, quoted.substr(1, quoted.size() - 2));
}

namespace {

/// The signature whose comment reaches exactly to the end of the file. A second one with the same
/// claim, inside a comment, would be another archive to another reader.
std::size_t find_end_record(std::string_view tail, const std::string& subject) {
    std::optional<std::size_t> found;
    for (std::size_t at = tail.find(end_signature); at != std::string_view::npos;
         at = tail.find(end_signature, at + 1)) {
        if (tail.size() - at < end_bytes) {
            continue;
        }
        ZipFields fields(tail.substr(at + end_bytes - 2), {subject});
        if (fields.u16() == tail.size() - at - end_bytes) {
            require(!found, "it has two end records", subject);
            found = at;
        }
    }
    require(found.has_value(), "it has no end record at its end", subject);
    return *found;
}

ZipDirectoryPlace read_end_record(std::string_view record, const std::string& subject) {
    ZipFields fields(record, {subject});
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
    ZipFields fields(before_end.substr(before_end.size() - end64_bytes - locator_bytes), {subject});
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
                agrees(narrow.size_bytes, wide.size_bytes, zip_placeholder32) &&
                agrees(narrow.offset, wide.offset, zip_placeholder32),
            "its ZIP64 end record says something else than its end record", subject);
    return wide;
}

} // namespace

} // namespace envpm
