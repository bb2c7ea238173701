#pragma once

#include "base/process.h"
#include "model/probe_transcript.h"
#include "selftest/report.h"

#include <chrono>
#include <stop_token>

namespace envpm::selftest {

/// How a process that says stages and a verdict came to its end. The verdict counts, whatever the
/// exit status says; without one, what was loaded ended the process, or it was ended.
Ending ending_of(const ProcessResult& result, const ProbeTranscript& said,
                 std::chrono::milliseconds time_limit);

/// An Error (code 130) if the user asked to stop.
void throw_if_stopped(const std::stop_token& stop);

} // namespace envpm::selftest
