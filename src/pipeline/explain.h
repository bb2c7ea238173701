#pragma once

#include "model/answer.h"
#include "pipeline/conda_sources.h"
#include "pipeline/listings.h"
#include "pipeline/package_universe.h"

#include <stop_token>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// One line of an explanation, with the place in the manifest that it comes from, if any.
struct ExplainedReason {
    std::string text;
    std::string place; ///< file:line:column, or empty
};

/// A change of the manifest that makes it solvable; each was solved before it is offered.
struct NearestSolution {
    std::string change; ///< `torch = "~=2.3.0"`, or "without `torch`"
    std::string result; ///< "torch 2.3.1"
    std::string place;  ///< the line to change
};

/// A conflict in the user's terms.
struct Explanation {
    std::string target;
    std::vector<ExplainedReason> reasons;
    std::vector<NearestSolution> nearest;
};

/// What was asked, for the names that they know.
struct Sources {
    const Listings& listings;
    const CondaSources* conda = nullptr; ///< null: no channels
};

/// Words for each reason, then the nearest environments that exist, found by giving up one of the
/// conflicting requests or constraints at a time and solving again; the smallest change comes
/// first. `target` is left to the caller. Throws as `solver::solve` does.
Explanation explain(const Conflict& conflict, PackageUniverse& universe, const Sources& sources,
                    const std::stop_token& stop);

} // namespace envpm::pipeline
