#pragma once

#include "model/gpu_policy.h"

#include <cstddef>
#include <optional>
#include <string>

namespace envpm::cli {

// Flags that several commands take, and mean the same.

/// Of commands that install: they stand over the settings of the same name.
struct SpeedFlags {
    std::optional<std::string> link_mode = {};
    std::optional<std::size_t> jobs = {};
    std::optional<int> concurrent_downloads = {};
};

/// Of commands that enter the environment.
struct EntryFlags {
    bool no_install = false;
    std::optional<CheckPolicy> self_test = {};
};

} // namespace envpm::cli
