#pragma once

#include "base/dry_run.h"
#include "pipeline/project.h"
#include "pipeline/services.h"
#include "realize/generations.h"
#include "realize/prefix.h"
#include "store/care.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// The prefix that is current in the project; an Error (code 1) says to install first.
realize::Generation current_generation(const Project& project);

/// Ascending by number.
std::vector<realize::Generation> generations(const Project& project);

realize::Generation roll_back(const Project& project, std::optional<int> number);

struct SealReport {
    std::string target;
    Sha256 contents;
    bool was_sealed = false; ///< the lock had this very digest already
};

/// Writes the contents digest of the current prefix's real bytes into the lock. An Error of code 3
/// if the prefix is not that of the lock, of code 6 if it is damaged.
SealReport seal(const Project& project, Services& services);

struct CollectLimits {
    std::optional<std::chrono::seconds> grace;
    std::optional<std::uint64_t> most_freed_bytes;
};

/// What no project uses goes from the store, and from the cache unfinished downloads that are a
/// week old and what kills left of its files.
store::CollectReport collect(const CollectLimits& limits, DryRun dry_run, Services& services);

} // namespace envpm::pipeline
