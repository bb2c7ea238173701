#pragma once

#include "base/json.h"
#include "cli/terminal.h"
#include "installing/audit.h"

#include <string>

namespace envpm::cli {

// What is wrong with binaries. In words, which are whole lines, and in JSON.

std::string words_of(const installing::AuditReport& report, const Terminal& terminal);
std::string error_words(const installing::AuditReport& report, const Terminal& terminal);
Json json_of(const installing::AuditReport& report);
Json audit_summary(const installing::AuditReport& report); ///< without the device code

} // namespace envpm::cli
