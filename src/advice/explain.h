#pragma once

#include "advice/nearest.h"
#include "model/answer.h"
#include "model/manifest.h"
#include "universe/facts_table.h"
#include "universe/listings.h"
#include "universe/package_universe.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace envpm::advice {

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
    const universe::Listings& listings;
    /// Names of the channels' packages, for a misspelt one; empty: no channels.
    std::function<std::vector<std::string>()> channel_names{};
    universe::FactsTable* facts = nullptr; ///< null: nothing is cited
    std::span<const Override> overrides{}; ///< of the manifest, to tell which line made a need
    std::string platform{}; ///< that the channels were asked for, as "linux-64"; empty: not told
};

/// The entry of `[overrides]` that made what a package needs; null if that is its own word.
const Override* override_behind(const Reason& reason, const universe::PackageUniverse& universe,
                                std::span<const Override> overrides);

/// Whether something is asked for, or needed, that no index has.
bool lacks_a_project(const Conflict& conflict, const universe::PackageUniverse& universe,
                     const universe::Listings& listings);

/// Words for each reason. Of what several builds need of CUDA one line tells, with the row of the
/// facts table that says the same, if one does.
std::vector<ExplainedReason> explain_reasons(const Conflict& conflict,
                                             universe::PackageUniverse& universe,
                                             const Sources& sources);

} // namespace envpm::advice
