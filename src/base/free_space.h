#pragma once

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
/// cent and some files more than needed must be there.
void require_space(const Space& needed, const Space& left, const std::filesystem::path& folder);

/// What a file of that size takes.
Space space_of_file(std::uint64_t size_bytes);

/// "6.2 MB"; below that "12.0 kB", for on a full disk it is the kilobytes that count.
std::string bytes_in_words(std::uint64_t bytes);

} // namespace envpm
