#pragma once

#include "base/handle.h"

#include <cstdint>
#include <filesystem>

namespace envpm {

/// Locks some of the many things that the file `path` (as of `open_lock`) stands for: a byte each,
/// by the locks of open files of fcntl(2), wherever the file ends. So one empty file stays, however
/// many things there were. All are held until this ends; the system drops them if the process dies.
/// Where there are no such locks, or the file may only be read, all is as if nobody else was there.
/// The constructor throws an Error if the file can be neither made nor opened. One thread at a
/// time.
class ByteLocks {
  public:
    explicit ByteLocks(const std::filesystem::path& path);

    /// False if another holder has it, in this process too. `place` counts modulo 2^63 - 1.
    [[nodiscard]] bool try_lock(std::uint64_t place) const;

  private:
    Fd file_;
};

} // namespace envpm
