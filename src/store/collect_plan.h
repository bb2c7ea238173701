#pragma once

#include "store/collect.h"
#include "store/roots.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace envpm::store {

/// What a collection will remove, in the order in which it must: an object only when no tree names
/// it any more, a tree only when no prefix was made from it.
struct CollectPlan {
    Roots roots;
    std::vector<std::string> running;          ///< prefixes that stay for running programs alone
    std::vector<LeasedPrefix> leased;          ///< and for the leases of other hosts alone
    std::vector<std::filesystem::path> leases; ///< that mean nothing any more
    std::vector<std::filesystem::path> prefixes;
    std::vector<std::filesystem::path> trees;
    std::vector<std::filesystem::path> objects;
    std::vector<std::filesystem::path> leftovers;  ///< below `tmp/` and `quarantine/`
    std::vector<std::filesystem::path> lost_trees; ///< that are needed: every object stays for them
    std::vector<std::filesystem::path> strangers;  ///< among the prefixes, which stay
    std::uint64_t freed_bytes = 0;
};

/// Decides everything before anything is removed, also because removing a prefix makes its objects
/// look young. Needs `store.lock` exclusive, and the time in the request. Changes nothing.
CollectPlan plan_collection(const StorePaths& paths, const CollectRequest& request);

/// Whether one of the prefixes came into use since, as by a program that was started meanwhile, or
/// the project of a stale root is back. A look at roots, leases and processes only.
bool is_outdated(const CollectPlan& plan, const StorePaths& paths, const CollectRequest& request);

} // namespace envpm::store
