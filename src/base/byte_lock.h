#pragma once

#include "base/handle.h"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace envpm {

/// Locks one of the many things that the file `path` (as of `open_lock`) stands for: a byte of it,
/// by the locks of open files of fcntl(2), wherever the file ends. So one empty file stays, however
/// many things there were. Held until the answer is closed; the system drops it if the process
/// dies. `place` counts modulo 2^63 - 1. Nothing if another holder has it, in this process too.
/// Where there are no such locks, or the file may only be read, all is as if nobody else was there.
/// Throws an Error if the file can be neither made nor opened. Any thread.
std::optional<Fd> try_lock_byte(const std::filesystem::path& path, std::uint64_t place);

} // namespace envpm
