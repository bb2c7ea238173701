#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace envpm {

/// Who holds a flock(2), as the lines of /proc/locks tell it: the first process with a lock on that
/// inode of that device. Nothing if it is on another machine or in another namespace, and where the
/// file system tells other devices than the kernel counts by (btrfs).
std::optional<pid_t> lock_holder_in(std::string_view locks, dev_t device, std::uint64_t inode);

/// For whoever waits for the lock on a file: " (process 4711)", with ", which is stopped" if that
/// is so (by Ctrl-Z, or a debugger); empty if it is not known. A look at /proc, which throws
/// nothing.
std::string words_of_lock_holder(const std::filesystem::path& file);

} // namespace envpm
