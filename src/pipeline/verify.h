#pragma once

#include "project/services.h"
#include "realize/check.h"
#include "store/verify.h"

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// An environment of the store that has damage, in its own files or in the objects that it was
/// made from.
struct DamagedEnvironment {
    std::string name; ///< as in `list`: of its folder below `p/`
    std::filesystem::path prefix;
    std::vector<std::string> projects;        ///< that use it; sorted
    std::vector<realize::PrefixDamage> files; ///< of the prefix; sorted by path
    /// Which package each came with, as "torch 2.9.0", where the prefix's records tell.
    std::map<std::string, std::string, std::less<>> packages = {};
};

struct VerifyReport {
    std::vector<store::Damage> store;
    std::vector<DamagedEnvironment> environments = {}; ///< sorted by name
    /// Of each damage of the store, the environments that were made with it: places in
    /// `environments`.
    std::vector<std::vector<std::size_t>> users = {};
    std::size_t checked_environments = 0;

    [[nodiscard]] bool is_whole() const { return store.empty() && environments.empty(); }

    [[nodiscard]] std::size_t damaged_files() const;
};

/// Checks everything in the store: objects, trees, and each prefix against its file list. A file
/// with several names, as links into prefixes make it, is read once. Changes nothing. Holds the
/// store's shared lock: none of it is collected meanwhile.
VerifyReport verify(store::VerifyDepth depth, project::Services& services);

} // namespace envpm::pipeline
