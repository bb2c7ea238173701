#pragma once

#include "base/handle.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace envpm {

// Of a file that is being written beside its place: `.name.xxxxxxxx`. Whoever writes one holds its
// flock, so what nobody holds was left by a crash.

/// As the file `name` is called until it is whole.
std::string unfinished_name(std::string_view name, std::uint32_t number);

/// The reverse: the name of the file that it was to become. Nothing if it is no such name.
std::optional<std::string_view> name_when_finished(std::string_view unfinished);

/// The lock of a regular file that a crash left, for who removes it: whoever has just made it and
/// not yet locked it sees then that it is gone. None if somebody is at work on it.
Fd lock_if_abandoned(const std::filesystem::path& unfinished);

} // namespace envpm
