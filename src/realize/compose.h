#pragma once

#include "base/hash.h"
#include "model/layout.h"
#include "model/path_pattern.h"
#include "model/python.h"

#include <string>
#include <variant>
#include <vector>

namespace envpm::realize {

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

} // namespace envpm::realize
