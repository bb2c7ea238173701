#include "cli/render_gpu.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace envpm::cli {

namespace {

using pipeline::FactListing;
using pipeline::GpuAnswer;

std::string words_of(const FactListing::Table& table);
std::string fields_of(const gpu::FactRow& row);
std::string printed(const TomlValue& value);
Json json_of(const TomlValue& value);
std::string line_of(const pipeline::NamedGpu& gpu, const GpuAnswer& answer);
std::string line_of(const GpuAnswer::Release& release);
std::string obstacle_of(const GpuAnswer::Build& build);
std::string_view text_of(gpu::Fit::Verdict verdict);
bool is_usable(const GpuAnswer::Build& build);
template <class T> Json json_of_answer(const std::optional<gpu::Cited<T>>& answer);
Json json_of(const pipeline::NamedGpu& gpu);
Json json_of(const GpuAnswer::Build& build);

} // namespace

std::string words_of(const FactListing& listing) {
    std::string out = fmt::format("facts of {}{}\n", listing.generated,
                                  listing.file.empty() ? "" : " from " + listing.file);
    for (const FactListing::Table& table : listing.tables) {
        out += words_of(table);
    }
    return out;
}

/// Null for what is not known; `from` says who told.
Json json_of(const pipeline::DetectedMachine& machine) {
    const host::MachineFacts& facts = machine.facts;
    const auto fact = [](const auto& of) {
        return Json::Object{{"value", of.value ? Json(of.value->text()) : Json()},
                            {"from", of.origin}};
    };
    Json::Array gpus;
    for (const ProbedGpu& gpu : facts.gpus.value.value_or(std::vector<ProbedGpu>())) {
        gpus.emplace_back(
            Json::Object{{"name", gpu.name},
                         {"capability", gpu.capability ? Json(gpu.capability->text()) : Json()}});
    }
    return Json::Object{{"platform", to_text(machine.target.platform)},
                        {"glibc", machine.target.glibc.text()},
                        {"driver", fact(facts.driver)},
                        {"cuda", fact(facts.cuda)},
                        {"gpus", std::move(gpus)},
                        {"gpus-from", facts.gpus.origin},
                        {"wsl", facts.is_wsl}};
}

Json json_of(const FactListing& listing) {
    Json::Array tables;
    for (const FactListing::Table& table : listing.tables) {
        Json::Array rows;
        for (const gpu::FactRow& row : table.rows) {
            Json::Object object{{"source", row.citation.source},
                                {"line", row.citation.location.line},
                                {"is_evidence", row.citation.standing == gpu::Standing::evidence}};
            Json::Object fields;
            for (const TomlValue::Member& field : row.fields) {
                fields.emplace(field.name, json_of(field.value));
            }
            object.emplace("fields", std::move(fields));
            rows.emplace_back(std::move(object));
        }
        tables.emplace_back(
            Json::Object{{"table", table.name}, {"about", table.about}, {"rows", std::move(rows)}});
    }
    return Json::Object{{"generated", listing.generated},
                        {"file", listing.file.empty() ? Json() : Json(listing.file)},
                        {"tables", std::move(tables)}};
}

std::string words_of(const GpuAnswer& answer) {
    std::string out;
    if (answer.driver) {
        const std::string driver = answer.driver->text();
        out += answer.cuda ? fmt::format("driver {}: CUDA up to {}  [{}]\n", driver,
                                         answer.cuda->value.text(), answer.cuda->citation.place())
                           : fmt::format("driver {}: older than every driver known\n", driver);
    }
    for (const pipeline::NamedGpu& gpu : answer.gpus) {
        out += line_of(gpu, answer);
    }
    out += fmt::format("builds of PyTorch for {}:\n", to_text(answer.platform));
    for (const GpuAnswer::Release& release : answer.releases) {
        out += line_of(release);
    }
    return out;
}

