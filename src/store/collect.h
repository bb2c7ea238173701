#pragma once

#include "base/dry_run.h"
#include "base/progress.h"
#include "model/store_paths.h"
#include "store/leases.h"

#include <chrono>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm::store {

struct CollectRequest {
    DryRun dry_run = DryRun::no;
    std::chrono::seconds grace{24 * 60 * 60}; ///< younger things are never collected
    /// Nothing: by the clock that the store's files have their times from.
    std::optional<std::chrono::system_clock::time_point> now = {};
    /// Enough when so many bytes are free: the rest stays for the next time.
    std::optional<std::uint64_t> most_freed_bytes = {};
    std::filesystem::path processes = "/proc";
    LeaseHolder holder = this_holder(); ///< whose leases say nothing that is not seen here
};

/// A prefix that others may use, whose programs and projects are not seen from here.
struct LeasedPrefix {
    std::string prefix;
    std::string host; ///< the first of them by name

    friend auto operator<=>(const LeasedPrefix&, const LeasedPrefix&) = default;
};

struct CollectReport {
    DryRun dry_run = DryRun::no;                ///< of the request
    std::vector<std::filesystem::path> removed; ///< prefixes, trees, objects, leftovers; sorted
    std::uint64_t freed_bytes = 0;
    std::vector<std::string> kept_roots; ///< projects that keep something alive; sorted
    std::vector<std::string> running;    ///< prefixes that only running programs keep; sorted
    std::vector<LeasedPrefix> leased;    ///< that only leases keep; sorted
};

/// Removes what neither a project's generation nor a running program (of those that this user may
/// look at) nor the lease of another host reaches: prefixes, then trees, then objects, then the
/// leftovers of crashed runs and the quarantine of repairs. Waits for `store.lock` exclusive: no
/// install runs meanwhile. Roots whose project is gone are dropped, unless it may be on another
/// host; a root that cannot be read for any other reason ends it with an Error before anything is
/// removed. Killed half-way it leaves a store that is whole.
CollectReport collect(const StorePaths& paths, const CollectRequest& request, Progress& progress);

} // namespace envpm::store
