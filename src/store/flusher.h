#pragma once

#include "base/thread_pool.h"

#include <atomic>
#include <cstdint>

namespace envpm::store {

/// Sends what was written on its way to the disk, so that a barrier at the end finds little left.
/// With a thread of its own: beginning a write waits as long as the disk has enough to do, and
/// whoever inflates and hashes shall not wait with it.
class Flusher {
  public:
    /// From `offset` on so many bytes, 0 for all that follow. A hint from any thread, which never
    /// waits; if too much is queued nothing is done. The descriptor may be closed at once.
    void begin(int file, std::uint64_t offset, std::uint64_t bytes);

  private:
    std::atomic<int> queued_ = 0;
    ThreadPool thread_ = ThreadPool(1); ///< last: it ends before what its tasks use
};

} // namespace envpm::store