Json json_of(const GpuAnswer& answer) {
    Json::Array gpus;
    for (const pipeline::NamedGpu& gpu : answer.gpus) {
        gpus.emplace_back(json_of(gpu));
    }
    Json::Array releases;
    for (const GpuAnswer::Release& release : answer.releases) {
        Json::Array builds;
        for (const GpuAnswer::Build& build : release.builds) {
            builds.emplace_back(json_of(build));
        }
        releases.emplace_back(
            Json::Object{{"release", release.release.text()}, {"builds", std::move(builds)}});
    }
    return Json::Object{{"driver", answer.driver ? Json(answer.driver->text()) : Json()},
                        {"cuda", json_of_answer(answer.cuda)},
                        {"gpus", std::move(gpus)},
                        {"platform", to_text(answer.platform)},
                        {"torch", std::move(releases)}};
}

namespace {

/// Rows that follow each other and have one source share the line that names it.
std::string words_of(const FactListing::Table& table) {
    std::string out = fmt::format("\n{}: {}\n", table.name, table.about);
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const gpu::Citation& citation = table.rows[i].citation;
        out += fmt::format("  {}\n", fields_of(table.rows[i]));
        const bool is_last_of_source =
            i + 1 == table.rows.size() || table.rows[i + 1].citation.source != citation.source;
        if (is_last_of_source) {
            const bool is_evidence = citation.standing == gpu::Standing::evidence;
            out += fmt::format("      {}from: {}\n", is_evidence ? "evidence only, " : "",
                               citation.source);
        }
    }
    return out;
}

std::string fields_of(const gpu::FactRow& row) {
    std::vector<std::string> fields;
    for (const TomlValue::Member& field : row.fields) {
        const std::string text = printed(field.value);
        fields.push_back(fmt::format("{} {}", field.name, text.empty() ? "unknown" : text));
    }
    return fmt::format("{}", fmt::join(fields, "; "));
}

std::string printed(const TomlValue& value) {
    if (const auto* text = value.get_if<std::string>()) {
        return *text;
    }
    if (const auto* number = value.get_if<std::int64_t>()) {
        return std::to_string(*number);
    }
    std::vector<std::string> items;
    if (const auto* array = value.get_if<TomlValue::Array>()) {
        for (const TomlValue& item : *array) {
            items.push_back(printed(item));
        }
        return items.empty() ? "none" : fmt::format("{}", fmt::join(items, ", "));
    }
    if (const auto* table = value.get_if<TomlValue::Table>()) {
        for (const TomlValue::Member& member : *table) {
            items.push_back(fmt::format("{} for {}", printed(member.value), member.name));
        }
    }
    return fmt::format("{}", fmt::join(items, ", "));
}

Json json_of(const TomlValue& value) {
    if (const auto* text = value.get_if<std::string>()) {
        return *text;
    }
    if (const auto* number = value.get_if<std::int64_t>()) {
        return *number;
    }
    if (const auto* array = value.get_if<TomlValue::Array>()) {
        Json::Array items;
        for (const TomlValue& item : *array) {
            items.push_back(json_of(item));
        }
        return items;
    }
    Json::Object members;
    if (const auto* table = value.get_if<TomlValue::Table>()) {
        for (const TomlValue::Member& member : *table) {
            members.emplace(member.name, json_of(member.value));
        }
    }
    return members;
}

std::string line_of(const pipeline::NamedGpu& gpu, const GpuAnswer& answer) {
    std::string out = fmt::format("GPU {}", gpu.name);
    std::vector<std::string> places;
    if (gpu.product) {
        out += fmt::format(": compute capability {}", gpu.capability.text());
        places.push_back(gpu.product->place());
    }
    if (gpu.toolkits) {
        const gpu::ArchitectureSupport& support = gpu.toolkits->value;
        out += fmt::format(", CUDA {} {}", support.first.text(),
                           support.last ? "to " + support.last->text() : "and later");
        places.push_back(gpu.toolkits->citation.place());
    }
    if (gpu.first_driver) {
        const std::string driver = gpu.first_driver->value.text();
        const bool is_too_old = answer.driver && *answer.driver < gpu.first_driver->value;
        out += is_too_old
                   ? fmt::format(", which this driver is too old for: {} is the first", driver)
                   : fmt::format(", driver {} and later", driver);
        places.push_back(gpu.first_driver->citation.place());
    }
    return places.empty() ? out + ": not in the table, so what follows goes by its number alone; "
                                  "`envpm gpu facts sm_support` lists those that are\n"
                          : fmt::format("{}  [{}]\n", out, fmt::join(places, "; "));
}

