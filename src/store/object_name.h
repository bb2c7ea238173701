#pragma once

#include "base/hash.h"

#include <sys/types.h>

#include <compare>
#include <optional>
#include <string>
#include <string_view>

struct stat;

namespace envpm::store {

/// What an object is called below `objects/sha256`: by content and mode, because one inode has one
/// mode.
struct ObjectName {
    Sha256 digest;
    bool is_executable = false;

    auto operator<=>(const ObjectName&) const = default;

    /// "<hex>" or "<hex>.x"
    [[nodiscard]] std::string file() const;

    [[nodiscard]] mode_t mode() const { return is_executable ? 0555 : 0444; }

    static std::optional<ObjectName> parse(std::string_view file);
};

/// "ab": the first byte of a digest, the folder that spreads files over 256.
std::string fan_out(const Sha256& digest);

/// What is wrong with an object's type, mode or time, or nothing. Its size is known to trees only,
/// but nothing that is empty has another name than the digest of nothing.
std::optional<std::string> fault_of_object(const struct stat& status, const ObjectName& name);

} // namespace envpm::store
