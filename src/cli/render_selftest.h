#pragma once

#include "base/json.h"
#include "cli/terminal.h"
#include "installing/selftest.h"
#include "pipeline/selftest_deep.h"

#include <string>
#include <string_view>

namespace envpm::cli {

// How the GPUs did. In words, which are whole lines, and in JSON.

std::string words_of(const installing::SelfTestReport& report, const Terminal& terminal);
std::string words_of(const pipeline::DeepReport& report, const Terminal& terminal);
std::string gpu_words(const installing::SelfTestReport& report); ///< a line for each GPU
std::string_view word_of(selftest::Outcome outcome);             ///< "timed-out"
Json json_of(const installing::SelfTestReport& report);
Json json_of(const pipeline::DeepReport& report);

} // namespace envpm::cli
