#pragma once

#include "base/json.h"
#include "cli/terminal.h"
#include "pipeline/doctor.h"

#include <string>

namespace envpm::cli {

// What is wrong with the machine. In words, which are whole lines, and in JSON.

std::string words_of(const pipeline::DoctorReport& report, const Terminal& terminal);
Json json_of(const pipeline::DoctorReport& report);

} // namespace envpm::cli
