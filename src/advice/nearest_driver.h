#pragma once

#include "advice/nearest.h"

#include <optional>
#include <stop_token>

namespace envpm::advice {

/// A conflict on a target that declares its driver.
struct DriverQuestion {
    universe::UniverseRequest wanted;
    universe::Listings& listings;
    universe::CondaRecords* records = nullptr; ///< null without channels
    SourceLocation place;                      ///< of the driver in the manifest
    universe::FactsTable& facts;
};

/// The oldest driver that the facts know to serve where the declared one does not: of the lowest
/// major of CUDA that has a solution. Solved with that driver before it is offered. Nothing if more
/// than the driver is in the way. Throws as `solver::solve` does.
std::optional<NearestSolution> with_newer_driver(const DriverQuestion& question,
                                                 const std::stop_token& stop);

} // namespace envpm::advice
