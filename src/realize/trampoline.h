#pragma once

#include <string>
#include <string_view>

namespace envpm::realize {

/// Whether the `#!` line of `content`, which begins with `token`, would be cut by the kernel (over
/// 127 bytes) or split (a space) with `prefix` in the token's place.
bool needs_trampoline(std::string_view content, std::string_view token, std::string_view prefix);

/// The `#!` line as three lines that sh and Python both understand; the token stays. Throws an
/// Error for a prefix that no quotes can hold.
std::string with_trampoline(std::string_view content, std::string_view prefix);

/// The inverse; what has no trampoline stays as it is.
std::string without_trampoline(std::string_view content);

} // namespace envpm::realize
