#pragma once

#include "base/json.h"
#include "cli/terminal.h"
#include "pipeline/audit.h"

#include <string>

namespace envpm::cli {

// What is wrong with binaries. In words, which are whole lines, and in JSON.

std::string words_of(const pipeline::AuditReport& report, const Terminal& terminal);
std::string error_words(const pipeline::AuditReport& report, const Terminal& terminal);
Json json_of(const pipeline::AuditReport& report);
Json audit_summary(const pipeline::AuditReport& report); ///< without the device code

} // namespace envpm::cli
