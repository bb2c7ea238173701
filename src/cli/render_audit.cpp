#include "cli/render_audit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace envpm::cli {

namespace {

std::string words_of(const std::vector<gpu::Finding>& findings, const Terminal& terminal);
std::string words_of(const gpu::Finding& finding, const Terminal& terminal);
std::string head_of(const gpu::Finding& finding, const Terminal& terminal);
std::string place_of(const gpu::Finding& finding);
std::string code_words(const installing::AuditReport& report);
std::string gpu_words(const installing::AuditReport& report, std::size_t gpu);
std::size_t count_of(const installing::AuditReport& report, gpu::Severity severity);
std::vector<std::string> names_of(const installing::AuditReport& report, gpu::CodeKind kind);
bool is_usable(const installing::AuditReport& report, std::size_t gpu);
Json json_of(const std::vector<gpu::Finding>& findings);
Json json_of(const installing::CodeReport& code);

} // namespace

std::string words_of(const installing::AuditReport& report, const Terminal& terminal) {
    std::string out;
    for (const auto* findings : {&report.findings, &report.machine}) {
        out += words_of(*findings, terminal);
    }
    out += fmt::format("{}: {}, {}, {}\n", counted(report.binaries, "binary"),
                       counted(count_of(report, gpu::Severity::error), "error"),
                       counted(count_of(report, gpu::Severity::warning), "warning"),
                       counted(count_of(report, gpu::Severity::note), "note"));
    if (report.code.empty()) {
        return out + "device code: none\n";
    }
    out += code_words(report);
    for (std::size_t i = 0; i < report.target.gpus.size(); ++i) {
        out += gpu_words(report, i);
    }
    return out;
}

/// The errors alone, after an install, and where the lock says too much; nothing if there are
/// none.
std::string error_words(const installing::AuditReport& report, const Terminal& terminal) {
    constexpr std::size_t shown = 3;
    const auto first_other = std::find_if(
        report.findings.begin(), report.findings.end(), [](const gpu::Finding& finding) {
            return finding.severity != gpu::Severity::error; // the worst come first
        });
    const auto errors = static_cast<std::size_t>(first_other - report.findings.begin());
    std::string out;
    for (std::size_t i = 0; i < std::min(errors, shown); ++i) {
        out += words_of(report.findings[i], terminal);
    }
    std::string too_much;
    for (const gpu::Finding& finding : report.findings) {
        if (finding.rule == gpu::Rule::less_than_locked) {
            too_much += words_of(finding, terminal);
        }
    }
    return errors == 0 ? too_much
                       : fmt::format("{} audit: {} in {}{}\n{}", styled(terminal, Style::bad, "✗"),
                                     counted(errors, "error"), counted(report.binaries, "binary"),
                                     errors > shown ? "; `envpm audit` shows all" : "", out) +
                             too_much;
}

Json audit_summary(const installing::AuditReport& report) {
    return Json::Object{{"binaries", std::uint64_t{report.binaries}},
                        {"findings", json_of(report.findings)}};
}

Json json_of(const installing::AuditReport& report) {
    Json::Array code;
    for (const installing::CodeReport& file : report.code) {
        code.push_back(json_of(file));
    }
    Json::Array gpus;
    for (std::size_t i = 0; i < report.target.gpus.size(); ++i) {
        gpus.emplace_back(Json::Object{{"compute_capability", report.target.gpus[i].text()},
                                       {"ok", is_usable(report, i)}});
    }
    return Json::Object{
        {"prefix", report.prefix.string()},
        {"glibc", report.target.glibc.text()},
        {"driver_cuda", report.target.driver ? Json(report.target.driver->text()) : Json()},
        {"binaries", std::uint64_t{report.binaries}},
        {"device_code", std::move(code)},
        {"gpus", std::move(gpus)},
        {"findings", json_of(report.findings)},
        {"machine", json_of(report.machine)}};
}

