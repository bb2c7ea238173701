#pragma once

#include "model/answer.h"
#include "pipeline/conda_sources.h"
#include "pipeline/facts_table.h"
#include "pipeline/listings.h"
#include "pipeline/nearest.h"
#include "pipeline/package_universe.h"

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

/// What was asked, for what they know.
struct Sources {
    const Listings& listings;
    const CondaSources* conda = nullptr; ///< null: no channels
    FactsTable* facts = nullptr;         ///< null: nothing is cited
};

/// Words for each reason. Of what several builds need of CUDA one line tells, with the row of the
/// facts table that says the same, if one does.
std::vector<ExplainedReason> explain_reasons(const Conflict& conflict, PackageUniverse& universe,
                                             const Sources& sources);

} // namespace envpm::pipeline
