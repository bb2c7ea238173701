#pragma once

#include "advice/explain.h"
#include "cli/project_commands.h"

#include <string>

namespace envpm::cli {

/// What was offered for an `add` that has no solution is for a manifest that was taken back: a line
/// with the command that comes to the same, of the first offer that one `add` can take. Empty if
/// nothing was offered.
std::string offer_line(const AddCommand& command, const advice::Explanation& explanation);

} // namespace envpm::cli
