#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>

namespace envpm::store {

/// Bytes and files: what is needed, or what a file system has left.
struct Space {
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;
};

/// What is left there for a user who is not root. A file system that does not count its files
/// (btrfs) has no end of them.
Space space_left(const std::filesystem::path& folder);

/// Throws an Error that says what is missing, how much of it, and where.
void require_space(const Space& needed, const Space& left, const std::filesystem::path& folder);

/// What one intake still has to write. Any thread.
class SpaceLedger {
  public:
    explicit SpaceLedger(std::filesystem::path folder)
        : folder_(std::move(folder)) {}

    /// Adds to what is to be written; throws, and adds nothing, if that does not fit any more.
    void reserve(const Space& space);

    /// It was written, or turned out to be there already.
    void settle(const Space& space);

  private:
    std::filesystem::path folder_;
    std::atomic<std::uint64_t> bytes_ = 0;
    std::atomic<std::uint64_t> files_ = 0;
};

/// What a file of that size takes.
Space space_of_file(std::uint64_t size_bytes);

} // namespace envpm::store
