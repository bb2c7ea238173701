#pragma once

#include "gpu/fitness.h"
#include "model/manifest.h"
#include "universe/facts_table.h"

namespace envpm::universe {

/// What a target declares, with product names as compute capabilities and the CUDA that its driver
/// runs. An Error (code 1) names the place of a product that the table does not know, with near
/// misses, and of a driver that cannot drive the target's GPUs.
gpu::TargetMachine gpu_machine(const Manifest& manifest, const Target& target, FactsTable& facts);

} // namespace envpm::universe
