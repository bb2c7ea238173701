#pragma once

#include "model/manifest.h"
#include "model/python.h"
#include "model/target.h"
#include "pypi/index_page.h"
#include "pypi/specifier.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace envpm::pypi {

/// A Python that may be chosen.
struct PythonChoice {
    PythonAbi abi;
    std::string version; ///< "3.11.7"
};

/// A wheel that fits at least one of the Pythons.
struct WheelCandidate {
    WheelFile file;
    std::uint32_t release = 0;        ///< 0: the newest version among the candidates
    std::vector<std::size_t> pythons; ///< those it fits, ascending indexes into the request's
};

struct CandidateRequest {
    Target target;
    std::vector<PythonChoice> pythons;        ///< in ascending order of preference
    std::optional<std::string> exclude_newer; ///< RFC 3339
};

/// Why versions of a project are no candidates, for the explanation of a conflict: at most a few
/// versions each, newest first.
struct Exclusions {
    std::vector<std::string> only_sdist;
    std::vector<std::string> no_matching_tag;
    std::vector<std::string> other_python; ///< requires-python
    std::vector<std::string> too_new;      ///< exclude-newer
};

struct CandidateList {
    std::vector<WheelCandidate> wheels; ///< ascending: version, then Python, then tag, then build
    Exclusions exclusions;
};

/// One candidate for each wheel that is the best of its version for some Python. A file without an
/// upload time is taken for older than any `exclude_newer`.
CandidateList candidates(const ProjectPage& page, const CandidateRequest& request);

/// Indexes into `wheels`, ascending, of those that the specifiers choose. Pre-releases: with
/// `if_necessary` those that a specifier names, or where no stable one fits; `names_prerelease`
/// says that another requirement of the request already asked for this project's. Yanked files only
/// for a pin.
std::vector<std::size_t> matching(const std::vector<WheelCandidate>& wheels,
                                  const SpecifierSet& specifiers, Prereleases prereleases,
                                  bool names_prerelease);

} // namespace envpm::pypi
