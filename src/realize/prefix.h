#pragma once

#include "base/hash.h"
#include "base/known_files.h"
#include "base/progress.h"
#include "base/thread_pool.h"
#include "model/layout.h"
#include "model/path_pattern.h"
#include "model/python.h"
#include "model/store_paths.h"
#include "model/store_policy.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace envpm::realize {

/// How objects get into a prefix. Never part of any digest.
enum class LinkMode { automatic, reflink, hard_link, copy };

std::optional<LinkMode>
parse_link_mode(std::string_view text); ///< "auto", "reflink", "hardlink", "copy"

/// A Python that one of the packages brings.
struct PackagedPython {
    std::string site_packages; ///< "lib/python3.12/site-packages" (CEP 17)
};

/// Where a prefix's Python comes from: this host (an interpreter of that ABI), a package, nowhere.
using PythonSource = std::variant<PythonAbi, PackagedPython, std::monostate>;

/// That a package's file stands wherever others have another one of the same path.
struct FileClaim {
    PathPattern path;
    std::string owner; ///< as in `LayoutEntry`

    bool operator==(const FileClaim&) const = default;
};

/// What the user says of files, where the packages' own words are not enough.
struct FilePolicy {
    std::vector<FileClaim> claims;
    std::vector<PathPattern> outside_links; ///< links of packages that may lead out of the prefix
};

struct Composition {
    Layout layout;
    std::vector<FileClaim> idle_claims; ///< that settled nothing
};

/// Puts the packages' layouts together, with the environment's own files: for a host's Python
/// pyvenv.cfg, bin/python and its links; for any Python the `.pth` that keeps bytecode out of the
/// prefix. A path that two packages hold is an Error (code 1) naming both and the way out, unless
/// both hold the same bytes and mode, or one of them claims it; so is a path below another's file
/// or link, and two paths that differ only in case. A package's link that leads out of the prefix,
/// by way of other packages' links too, is an Error of code 6 unless it is allowed. Entries come
/// out sorted by path; no folder among them holds anything.
Composition compose(std::vector<Layout> packages, const PythonSource& python,
                    const FilePolicy& policy);

/// `envpm-tree-v1` over the layout before relocation, tokens included: equal on every machine
/// (docs/digests.md).
Sha256 contents_digest(const Layout& layout);

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
    std::function<void(const std::filesystem::path& made)> meanwhile = {};
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

/// Whether a prefix can be used, as far as a few looks tell: it has its manifest, and `bin/python`
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

/// Compares a prefix with what its own manifest (`.envpm/manifest.json`) says it is; one that is
/// missing or damaged is the only damage then. `full` hashes every file but those of `known`, whose
/// digests are taken from there.
std::vector<PrefixDamage> check(const std::filesystem::path& prefix, CheckDepth depth,
                                ThreadPool& pool, Progress& progress, const KnownFiles& known = {});

/// What stands in a prefix and is not of it by its manifest, sorted: paths within it, of a folder
/// the folder alone. Python's bytecode does not count. An Error as for a damaged manifest.
std::vector<std::string> strangers_in(const std::filesystem::path& prefix);

/// The contents digest of the bytes that the prefix really holds, relocation undone; for `seal` and
/// for installs of a sealed lock.
Sha256 contents_digest_of_prefix(const std::filesystem::path& prefix, ThreadPool& pool,
                                 Progress& progress);

} // namespace envpm::realize
