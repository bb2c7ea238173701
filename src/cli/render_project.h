#pragma once

#include "advice/explain.h"
#include "base/json.h"
#include "cli/terminal.h"
#include "installing/install.h"
#include "locking/lock.h"
#include "pipeline/edit.h"

#include <string>

namespace envpm::cli {

// What was done to the manifest, the lock and the environment. In words, which are whole lines, and
// in JSON.

std::string words_of(const locking::LockReport& report, const Terminal& terminal);
std::string words_of(const advice::Explanation& explanation, const Terminal& terminal);
std::string words_of(const installing::InstallReport& report, const Terminal& terminal);

/// `sign` stands before each entry of the manifest that is new: `+`, `-` or `~`.
std::string words_of(const pipeline::EditReport& report, char sign, const Terminal& terminal);
Json json_of(const locking::LockReport& report);
Json json_of(const installing::InstallReport& report);
Json json_of(const pipeline::EditReport& report);

} // namespace envpm::cli
