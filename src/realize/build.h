#pragma once

#include "base/hash.h"
#include "base/progress.h"
#include "base/thread_pool.h"
#include "model/layout.h"
#include "model/python.h"
#include "model/store_paths.h"
#include "model/store_policy.h"
#include "realize/link_mode.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

namespace envpm::realize {

/// Whether the size of every object is compared before it is placed. A caller that has just done so
/// need not have it done twice: it is a fifth of the time that linking takes.
enum class ObjectCheck { size, done };

struct PrefixRequest {
    Sha256 env;
    const Layout& layout;                   ///< from `compose`
    std::optional<Interpreter> interpreter; ///< of this machine, if the Python is its
    std::vector<Sha256> archives; ///< what the layout was made from, for the collector; any order
    LinkMode link_mode = LinkMode::automatic;
    ObjectCheck object_check = ObjectCheck::size;
    Syncing syncing = Syncing::batch;
    /// Called, in the caller's thread, with the folder that has all of it, while the disk takes
    /// that; if it throws, the prefix does not become visible.
    std::function<void(const std::filesystem::path& made)> before_visible = {};
};

struct PrefixReport {
    std::filesystem::path prefix;
    bool was_there = false; ///< complete from an earlier run; nothing was done
    std::uint64_t files = 0;
    std::uint64_t size_bytes = 0;
    LinkMode link_mode = LinkMode::automatic; ///< the one that worked
};

/// Builds `p/<env>` of the store: aside, made durable, then visible by one rename; there it never
/// changes. A prefix whose interpreter is gone is built anew and exchanged. Needs the store's
/// shared lock. An object that is missing or, as far as that is checked, of the wrong size is an
/// Error of code 6; one whose placeholder has less room than the prefix needs is an Error that says
/// so.
PrefixReport build(const StorePaths& store, const PrefixRequest& request, ThreadPool& pool,
                   Progress& progress);

/// Whether a prefix can be used, as far as a few looks tell: it has its file list, and `bin/python`
/// and `bin/python3`, if it was made with them, lead to an interpreter, which a host's may no
/// longer do. A prefix that has lost them would have PATH lead to another Python. One of a store
/// that was moved, or is seen by another path than it was made for, cannot be used: its scripts
/// name the old one.
bool is_usable(const std::filesystem::path& prefix);

/// The same environment as a complete prefix of its own at `destination`, which must not exist or
/// be empty, or hold a prefix that envpm laid out (which is replaced), and lie outside of the
/// store. Processes that lay out at one place take turns.
PrefixReport lay_out(const StorePaths& store, const PrefixRequest& request,
                     const std::filesystem::path& destination, ThreadPool& pool,
                     Progress& progress);

} // namespace envpm::realize