std::string line_of(const GpuAnswer::Release& release) {
    std::vector<std::string> usable;
    std::vector<std::string> others;
    for (const GpuAnswer::Build& build : release.builds) {
        if (is_usable(build)) {
            usable.push_back(build.variant + obstacle_of(build));
        } else {
            others.push_back(build.variant + obstacle_of(build));
        }
    }
    const std::string builds = release.builds.empty() ? "not in the table"
                               : usable.empty()       ? "none"
                                                      : fmt::format("{}", fmt::join(usable, ", "));
    return fmt::format("  {:<5} {}{}\n", release.release.text(), builds,
                       others.empty() ? "" : fmt::format("; not {}", fmt::join(others, ", ")));
}

/// " (driver 580.65.06)": what is in the way, or what it costs.
std::string obstacle_of(const GpuAnswer::Build& build) {
    const gpu::Fit& fit = build.fit;
    const std::string gpu = fit.gpu ? fit.gpu->text() : "";
    const std::string driver = fit.least_driver
                                   ? fmt::format("needs driver {}", fit.least_driver->value.text())
                                   : std::string("needs a newer driver");
    switch (fit.verdict) {
    case gpu::Fit::Verdict::compiles:
        return fmt::format(" (compiled for {} when first used)", gpu);
    case gpu::Fit::Verdict::driver_too_old:
        return fmt::format(" ({}{})", driver, gpu.empty() ? "" : " to drive " + gpu);
    case gpu::Fit::Verdict::ptx_too_new:
        return fmt::format(" ({} to compile for {})", driver, gpu);
    case gpu::Fit::Verdict::no_code:
        return fmt::format(" (no code for {})", gpu);
    case gpu::Fit::Verdict::fits:
        break;
    }
    return "";
}

std::string_view text_of(gpu::Fit::Verdict verdict) {
    switch (verdict) {
    case gpu::Fit::Verdict::compiles:
        return "compiles";
    case gpu::Fit::Verdict::driver_too_old:
        return "driver-too-old";
    case gpu::Fit::Verdict::ptx_too_new:
        return "ptx-too-new";
    case gpu::Fit::Verdict::no_code:
        return "no-code";
    case gpu::Fit::Verdict::fits:
        break;
    }
    return "fits";
}

bool is_usable(const GpuAnswer::Build& build) {
    return build.fit.verdict <= gpu::Fit::Verdict::compiles;
}

template <class T> Json json_of_answer(const std::optional<gpu::Cited<T>>& answer) {
    if (!answer) {
        return {};
    }
    return Json::Object{{"value", answer->value.text()}, {"fact", answer->citation.place()}};
}

Json json_of(const pipeline::NamedGpu& gpu) {
    Json::Object out{{"name", gpu.name},
                     {"capability", gpu.capability.text()},
                     {"fact", gpu.product ? Json(gpu.product->place()) : Json()},
                     {"first_cuda", Json()},
                     {"last_cuda", Json()},
                     {"first_driver", json_of_answer(gpu.first_driver)}};
    if (gpu.toolkits) {
        const gpu::ArchitectureSupport& support = gpu.toolkits->value;
        out["first_cuda"] = support.first.text();
        out["last_cuda"] = support.last ? Json(support.last->text()) : Json();
    }
    return out;
}

Json json_of(const GpuAnswer::Build& build) {
    return Json::Object{{"variant", build.variant},
                        {"verdict", text_of(build.fit.verdict)},
                        {"gpu", build.fit.gpu ? Json(build.fit.gpu->text()) : Json()},
                        {"least_driver", json_of_answer(build.fit.least_driver)},
                        {"fact", build.citation.place()}};
}

} // namespace

} // namespace envpm::cli
