#pragma once

#include <sys/stat.h>
#include <sys/vfs.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace envpm {

/// Bytes and files: what is needed, or what a file system has left.
struct Space {
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;
};

/// What is left there for a user who is not root. A file system that does not count its files
/// (btrfs) has no end of them.
Space space_left(const std::filesystem::path& folder);

/// Throws an Error that says what is missing, how much of it, and on which file system. Three per
/// cent more than needed must be there, and a folder for each file, but not for hundreds.
void require_space(const Space& needed, const Space& left, const std::filesystem::path& folder);

/// What a file of that size takes.
Space space_of_file(std::uint64_t size_bytes);

/// What a file takes on its disk: less than its size if it has holes.
std::uint64_t bytes_on_disk(const struct stat& status);

/// Whether both lie, or would lie once made, on one file system. Subvolumes of one btrfs are one.
bool share_a_disk(const std::filesystem::path& one, const std::filesystem::path& other);

/// What `share_a_disk` says of folders on different devices. Pure.
bool is_one_pool(const struct statfs& one, const struct statfs& other);

/// "6.2 MB"; below that "12.0 kB", for on a full disk it is the kilobytes that count.
std::string bytes_in_words(std::uint64_t bytes);

} // namespace envpm
