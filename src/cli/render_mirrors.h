#pragma once

#include "base/json.h"
#include "cli/terminal.h"
#include "pipeline/mirror_check.h"

#include <string>
#include <vector>

namespace envpm::cli {

// The places that stand for each source. In words, which are whole lines, and in JSON.

std::string words_of(const std::vector<project::Source>& sources);
std::string words_of(const std::vector<pipeline::SourceTrial>& trials, const Terminal& terminal);
Json json_of(const std::vector<project::Source>& sources);
Json json_of(const std::vector<pipeline::SourceTrial>& trials);

} // namespace envpm::cli
