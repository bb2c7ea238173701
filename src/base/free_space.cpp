#include "base/free_space.h"

#include "base/disk_hints.h"
#include "base/error.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>
#include <string>
#include <system_error>

namespace envpm {

namespace {

constexpr std::uint64_t block_bytes = 4096;
/// Folders, the file system's own tables.
constexpr std::uint64_t margin_percent = 3;
constexpr std::uint64_t most_margin_files = 600; ///< as many folders objects and trees are in
constexpr std::uint64_t least_margin_files = 16; ///< records and locks

std::string place_of(const std::filesystem::path& folder);
std::filesystem::path nearest_made(std::filesystem::path path);
std::optional<dev_t> device_of(const std::filesystem::path& path);

} // namespace

Space space_left(const std::filesystem::path& folder) {
    struct statvfs status {};

    if (::statvfs(folder.c_str(), &status) != 0) {
        throw_system_error("cannot ask for the free space", folder.string(), errno);
    }
    Space left;
    left.bytes = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
    left.files = status.f_files == 0 ? std::numeric_limits<std::uint64_t>::max() : status.f_favail;
    return left;
}

void require_space(const Space& needed, const Space& left, const std::filesystem::path& folder) {
    const std::uint64_t bytes = needed.bytes + needed.bytes / 100 * margin_percent;
    if (bytes > left.bytes) {
        throw Error({fmt::format("not enough free space: {} needed, {} there",
                                 bytes_in_words(bytes), bytes_in_words(left.bytes)),
                     place_of(folder), std::string(disk_hints::too_little_room)});
    }
    const std::uint64_t margin = std::min(most_margin_files, needed.files + least_margin_files);
    if (const std::uint64_t files = needed.files + margin; files > left.files) {
        throw Error({fmt::format("not enough free inodes: {} needed, {} there", files, left.files),
                     place_of(folder), std::string(disk_hints::too_few_files)});
    }
}

Space space_of_file(std::uint64_t size_bytes) {
    return {(size_bytes + block_bytes - 1) / block_bytes * block_bytes, 1};
}

std::uint64_t bytes_on_disk(const struct stat& status) {
    constexpr std::uint64_t unit_bytes = 512; // whatever the file system's own blocks are
    return static_cast<std::uint64_t>(status.st_blocks) * unit_bytes;
}

bool share_a_disk(const std::filesystem::path& one, const std::filesystem::path& other) {
    const std::filesystem::path first = nearest_made(one);
    const std::filesystem::path second = nearest_made(other);

    struct statfs first_status {};

    struct statfs second_status {};

    return device_of(first) == device_of(second) ||
           (::statfs(first.c_str(), &first_status) == 0 &&
            ::statfs(second.c_str(), &second_status) == 0 &&
            is_one_pool(first_status, second_status));
}

/// Each subvolume has a device of its own. Its id (`f_fsid`) has that of the file system in the
/// first half, and in the second one the subvolume's number too, as long as that has 32 bits.
bool is_one_pool(const struct statfs& one, const struct statfs& other) {
    return one.f_type == BTRFS_SUPER_MAGIC && other.f_type == BTRFS_SUPER_MAGIC &&
           one.f_fsid.__val[0] == other.f_fsid.__val[0] && one.f_blocks == other.f_blocks;
}

std::string bytes_in_words(std::uint64_t bytes) {
    constexpr double megabyte = 1e6;
    const auto count = static_cast<double>(bytes);
    return count < megabyte ? fmt::format("{:.1f} kB", count / 1e3)
                            : fmt::format("{:.1f} MB", count / megabyte);
}

namespace {

/// With where its file system is mounted: there is no room in all of that.
std::string place_of(const std::filesystem::path& folder) {
    const std::optional<dev_t> device = device_of(folder);
    if (!device) {
        return folder.string();
    }
    std::error_code failure;
    std::filesystem::path mount = std::filesystem::canonical(folder, failure);
    while (mount.has_relative_path() && device_of(mount.parent_path()) == device) {
        mount = mount.parent_path();
    }
    return fmt::format("{}, on the file system at {}", folder.string(), mount.string());
}

std::filesystem::path nearest_made(std::filesystem::path path) {
    while (!device_of(path) && path.has_relative_path()) {
        path = path.parent_path();
    }
    return path;
}

std::optional<dev_t> device_of(const std::filesystem::path& path) {
    struct stat status {};

    return ::stat(path.c_str(), &status) == 0 ? std::optional(status.st_dev) : std::nullopt;
}

} // namespace

} // namespace envpm
