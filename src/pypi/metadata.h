#pragma once

#include "model/package_name.h"
#include "pypi/requirement.h"

#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// What of a wheel's METADATA (core metadata 1.0 to 2.4) the solve needs. Fields that may be used
/// once count once, the first time; an extra whose name is none cannot be asked for and is left
/// out.
struct Metadata {
    PackageName name;
    std::string version;
    std::string requires_python; ///< as written; may be empty
    std::vector<Requirement> requires_dist;
    std::vector<PackageName> provides_extra;

    /// Throws an Error (code 1) with `subject` if name or version is missing, a requirement cannot
    /// be read, or the headers are larger than any honest ones (4 MiB, 20,000 requirements).
    static Metadata parse(std::string_view text, const std::string& subject);
};

} // namespace envpm::pypi
