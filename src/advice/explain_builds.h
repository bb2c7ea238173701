#pragma once

#include "model/answer.h"
#include "universe/facts_table.h"
#include "universe/package_universe.h"

#include <string>
#include <vector>

namespace envpm::advice {

/// All reasons of a conflict that say which CUDA the builds of one package need, if `reason` is one
/// of them; else none.
std::vector<const Reason*> builds_for_cuda(const Reason& reason, const Conflict& conflict,
                                           const universe::PackageUniverse& universe);

/// "torch 2.9.0 and 2.9.1 need CUDA 12.6, 12.8 or 13.0 [gpu-facts: torch_release 2.9]". The rows
/// are named if all of them list all of these builds; `facts`: null for no names.
std::string explain_builds(const std::vector<const Reason*>& reasons,
                           const universe::PackageUniverse& universe, universe::FactsTable* facts);

} // namespace envpm::advice