namespace {

/// What is the matter with many files is said once, where the first of them stands.
std::string words_of(const std::vector<gpu::Finding>& findings, const Terminal& terminal) {
    std::vector<std::pair<std::string, std::string>> groups; // what is said, and the rest of it
    std::map<std::string, std::size_t> known;
    for (const gpu::Finding& finding : findings) {
        const std::string head = head_of(finding, terminal);
        const std::string hint = fmt::format("  hint: {}\n", printable(finding.hint));
        const auto [group, is_new] = known.try_emplace(head + hint, groups.size());
        if (is_new) {
            groups.emplace_back(head, hint);
        }
        groups[group->second].first += place_of(finding);
    }
    std::string out;
    for (const auto& [what, hint] : groups) {
        out += what + hint;
    }
    return out;
}

std::string words_of(const gpu::Finding& finding, const Terminal& terminal) {
    return words_of(std::vector<gpu::Finding>{finding}, terminal);
}

/// Files' names, and what files say of themselves, stand in all of its texts.
std::string head_of(const gpu::Finding& finding, const Terminal& terminal) {
    const Style style = finding.severity == gpu::Severity::error     ? Style::bad
                        : finding.severity == gpu::Severity::warning ? Style::bold
                                                                     : Style::faint;
    return fmt::format("{} {}\n",
                       styled(terminal, style, fmt::format("{}:", to_text(finding.severity))),
                       printable(finding.text));
}

std::string place_of(const gpu::Finding& finding) {
    return fmt::format("  at: {}{}\n", printable(finding.file),
                       finding.package.empty() ? ""
                                               : fmt::format(" ({})", printable(finding.package)));
}

std::string code_words(const installing::AuditReport& report) {
    std::uint64_t containers = 0;
    for (const installing::CodeReport& file : report.code) {
        containers += file.code.container_count();
    }
    const auto list = [&](gpu::CodeKind kind) {
        const std::vector<std::string> names = names_of(report, kind);
        return names.empty() ? "none" : fmt::format("{}", fmt::join(names, " "));
    };
    return fmt::format("device code: {} in {}; sass {}; ptx {}\n", counted(containers, "container"),
                       counted(report.code.size(), "file"), list(gpu::CodeKind::sass),
                       list(gpu::CodeKind::ptx));
}

std::string gpu_words(const installing::AuditReport& report, std::size_t gpu) {
    std::uint64_t runnable = 0;
    std::uint64_t jit = 0;
    std::size_t without = 0;
    for (const installing::CodeReport& file : report.code) {
        const gpu::CodeCoverage& coverage = file.coverage[gpu];
        runnable += coverage.runnable;
        jit += coverage.jit;
        without += coverage.none > 0 && coverage.runnable + coverage.jit == 0 ? 1 : 0;
    }
    return fmt::format("compute capability {}: {}; machine code in {}, only PTX in {}{}\n",
                       report.target.gpus[gpu].text(), is_usable(report, gpu) ? "ok" : "not ok",
                       counted(runnable, "container"), jit,
                       without == 0 ? ""
                                    : fmt::format("; nothing in {}", counted(without, "file")));
}

std::size_t count_of(const installing::AuditReport& report, gpu::Severity severity) {
    std::size_t count = 0;
    for (const auto* findings : {&report.findings, &report.machine}) {
        count += static_cast<std::size_t>(
            std::count_if(findings->begin(), findings->end(), [&](const gpu::Finding& finding) {
                return finding.severity == severity;
            }));
    }
    return count;
}

/// In order of the GPUs.
std::vector<std::string> names_of(const installing::AuditReport& report, gpu::CodeKind kind) {
    std::set<ComputeCapability> capabilities;
    for (const installing::CodeReport& file : report.code) {
        for (const auto& [image, count] : file.code.images) {
            if (image.kind == kind) {
                capabilities.insert(image.capability);
            }
        }
    }
    std::vector<std::string> names;
    for (const ComputeCapability& capability : capabilities) {
        names.push_back(capability.text());
    }
    return names;
}

/// Whether no error is about that GPU.
bool is_usable(const installing::AuditReport& report, std::size_t gpu) {
    const ComputeCapability& wanted = report.target.gpus[gpu];
    return std::none_of(
        report.findings.begin(), report.findings.end(), [&](const gpu::Finding& finding) {
            return finding.severity == gpu::Severity::error && finding.gpu == wanted;
        });
}

Json json_of(const std::vector<gpu::Finding>& findings) {
    Json::Array entries;
    for (const gpu::Finding& finding : findings) {
        entries.emplace_back(
            Json::Object{{"severity", to_text(finding.severity)},
                         {"rule", to_text(finding.rule)},
                         {"file", finding.file},
                         {"package", finding.package.empty() ? Json() : Json(finding.package)},
                         {"gpu", finding.gpu ? Json(finding.gpu->text()) : Json()},
                         {"what", finding.text},
                         {"hint", finding.hint}});
    }
    return entries;
}

Json json_of(const installing::CodeReport& file) {
    Json::Array images;
    for (const auto& [image, count] : file.code.images) {
        images.emplace_back(Json::Object{
            {"name", image.text()},
            {"ptx", image.kind == gpu::CodeKind::ptx ? Json(image.ptx.text()) : Json()},
            {"registered", count.registered},
            {"loose", count.loose}});
    }
    Json::Array coverage;
    for (const gpu::CodeCoverage& part : file.coverage) {
        coverage.emplace_back(
            Json::Object{{"sass", part.runnable}, {"jit", part.jit}, {"none", part.none}});
    }
    return Json::Object{{"path", file.path},
                        {"package", file.package.empty() ? Json() : Json(file.package)},
                        {"containers", file.code.container_count()},
                        {"homogeneous", file.code.is_homogeneous()},
                        {"images", std::move(images)},
                        {"coverage", std::move(coverage)}};
}

} // namespace

} // namespace envpm::cli
