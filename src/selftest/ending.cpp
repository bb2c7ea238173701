#include "selftest/ending.h"

#include <fmt/format.h>

namespace envpm::selftest {

namespace {

Outcome outcome_of(const ProbeVerdict& verdict);

} // namespace

Ending ending_of(const ProcessResult& result, const ProbeTranscript& said,
                 std::chrono::milliseconds time_limit) {
    if (said.verdict) {
        const std::string& stage = said.verdict->stage;
        return {outcome_of(*said.verdict), stage.empty() ? said.stage : stage, said.verdict->code,
                said.verdict->detail};
    }
    switch (result.end) {
    case ProcessEnd::not_started:
        return {Outcome::no_probe, "", result.error_number, "it cannot be started"};
    case ProcessEnd::timed_out:
        return {Outcome::timed_out, said.stage, 0, fmt::format("{} s", time_limit.count() / 1000)};
    case ProcessEnd::exited:
        return {Outcome::crashed, said.stage, result.exit_code,
                fmt::format("it ended the process with status {}", result.exit_code)};
    case ProcessEnd::overflowed:
        return {Outcome::crashed, said.stage, 0, "it wrote without end"};
    case ProcessEnd::signalled:
        break;
    }
    return {Outcome::crashed, said.stage, 0, "a signal ended the process"};
}

std::string reason_to_skip(UsableGpus gpus) {
    switch (gpus) {
    case UsableGpus::none:
        return "no GPU";
    case UsableGpus::some:
        return "not every GPU passed the test above";
    case UsableGpus::all:
        break;
    }
    return "";
}

std::vector<std::string> strangers_of(const ProbeTranscript& said,
                                      const std::filesystem::path& prefix) {
    std::vector<std::string> strangers;
    const std::string inside = prefix.string() + "/";
    for (const std::string& path : said.mapped) {
        std::error_code failure;
        const std::filesystem::path real = std::filesystem::canonical(path, failure);
        if (failure || !real.string().starts_with(inside)) {
            strangers.push_back(path);
        }
    }
    return strangers;
}

std::vector<std::string> without_driver_cache(Variables variables) {
    variables.set("CUDA_CACHE_DISABLE", "1");
    return variables.strings();
}

namespace {

Outcome outcome_of(const ProbeVerdict& verdict) {
    if (verdict.kind == "ok" || verdict.kind == "skipped") {
        return Outcome::passed;
    }
    return verdict.kind == "no_library"  ? Outcome::no_library
           : verdict.kind == "no_symbol" ? Outcome::no_symbol
           : verdict.kind == "no_device" ? Outcome::no_device
           : verdict.kind == "wrong"     ? Outcome::wrong_result
                                         : Outcome::failed;
}

} // namespace

} // namespace envpm::selftest
