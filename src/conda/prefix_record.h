#pragma once

#include "base/json.h"
#include "conda/package_layout.h"
#include "conda/package_paths.h"
#include "model/layout.h"

#include <string>
#include <vector>

namespace envpm::conda {

enum class RecordedKind {
    from_package,
    entry_point, ///< a script that was written for the package
};

/// A path of a prefix as a record tells it.
struct RecordedPath {
    std::string path;   ///< in the prefix
    PackagePath source; ///< what the package says of it
    RecordedKind kind = RecordedKind::from_package;
};

/// The text of `conda-meta/<name>-<version>-<build>.json`, by which conda, mamba and rattler know
/// what is installed (rattler calls it PrefixRecord). Canonical: sorted members, no path of this
/// machine, no time, the link type always 1. Of what `index` says, known members are taken over.
/// A function of the lock alone, as the env digest is: nothing of the manifest is in it, so no
/// `requested_spec`, which rattler and conda do without.
/// Files that are relocated have no `sha256_in_prefix`: it would depend on the place.
std::string prefix_record(const PackageLayoutRequest& request, const Json& index,
                          const std::vector<RecordedPath>& paths);

/// `<channel>/<subdir>/<file>`, for which rattler wants an absolute URL. The lock has none, so it
/// is the channel's name under conda's default `channel_alias`, wherever the manifest or a mirror
/// has the channel: no place of one machine, and no credential, can be in it.
std::string package_url(const PackageLayoutRequest& request);

/// `conda-meta/history`, without which conda takes a folder for no environment: one entry at the
/// constant time that names all packages ("conda-forge/linux-64::zlib-1.3.1-hb9d3cd8_2").
LayoutEntry history_entry(std::vector<std::string> packages);

} // namespace envpm::conda
