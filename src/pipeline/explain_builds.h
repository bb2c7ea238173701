#pragma once

#include "model/answer.h"
#include "pipeline/facts_table.h"
#include "pipeline/package_universe.h"

#include <string>
#include <vector>

namespace envpm::pipeline {

/// All reasons of a conflict that say which CUDA the builds of one package need, if `reason` is one
/// of them; else none.
std::vector<const Reason*> builds_for_cuda(const Reason& reason, const Conflict& conflict,
                                           const PackageUniverse& universe);

/// "torch 2.9.0 and 2.9.1 need CUDA 12.6, 12.8 or 13.0 [gpu-facts: torch_release 2.9]". The rows
/// are named if all of them list all of these builds; `facts`: null for no names.
std::string explain_builds(const std::vector<const Reason*>& reasons,
                           const PackageUniverse& universe, FactsTable* facts);

} // namespace envpm::pipeline
