#pragma once

#include "base/moment.h"
#include "model/manifest.h"
#include "model/python.h"
#include "model/target.h"
#include "pypi/index_page.h"
#include "pypi/specifier.h"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace envpm::pypi {

/// A Python that may be chosen.
struct PythonChoice {
    PythonAbi abi;
    std::string version; ///< "3.11.7"
};

/// A wheel that is the best of its version for at least one of the Pythons.
struct WheelCandidate {
    const WheelFile* file = nullptr; ///< on its page, which must live as long
    std::uint32_t release = 0; ///< 0: the newest version among the candidates; local parts aside
    /// Those it is the best for, ascending indexes into the request's: a version has at most one
    /// candidate for each Python, so that choosing a Python chooses the wheel.
    std::vector<std::size_t> pythons;
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
    std::vector<std::string> yanked{};     ///< but for a pin
    std::vector<std::string> unreadable{}; ///< ProjectPage::unreadable
    std::vector<std::string> other_tags{}; ///< of the newest in `no_matching_tag`: "py3-none-win32"
};

struct CandidateList {
    std::vector<WheelCandidate> wheels; ///< ascending: version, then Python, then tag, then build
    Exclusions exclusions;
};

/// Finds candidates on many pages for one request: the tags of its Pythons are worked out once.
/// `find` may be called from several threads.
class CandidateFinder {
  public:
    /// Throws an Error (code 1) for an `exclude_newer` that is neither date nor date-time.
    explicit CandidateFinder(const CandidateRequest& request);

    /// One candidate for each wheel that is the best of its version for some Python: not yanked
    /// before yanked, then by tag, then by build number. A file without an upload time is taken for
    /// older than any `exclude_newer`; `requires-python` that cannot be read excludes nothing.
    [[nodiscard]] CandidateList find(const ProjectPage& page) const;

  private:
    struct TagHash {
        std::size_t operator()(const Tag& tag) const noexcept;
    };

    /// Ranks by Python: lower is better; `no_rank` where the tag does not fit.
    using Ranks = std::vector<std::uint32_t>;

    std::vector<Version> pythons_;
    std::optional<Moment> last_moment_;
    std::unordered_map<Tag, Ranks, TagHash> ranks_;

    friend class PageSearch;
};

/// For one page, to which they point.
CandidateList candidates(const ProjectPage& page, const CandidateRequest& request);

/// Indexes into `wheels`, ascending, of those that the specifiers choose. Pre-releases: with
/// `if_necessary` those that a specifier names, or where no stable one fits; `names_prerelease`
/// says that another requirement of the request already asked for this project's. Yanked files only
/// for a pin, and those that one of `pins` chooses: what the user pinned, others may need too.
std::vector<std::size_t> matching(const std::vector<WheelCandidate>& wheels,
                                  const SpecifierSet& specifiers, Prereleases prereleases,
                                  bool names_prerelease,
                                  const std::vector<SpecifierSet>& pins = {});

} // namespace envpm::pypi
