#pragma once

#include "base/json.h"
#include "pipeline/gpu_facts.h"
#include "pipeline/machine_table.h"

#include <string>

namespace envpm::cli {

// What is known of GPUs, and of this machine as a target. In words, which are whole lines, and in
// JSON.

std::string words_of(const pipeline::FactListing& listing);
std::string words_of(const pipeline::GpuAnswer& answer);
Json json_of(const pipeline::FactListing& listing);
Json json_of(const pipeline::GpuAnswer& answer);
Json json_of(const pipeline::DetectedMachine& machine);

} // namespace envpm::cli
