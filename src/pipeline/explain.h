#pragma once

#include "model/answer.h"
#include "pipeline/conda_sources.h"
#include "pipeline/listings.h"
#include "pipeline/nearest.h"
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

/// Words for each reason.
std::vector<ExplainedReason> explain_reasons(const Conflict& conflict, PackageUniverse& universe,
                                             const Sources& sources);

/// Words for each reason, then the nearest environments that exist. `target` is left to the caller.
/// Throws as `solver::solve` does.
Explanation explain(const Conflict& conflict, PackageUniverse& universe, const Sources& sources,
                    const std::stop_token& stop);

} // namespace envpm::pipeline
