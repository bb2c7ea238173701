#pragma once

#include "model/store_paths.h"
#include "realize/build.h"
#include "realize/check.h"
#include "realize/link_mode.h"

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace envpm::realize {

/// What becomes of damaged files: `keep` gives one a second name elsewhere while it stays (a folder
/// is moved), `move` takes it away.
struct Disposal {
    std::function<void(const std::filesystem::path&)> keep;
    std::function<void(const std::filesystem::path&)> move;
};

/// The paths of those for which `mend` needs no more than the store, given that the store is whole.
std::set<std::string> mendable(const std::filesystem::path& prefix,
                               const std::vector<PrefixDamage>& damages);

/// Of a prefix of the store: files that are objects as they stand are placed anew, by a new inode
/// and one rename each, after the object was hashed; empty folders are made; what is not from a
/// package is moved away. Gives what is left: generated and relocated files, links, what the
/// store lacks, and what cannot be moved. Durable when it returns; a kill half-way leaves each file
/// old or new. Needs the store's shared lock.
std::vector<PrefixDamage> mend(const StorePaths& store, const std::filesystem::path& prefix,
                               const std::vector<PrefixDamage>& damages, LinkMode link_mode,
                               const Disposal& disposal);

/// As `build`, but makes the prefix anew though it is there: the old one is exchanged for the new
/// and then moved away.
PrefixReport rebuild(const StorePaths& store, const PrefixRequest& request,
                     const Disposal& disposal, ThreadPool& pool, Progress& progress);

} // namespace envpm::realize
