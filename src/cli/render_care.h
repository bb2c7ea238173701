#pragma once

#include "base/json.h"
#include "cli/terminal.h"
#include "pipeline/repair.h"
#include "pipeline/verify.h"
#include "store/collect.h"

#include <string>

namespace envpm::cli {

// What is damaged in the store, what was repaired, and what went. In words, which are whole lines,
// and in JSON.

std::string words_of(const pipeline::VerifyReport& report, const Terminal& terminal);
std::string words_of(const pipeline::RepairOutcome& outcome, const Terminal& terminal);

/// What a collector removed: environments by name and the rest as counts, or every path.
enum class CollectWords { few, all };

std::string words_of(const store::CollectReport& report, CollectWords words = CollectWords::few);

Json json_of(const pipeline::VerifyReport& report);
Json json_of(const pipeline::RepairOutcome& outcome);
Json json_of(const store::CollectReport& report);

} // namespace envpm::cli
