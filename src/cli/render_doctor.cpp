#include "cli/render_doctor.h"

#include "cli/json_parts.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::cli {

namespace {

using pipeline::Condition;
using pipeline::Diagnosis;

std::string sign_of(Condition condition, const Terminal& terminal);
std::string_view text_of(Condition condition);
std::string count_words(const pipeline::DoctorReport& report, Condition condition);

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
    return words + fmt::format("{}, {}\n", count_words(report, Condition::defect),
                               count_words(report, Condition::warning));
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

/// "no defect", "2 warnings".
std::string count_words(const pipeline::DoctorReport& report, Condition condition) {
    const std::string_view noun = text_of(condition);
    const auto count =
        std::count_if(report.diagnoses.begin(), report.diagnoses.end(),
                      [&](const Diagnosis& each) { return each.condition == condition; });
    return count == 0 ? fmt::format("no {}", noun)
                      : counted(static_cast<std::uint64_t>(count), noun);
}

} // namespace

} // namespace envpm::cli
