#include "cli/json_parts.h"
#include "cli/render_selftest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace envpm::cli {

namespace {

using selftest::ComputeStep;
using selftest::Outcome;
using selftest::TestedLibrary;
using selftest::TorchStep;

std::string words_of(const TestedLibrary& library, const Terminal& terminal);
std::string words_of(const ComputeStep& step, const Terminal& terminal);
std::string words_of(const TorchStep& step, const Terminal& terminal);
std::string stranger_words(const std::vector<std::string>& strangers);
std::string ending_words(const selftest::Ending& ending, std::optional<int> gpu = {});
std::string tick(bool is_right, const Terminal& terminal);
Json json_of(const TestedLibrary& library);
Json json_of(const ComputeStep& step);
Json json_of(const TorchStep& step);
Json json_of(const pipeline::TestedIdentity& identity);

} // namespace

std::string words_of(const pipeline::DeepReport& report, const Terminal& terminal) {
    std::string words = gpu_words(report.quick) + words_of(report.quick, terminal);
    for (const TestedLibrary& library : report.libraries) {
        words += words_of(library, terminal);
    }
    if (report.libraries.empty()) {
        words += "- libraries: the environment has none of CUDA's\n";
    }
    for (const ComputeStep& step : report.compute) {
        words += words_of(step, terminal);
    }
    for (const TorchStep& step : report.torch) {
        words += words_of(step, terminal);
    }
    return words;
}

Json json_of(const pipeline::DeepReport& report) {
    Json::Array libraries;
    for (const TestedLibrary& library : report.libraries) {
        libraries.push_back(json_of(library));
    }
    Json::Array compute;
    for (const ComputeStep& step : report.compute) {
        compute.push_back(json_of(step));
    }
    Json::Array torch;
    for (const TorchStep& step : report.torch) {
        torch.push_back(json_of(step));
    }
    return Json::Object{{"identity", json_of(report.identity)}, {"ok", !report.has_failed()},
                        {"self_test", json_of(report.quick)},   {"libraries", std::move(libraries)},
                        {"compute", std::move(compute)},        {"torch", std::move(torch)}};
}

namespace {

/// "✓ libcublas 13.1.0 of nvidia-cublas 13.1.0.3"
std::string words_of(const TestedLibrary& library, const Terminal& terminal) {
    std::string words =
        fmt::format("{} {}", tick(library.is_right(), terminal), printable(library.library.name));
    if (!library.version.empty()) {
        words += " " + printable(library.version);
    }
    if (!library.library.package.empty()) {
        words += " of " + printable(library.library.package);
    }
    if (library.ending.outcome != Outcome::passed) {
        words += ": " + ending_words(library.ending);
    } else if (!library.has_right_version()) {
        words += ": another version than the lock's";
    } else if (!library.strangers.empty()) {
        words += stranger_words(library.strangers);
    }
    return words + "\n";
}

/// "✗ fft by libcufft.so.12: failed at `cufftExecC2C` on GPU 1 (6): CUFFT_EXEC_FAILED", and the
/// file
std::string words_of(const ComputeStep& step, const Terminal& terminal) {
    const std::string file = step.library.substr(step.library.rfind('/') + 1);
    const std::string by = file.empty() ? step.name : step.name + " by " + printable(file);
    if (step.is_skipped) {
        return fmt::format("- {}: skipped: {}\n", by, printable(step.note));
    }
    std::string words = fmt::format("{} {}", tick(!step.has_failed(), terminal), by);
    if (step.ending.outcome != Outcome::passed) {
        words += ": " + ending_words(step.ending, step.gpu);
    } else if (!step.strangers.empty()) {
        words += stranger_words(step.strangers);
    } else {
        words += " on every GPU";
    }
    words += step.note.empty() ? "" : " (" + printable(step.note) + ")";
    const bool has_file = step.has_failed() && !step.library.empty();
    return words + (has_file ? "\n  at: " + printable(step.library) : "") + "\n";
}

std::string stranger_words(const std::vector<std::string>& strangers) {
    return fmt::format(": it loaded `{}`, which is not of the environment",
                       printable(fmt::format("{}", fmt::join(strangers, "`, `"))));
}

std::string words_of(const TorchStep& step, const Terminal& terminal) {
    if (step.is_skipped) {
        return fmt::format("- torch {}: skipped: {}\n", step.name, printable(step.note));
    }
    const bool is_right = !step.has_failed();
    std::string words = fmt::format("{} torch {} on {}", tick(is_right, terminal), step.name,
                                    step.device == "cuda" ? "every GPU" : "the processor");
    if (!is_right) {
        words += ": " + ending_words(step.ending);
    } else if (!step.note.empty()) {
        words += " (" + printable(step.note) + ")";
    }
    return words + "\n";
}

/// "crashed at `load`: a signal ended the process"
std::string ending_words(const selftest::Ending& ending, std::optional<int> gpu) {
    std::string words(word_of(ending.outcome));
    if (!ending.stage.empty()) {
        words += fmt::format(" at `{}`", printable(ending.stage));
    }
    if (gpu) {
        words += fmt::format(" on GPU {}", *gpu);
    }
    if (ending.code != 0) {
        words += fmt::format(" ({})", ending.code);
    }
    return ending.detail.empty() ? words : words + ": " + printable(ending.detail);
}

std::string tick(bool is_right, const Terminal& terminal) {
    return is_right ? styled(terminal, Style::good, "✓") : styled(terminal, Style::bad, "✗");
}

Json json_of(const TestedLibrary& library) {
    return Json::Object{{"name", library.library.name},
                        {"path", library.library.path},
                        {"package", text_or_null(library.library.package)},
                        {"version", text_or_null(library.version)},
                        {"strangers", texts(library.strangers)},
                        {"ok", library.is_right()},
                        {"outcome", word_of(library.ending.outcome)},
                        {"stage", text_or_null(library.ending.stage)},
                        {"code", library.ending.code},
                        {"detail", text_or_null(library.ending.detail)},
                        {"seconds", library.seconds}};
}

Json json_of(const ComputeStep& step) {
    return Json::Object{{"name", step.name},
                        {"library", text_or_null(step.library)},
                        {"ok", !step.has_failed()},
                        {"outcome", step.is_skipped ? "skipped" : word_of(step.ending.outcome)},
                        {"stage", text_or_null(step.ending.stage)},
                        {"gpu", step.has_failed() && step.gpu ? Json(*step.gpu) : Json()},
                        {"code", step.ending.code},
                        {"detail", text_or_null(step.ending.detail)},
                        {"note", text_or_null(step.note)},
                        {"strangers", texts(step.strangers)},
                        {"seconds", step.seconds}};
}

Json json_of(const TorchStep& step) {
    return Json::Object{
        {"name", step.name},
        {"device", step.device},
        {"ok", !step.has_failed()},
        {"outcome", step.is_skipped ? "skipped" : word_of(step.ending.outcome)},
        {"stage", text_or_null(step.ending.stage)},
        {"detail", text_or_null(step.has_failed() ? step.ending.detail : step.note)},
        {"seconds", step.seconds}};
}

Json json_of(const pipeline::TestedIdentity& identity) {
    return Json::Object{{"envpm", ENVPM_VERSION},
                        {"env", identity.env.hex()},
                        {"manifest", identity.manifest.hex()},
                        {"target", identity.target},
                        {"tested", identity.tested},
                        {"system", identity.system},
                        {"boot_id", text_or_null(identity.boot_id)}};
}

} // namespace

} // namespace envpm::cli
