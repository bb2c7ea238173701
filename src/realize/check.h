#pragma once

#include "base/hash.h"
#include "base/known_files.h"
#include "base/progress.h"
#include "base/thread_pool.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::realize {

/// How a file of a prefix is not what was realised.
enum class FileDamage {
    changed,
    missing,
    strange,   ///< not from a package
    unreadable ///< a folder that the disk does not give, with all that it holds
};

/// "changed", "not from a package"
std::string_view words_of(FileDamage kind);

struct PrefixDamage {
    std::string path; ///< within the prefix
    FileDamage kind = FileDamage::changed;
};

enum class CheckDepth { quick, full };

/// Compares a prefix with what its own file list (`.envpm/manifest.json`) says it is; one that is
/// missing or damaged is the only damage then. `full` hashes every file but those of `known`, whose
/// digests are taken from there.
std::vector<PrefixDamage> check(const std::filesystem::path& prefix, CheckDepth depth,
                                ThreadPool& pool, Progress& progress, const KnownFiles& known = {});

/// What stands in a prefix and is not of it by its file list, sorted: paths within it, of a folder
/// the folder alone. Python's bytecode does not count. An Error as for a damaged file list.
std::vector<std::string> strangers_in(const std::filesystem::path& prefix);

/// The contents digest of the bytes that the prefix really holds, relocation undone; for `seal` and
/// for installs of a sealed lock.
Sha256 contents_digest_of_prefix(const std::filesystem::path& prefix, ThreadPool& pool,
                                 Progress& progress);

} // namespace envpm::realize
