#pragma once

#include "base/process.h"
#include "base/variables.h"
#include "model/probe_transcript.h"
#include "selftest/report.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::selftest {

/// How a process that says stages and a verdict came to its end. The verdict counts, whatever the
/// exit status says; without one, what was loaded ended the process, or it was ended.
Ending ending_of(const ProcessResult& result, const ProbeTranscript& said,
                 std::chrono::milliseconds time_limit);

/// Why a step that needs every GPU is skipped; empty if it is not.
std::string reason_to_skip(UsableGpus gpus);

/// The CUDA libraries that the process had mapped from outside the prefix, which has no link in it.
std::vector<std::string> strangers_of(const ProbeTranscript& said,
                                      const std::filesystem::path& prefix);

/// Of a process that makes a driver compile: what that keeps for later is not kept, ~/.nv stays as
/// it was.
std::vector<std::string> without_driver_cache(Variables variables);

/// For who is told that a test was stopped: nothing of it is kept.
inline constexpr std::string_view hint_when_stopped = "the next run begins anew";

} // namespace envpm::selftest
