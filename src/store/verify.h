#pragma once

#include "base/hash.h"
#include "base/known_files.h"
#include "base/progress.h"
#include "base/thread_pool.h"
#include "model/store_paths.h"

#include <filesystem>
#include <string>
#include <vector>

namespace envpm::store {

// In: a store. Out: what of it is not what its name says. Damage is an answer and no failure; an
// Error is thrown if the store's folders cannot be read. Changes nothing, so a crash does neither.

enum class VerifyDepth {
    quick, ///< type, size, mode
    full,  ///< every byte
};

enum class DamageKind {
    looks,    ///< of an object whose bytes are right: mode or time (`full` only)
    object,   ///< its bytes, its size, its type
    missing,  ///< an object that a tree names
    tree,     ///< not what was written
    stranger, ///< not from envpm, or a folder that cannot be read: in the way of what belongs there
};

/// Something in the store that is not what its name says.
struct Damage {
    std::filesystem::path path; ///< of what is missing: where it should be
    std::string what;
    DamageKind kind = DamageKind::object;
    std::vector<Sha256> archives = {}; ///< whose content this is; sorted
};

struct StoreVerdict {
    std::vector<Damage> damages; ///< sorted by path
    KnownFiles sound;            ///< objects with the bytes that they should have (`full` only)
};

/// Checks every object and tree, on all threads of the pool, the largest object first. Changes
/// nothing. The caller holds the store's lock, shared or exclusive: what a collector removes
/// meanwhile would be damage.
StoreVerdict verify(const StorePaths& paths, VerifyDepth depth, ThreadPool& pool,
                    Progress& progress);

} // namespace envpm::store
