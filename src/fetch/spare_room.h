#pragma once

#include "base/gunzip.h"
#include "base/thread_pool.h"

#include <cstdint>
#include <string>

namespace envpm::fetch {

/// Unpacks bodies, a large one into the memory of the last: to have that mapped anew takes longer
/// than to unpack it. From any thread.
class SpareRoom {
  public:
    /// `body` was compressed with gzip, and becomes what that holds: `gunzip`.
    Gunzip unpack(std::string& body, std::uint64_t limit_bytes);

    /// Takes the memory of a body that was read, if it is worth it.
    void keep(std::string& body);

  private:
    Guarded<std::string> room_;
};

} // namespace envpm::fetch
