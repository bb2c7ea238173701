#include "base/free_space.h"

#include "base/disk_hints.h"
#include "base/error.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

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
constexpr std::uint64_t margin_files = 600;

std::string place_of(const std::filesystem::path& folder);
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
    if (const std::uint64_t files = needed.files + margin_files; files > left.files) {
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
    const auto device_above = [](std::filesystem::path path) {
        std::optional<dev_t> device = device_of(path);
        while (!device && path.has_relative_path()) {
            path = path.parent_path();
            device = device_of(path);
        }
        return device;
    };
    return device_above(one) == device_above(other);
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

std::optional<dev_t> device_of(const std::filesystem::path& path) {
    struct stat status {};

    return ::stat(path.c_str(), &status) == 0 ? std::optional(status.st_dev) : std::nullopt;
}

} // namespace

} // namespace envpm
