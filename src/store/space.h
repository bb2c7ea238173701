#pragma once

#include "base/free_space.h"

#include <atomic>
#include <cstdint>
#include <filesystem>

namespace envpm::store {

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

} // namespace envpm::store
