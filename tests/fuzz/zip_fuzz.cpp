#include "base/assert.h"
#include "base/zip.h"
#include "fuzz.h"

#include <algorithm>
#include <string>
#include <vector>

namespace envpm::fuzz {

namespace {

constexpr std::size_t longest_tail = (64U << 10U) + 98;

void read_archive(std::string_view file);
void compare_with_search(std::string_view directory, const ZipDirectoryPlace& place,
                         const std::vector<ZipMember>& members);
void read_member(std::string_view file, const ZipMember& member, std::uint64_t end);

} // namespace

/// A whole archive: end records, directory, local headers, data and what lies between.
void read(std::string_view input) {
    try {
        read_archive(input);
    } catch (const Error& error) {
        ENVPM_ASSERT(error.code() == ExitCode::integrity);
    }
}

namespace {

void read_archive(std::string_view file) {
    const std::string subject = "a.zip";
    const std::string_view tail = file.substr(file.size() - std::min(file.size(), longest_tail));
    const ZipDirectoryPlace place = find_zip_directory(tail, file.size(), subject);
    ENVPM_ASSERT(place.offset <= file.size() && place.size_bytes <= file.size() - place.offset);
    const auto members =
        parse_zip_directory(file.substr(place.offset, place.size_bytes), place, subject);
    ENVPM_ASSERT(members.size() == place.entries);
    compare_with_search(file.substr(place.offset, place.size_bytes), place, members);
    for (std::size_t i = 0; i < members.size(); ++i) {
        const std::uint64_t end =
            i + 1 < members.size() ? members[i + 1].header_offset : place.offset;
        ENVPM_ASSERT(members[i].header_offset < end && end <= place.offset);
        read_member(file, members[i], end);
    }
}

/// What a directory as a whole gives, a search in it gives too.
void compare_with_search(std::string_view directory, const ZipDirectoryPlace& place,
                         const std::vector<ZipMember>& members) {
    const auto found =
        find_zip_members(directory, place, "a.zip", [](std::string_view) { return true; });
    ENVPM_ASSERT(found.size() == members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
        const std::uint64_t end =
            i + 1 < members.size() ? members[i + 1].header_offset : place.offset;
        ENVPM_ASSERT(found[i].member == members[i] && found[i].end_offset == end);
    }
}

void read_member(std::string_view file, const ZipMember& member, std::uint64_t end) {
    const std::string_view bytes = file.substr(member.header_offset, end - member.header_offset);
    const std::uint64_t length = check_zip_local_header(bytes, member, "a.zip");
    ENVPM_ASSERT(length <= bytes.size());
    if (member.compressed_bytes > bytes.size() - length) {
        return;
    }
    const std::string_view data = bytes.substr(length, member.compressed_bytes);
    check_zip_gap(bytes.substr(length + member.compressed_bytes), member, "a.zip");
    ENVPM_ASSERT(inflate_zip_member(data, member, "a.zip").size() == member.size_bytes);
}

} // namespace

} // namespace envpm::fuzz
