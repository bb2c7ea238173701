#include "cli/render.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::cli {

namespace {

using pipeline::Condition;
using pipeline::Diagnosis;

std::string sign_of(Condition condition, const Terminal& terminal);
std::string_view text_of(Condition condition);
std::size_t count_of(const pipeline::DoctorReport& report, Condition condition);
std::string counted(std::size_t count, std::string_view noun);
Json text_or_null(const std::string& text);

} // namespace

std::string words_of(const pipeline::DoctorReport& report, const Terminal& terminal) {
    std::string words;
    for (const Diagnosis& diagnosis : report.diagnoses) {
        words += fmt::format(
            "{} {:<11} {}{}\n", sign_of(diagnosis.condition, terminal), diagnosis.part,
            printable(diagnosis.fact),
            diagnosis.origin.empty() ? "" : fmt::format("   from {}", printable(diagnosis.origin)));
        if (!diagnosis.remedy.empty()) {
            words += fmt::format("  {} {}\n", styled(terminal, Style::bold, "do:"),
                                 printable(diagnosis.remedy));
        }
    }
    return words + fmt::format("{}, {}\n", counted(count_of(report, Condition::defect), "defect"),
                               counted(count_of(report, Condition::warning), "warning"));
}

Json json_of(const pipeline::DoctorReport& report) {
    Json::Array diagnoses;
    for (const Diagnosis& diagnosis : report.diagnoses) {
        diagnoses.emplace_back(Json::Object{{"part", diagnosis.part},
                                            {"condition", text_of(diagnosis.condition)},
                                            {"fact", diagnosis.fact},
                                            {"from", text_or_null(diagnosis.origin)},
                                            {"remedy", text_or_null(diagnosis.remedy)}});
    }
    return Json::Object{{"diagnoses", std::move(diagnoses)}, {"ok", !report.has_defect()}};
}

namespace {

std::string sign_of(Condition condition, const Terminal& terminal) {
    switch (condition) {
    case Condition::good:
        return styled(terminal, Style::good, "✓");
    case Condition::absent:
        return "-";
    case Condition::warning:
        return styled(terminal, Style::bold, "!");
    case Condition::defect:
        break;
    }
    return styled(terminal, Style::bad, "✗");
}

std::string_view text_of(Condition condition) {
    switch (condition) {
    case Condition::good:
        return "good";
    case Condition::absent:
        return "absent";
    case Condition::warning:
        return "warning";
    case Condition::defect:
        break;
    }
    return "defect";
}

std::size_t count_of(const pipeline::DoctorReport& report, Condition condition) {
    return static_cast<std::size_t>(
        std::count_if(report.diagnoses.begin(), report.diagnoses.end(),
                      [&](const Diagnosis& each) { return each.condition == condition; }));
}

std::string counted(std::size_t count, std::string_view noun) {
    return count == 0 ? fmt::format("no {}", noun)
                      : fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

} // namespace

} // namespace envpm::cli
