#include "project/room.h"

#include "base/error.h"
#include "base/free_space.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>

namespace envpm::project {

namespace {

constexpr std::uint64_t files_of_archive = 2;  ///< at least: its tree, and an object
constexpr std::uint64_t files_of_download = 2; ///< the archive, and which bytes of it are there

/// What archives take: packed, and what of that lies among the downloads already.
struct Sizes {
    std::uint64_t all = 0;
    std::uint64_t there = 0;
    std::uint64_t largest_missing = 0;
};

Sizes sizes_of(const std::vector<LockedPackage>& archives, const std::filesystem::path& downloads);
std::uint64_t bytes_there(const Sha256& archive, const std::filesystem::path& downloads);

} // namespace

void require_room(const std::vector<LockedPackage>& archives, const std::filesystem::path& store,
                  const std::filesystem::path& downloads) {
    const Sizes sizes = sizes_of(archives, downloads);
    const std::filesystem::path cache = downloads.parent_path(); // `downloads` may not be made yet
    const bool is_one_disk = share_a_disk(store, cache);
    const std::uint64_t freed = is_one_disk ? std::min(sizes.there, sizes.all) : 0;
    const std::uint64_t files = files_of_archive * archives.size();
    try {
        require_space({sizes.all - freed, files}, space_left(store), store);
        if (!is_one_disk) {
            require_space({sizes.largest_missing, files_of_download}, space_left(cache), cache);
        }
    } catch (Error& error) {
        error.add_context(
            archives.size() == 1
                ? std::string("before the only archive was fetched")
                : fmt::format("before any of {} archives was fetched", archives.size()));
        throw;
    }
}

std::uint64_t bytes_missing(const std::vector<LockedPackage>& archives,
                            const std::filesystem::path& downloads) {
    const Sizes sizes = sizes_of(archives, downloads);
    return sizes.all - std::min(sizes.there, sizes.all);
}

void require_room_for(std::span<const fetch::Download> files,
                      const std::filesystem::path& downloads) {
    const std::filesystem::path cache = downloads.parent_path(); // `downloads` may not be made yet
    std::uint64_t missing = 0;
    for (const fetch::Download& file : files) {
        missing += file.size_bytes - std::min(bytes_there(file.sha256, downloads), file.size_bytes);
    }
    try {
        require_space({missing, files_of_download * files.size()}, space_left(cache), cache);
    } catch (Error& error) {
        error.add_context("before wheels were fetched whole for their metadata");
        throw;
    }
}

namespace {

Sizes sizes_of(const std::vector<LockedPackage>& archives, const std::filesystem::path& downloads) {
    Sizes sizes;
    for (const LockedPackage& archive : archives) {
        const std::uint64_t there = bytes_there(archive.sha256, downloads);
        sizes.all += archive.size_bytes;
        sizes.there += there;
        sizes.largest_missing = std::max(sizes.largest_missing,
                                         archive.size_bytes - std::min(there, archive.size_bytes));
    }
    return sizes;
}

std::uint64_t bytes_there(const Sha256& archive, const std::filesystem::path& downloads) {
    const auto bytes_of = [](const std::filesystem::path& file) {
        struct stat status {};

        return ::stat(file.c_str(), &status) == 0 ? bytes_on_disk(status) : 0;
    };
    const std::filesystem::path whole = downloads / archive.hex();
    return std::max(bytes_of(whole), bytes_of(whole.string() + ".part"));
}

} // namespace

} // namespace envpm::project
