#include "cli/render_selftest.h"

#include "cli/json_parts.h"

#include <fmt/format.h>

namespace envpm::cli {

namespace {

using selftest::Outcome;
using selftest::Status;

std::string_view text_of(Status status);
Json json_of(const selftest::TestedGpu& tested);
Json json_of(const selftest::Ending& ending);
Json json_of(const selftest::Needs& needs);

} // namespace

std::string gpu_words(const installing::SelfTestReport& report) {
    std::string words;
    for (const selftest::TestedGpu& tested : report.situation.probe.gpus) {
        const ProbedGpu& gpu = tested.gpu;
        words += fmt::format("GPU {}   {}   {}   {}   {}\n", gpu.index,
                             gpu.name.empty() ? "unknown" : gpu.name,
                             gpu.capability ? gpu.capability->text() : "unknown", gpu.uuid,
                             word_of(tested.ending.outcome));
    }
    return words;
}

std::string words_of(const installing::SelfTestReport& report, const Terminal& terminal) {
    const selftest::Verdict& verdict = report.verdict;
    std::string words;
    switch (verdict.status) {
    case Status::passed:
        words =
            fmt::format("{} self-test: {}\n", styled(terminal, Style::good, "✓"), verdict.summary);
        break;
    case Status::skipped:
        words = fmt::format("- self-test: skipped: {}\n", verdict.summary);
        break;
    case Status::failed:
        words = fmt::format("{} self-test failed: {}\n", styled(terminal, Style::bad, "✗"),
                            verdict.summary);
    }
    for (const selftest::Finding& finding : verdict.findings) {
        words += fmt::format("  {} {}\n  why: {}\n", styled(terminal, Style::bold, "do: "),
                             finding.remedy, finding.cause);
    }
    for (const std::string& note : verdict.notes) {
        words += fmt::format("  note: {}\n", note);
    }
    return words;
}

Json json_of(const installing::SelfTestReport& report) {
    const selftest::Verdict& verdict = report.verdict;
    const selftest::Situation& situation = report.situation;
    Json::Array findings;
    for (const selftest::Finding& finding : verdict.findings) {
        findings.emplace_back(Json::Object{{"remedy", finding.remedy}, {"cause", finding.cause}});
    }
    Json::Array notes(verdict.notes.begin(), verdict.notes.end());
    Json::Array gpus;
    for (const selftest::TestedGpu& tested : situation.probe.gpus) {
        gpus.push_back(json_of(tested));
    }
    return Json::Object{
        {"status", text_of(verdict.status)},
        {"summary", verdict.summary},
        {"findings", std::move(findings)},
        {"notes", std::move(notes)},
        {"remembered", report.was_remembered},
        {"seconds", report.seconds},
        {"driver", json_of(situation.probe.driver)},
        {"kernel_driver", text_or_null(situation.kernel_driver)},
        {"library", text_or_null(situation.probe.library)},
        {"cuda", situation.probe.cuda ? Json(situation.probe.cuda->text()) : Json()},
        {"wsl", situation.is_wsl},
        {"gpus", std::move(gpus)},
        {"needs", json_of(situation.needs)}};
}

std::string_view word_of(selftest::Outcome outcome) {
    switch (outcome) {
    case Outcome::passed:
        return "passed";
    case Outcome::busy:
        return "busy";
    case Outcome::no_library:
        return "no-library";
    case Outcome::no_symbol:
        return "no-symbol";
    case Outcome::no_device:
        return "no-device";
    case Outcome::cuda_error:
        return "cuda-error";
    case Outcome::failed:
        return "failed";
    case Outcome::wrong_result:
        return "wrong-result";
    case Outcome::timed_out:
        return "timed-out";
    case Outcome::crashed:
        return "crashed";
    case Outcome::stuck:
        return "stuck";
    case Outcome::no_probe:
        break;
    }
    return "no-probe";
}

namespace {

std::string_view text_of(Status status) {
    return status == Status::passed ? "passed" : status == Status::skipped ? "skipped" : "failed";
}

Json json_of(const selftest::TestedGpu& tested) {
    Json json = json_of(tested.ending);
    Json::Object& facts = *json.get_if<Json::Object>();
    facts.emplace("index", tested.gpu.index);
    facts.emplace("name", text_or_null(tested.gpu.name));
    facts.emplace("uuid", text_or_null(tested.gpu.uuid));
    facts.emplace("capability",
                  tested.gpu.capability ? Json(tested.gpu.capability->text()) : Json());
    return json;
}

Json json_of(const selftest::Ending& ending) {
    return Json::Object{{"outcome", word_of(ending.outcome)},
                        {"stage", text_or_null(ending.stage)},
                        {"code", ending.code},
                        {"detail", text_or_null(ending.detail)}};
}

Json json_of(const selftest::Needs& needs) {
    if (!needs.uses_cuda) {
        return {};
    }
    return Json::Object{
        {"package", needs.package},
        {"cuda_major", needs.cuda_major ? Json(*needs.cuda_major) : Json()},
        {"least_driver", needs.least_driver ? Json(needs.least_driver->text()) : Json()},
        {"least_capability",
         needs.least_capability ? Json(needs.least_capability->text()) : Json()}};
}

} // namespace

} // namespace envpm::cli
