#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm {

/// The ZIP format (PKWARE APPNOTE 6.3.10) as wheels use it, read strictly: the central directory is
/// the only truth, and whatever contradicts it is refused with an Error of code 6. Methods: stored
/// and deflate. Refused: encryption, several disks, ZIP64 fields that disagree, duplicate names,
/// members that overlap or leave the file, anything between the members that no entry accounts for.
struct ZipMember {
    std::string name;         ///< raw, as the archive has it; RelativePath::parse judges it
    std::uint16_t method = 0; ///< 0 stored, 8 deflate
    std::uint32_t crc32 = 0;
    std::uint64_t compressed_bytes = 0;
    std::uint64_t size_bytes = 0;
    std::uint64_t header_offset = 0; ///< of the local header
    std::uint32_t unix_mode = 0;     ///< 0 where the archive has none
    std::uint16_t flags = 0;         ///< bit 3: a descriptor follows the data

    [[nodiscard]] bool is_folder() const { return name.ends_with('/'); }

    bool operator==(const ZipMember&) const = default;
};

/// Where the central directory stands in the file.
struct ZipDirectoryPlace {
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;
    std::uint64_t entries = 0;
};

inline constexpr std::uint64_t most_zip_members = 500'000;
inline constexpr std::uint64_t largest_whole_zip_member = 256U << 20U;

/// From the last bytes of a file of `file_bytes` (64 KiB + 98 bytes always suffice; fewer do if the
/// archive has no comment). `subject` names the archive in errors.
ZipDirectoryPlace find_zip_directory(std::string_view tail, std::uint64_t file_bytes,
                                     const std::string& subject);

/// From exactly the directory's bytes; members sorted by header_offset, none overlapping.
std::vector<ZipMember> parse_zip_directory(std::string_view directory,
                                           const ZipDirectoryPlace& place,
                                           const std::string& subject);

struct FoundZipMember {
    ZipMember member;
    std::uint64_t end_offset = 0; ///< the next member's header, or the directory
};

/// The members of those names, with all checks of `parse_zip_directory` and sorted like there, but
/// without a text for each of the others: for who looks for one among thousands.
std::vector<FoundZipMember>
find_zip_members(std::string_view directory, const ZipDirectoryPlace& place,
                 const std::string& subject,
                 const std::function<bool(std::string_view)>& is_wanted);

/// The local header's length, from bytes that begin with it (30 + name + extra suffice); it must
/// say what the directory says.
std::uint64_t check_zip_local_header(std::string_view bytes, const ZipMember& member,
                                     const std::string& subject);

/// Checks what lies between the member's data and the next header or the directory: a descriptor
/// that says what the directory says, if bit 3 of the flags announces one, else nothing at all.
void check_zip_gap(std::string_view between, const ZipMember& member, const std::string& subject);

/// Inflates a whole member (small ones: metadata), checking size and CRC. Refuses more than
/// `largest_whole_zip_member`.
std::string inflate_zip_member(std::string_view compressed, const ZipMember& member,
                               const std::string& subject);

} // namespace envpm
