#pragma once

#include "model/layout.h"
#include "model/package_name.h"
#include "model/python.h"
#include "model/tree.h"

#include <functional>
#include <string>

namespace envpm::pypi {

struct WheelLayoutRequest {
    PackageName name;    ///< what the lock says this wheel is
    std::string version; ///< likewise
    const Tree& tree;
    PythonAbi python;
    bool is_requested = false; ///< the manifest names it: REQUESTED is written (PEP 376)
    /// The content of one of the tree's files; for WHEEL, METADATA, RECORD, entry_points.txt and
    /// scripts with `#!python`.
    std::function<std::string(const TreeFile&)> content;
};

/// Where a wheel's files go in a prefix (PEP 427, "installing a wheel"): purelib and platlib to
/// `lib/python3.X/site-packages`, `.data/scripts` to `bin` with `#!python` replaced,
/// `.data/headers` and `.data/data`; console and GUI entry points as scripts; RECORD anew, sorted;
/// INSTALLER = envpm. RECORD of the archive must list every file with its true sha256 and size, and
/// nothing else: an Error of code 6 names the wheel and the file. So does a wheel whose dist-info,
/// METADATA or WHEEL says another name or version, an entry point whose name is no file name or
/// whose text is no object reference, `.data` files that would replace the interpreter, pyvenv.cfg
/// or leave the prefix, and files that would pass for another package's metadata or for a conda
/// record.
Layout wheel_layout(const WheelLayoutRequest& request);

} // namespace envpm::pypi
