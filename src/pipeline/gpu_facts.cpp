#include "pipeline/gpu_facts.h"

#include "base/ascii.h"
#include "base/error.h"
#include "gpu/facts_schema.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace envpm::pipeline {

namespace {

bool has_words(const gpu::FactRow& row, const std::vector<std::string>& words);
std::string searched_text(const TomlValue& value);
DriverVersion driver_of(const std::string& text);
NamedGpu named_gpu(const gpu::Facts& facts, const std::string& name, gpu::DriverSystem system);

} // namespace

FactListing list_facts(universe::FactsTable& source, const std::vector<std::string>& words) {
    const gpu::Facts& facts = source.get();
    FactListing listing{facts.generated(), source.file().value_or("").string(), {}};
    for (const gpu::FactSchema& schema : gpu::fact_schemas()) {
        FactListing::Table table{schema.table, schema.about, {}};
        for (const gpu::FactRow& row : facts.rows()) {
            if (row.citation.table == schema.table && has_words(row, words)) {
                table.rows.push_back(row);
            }
        }
        if (!table.rows.empty()) {
            listing.tables.push_back(std::move(table));
        }
    }
    if (listing.tables.empty()) {
        throw Error({fmt::format("no fact has `{}`", fmt::join(words, "`, `")), "envpm gpu facts",
                     "without words it shows all that is known"});
    }
    return listing;
}

GpuAnswer answer(const gpu::Facts& facts, const GpuQuestion& question) {
    GpuAnswer out;
    out.platform = question.platform;
    gpu::Machine machine{std::nullopt, question.system, {}};
    if (question.driver) {
        machine.driver = driver_of(*question.driver);
        out.driver = machine.driver;
        out.cuda = facts.newest_cuda(*machine.driver, question.system);
    }
    for (const std::string& name : question.gpus) {
        out.gpus.push_back(named_gpu(facts, name, question.system));
        machine.gpus.push_back(out.gpus.back().capability);
    }
    for (const auto& [release, citation] : facts.torch_releases()) {
        GpuAnswer::Release judged{release.release, {}};
        for (const auto& [build, source] :
             facts.torch_variants(release.release.text(), question.platform)) {
            judged.builds.push_back({build.variant, source, gpu::fit(facts, build, machine)});
        }
        out.releases.push_back(std::move(judged));
    }
    return out;
}

namespace {

bool has_words(const gpu::FactRow& row, const std::vector<std::string>& words) {
    std::string text = row.citation.table;
    for (const TomlValue::Member& field : row.fields) {
        text += '\n' + searched_text(field.value);
    }
    text = ascii_lower(text);
    return std::all_of(words.begin(), words.end(), [&](const std::string& word) {
        return text.find(ascii_lower(word)) != std::string::npos;
    });
}

std::string searched_text(const TomlValue& value) {
    if (const auto* text = value.get_if<std::string>()) {
        return *text;
    }
    if (const auto* number = value.get_if<std::int64_t>()) {
        return std::to_string(*number);
    }
    std::string out;
    if (const auto* array = value.get_if<TomlValue::Array>()) {
        for (const TomlValue& item : *array) {
            out += searched_text(item) + '\n';
        }
    }
    if (const auto* table = value.get_if<TomlValue::Table>()) {
        for (const TomlValue::Member& member : *table) {
            out += member.name + '\n' + searched_text(member.value) + '\n';
        }
    }
    return out;
}

DriverVersion driver_of(const std::string& text) {
    const auto driver = DriverVersion::parse(text);
    if (!driver) {
        throw Error({fmt::format("`{}` is no version of a driver", text), "--driver",
                     "such as 535.104.05, as `nvidia-smi` shows it"},
                    ExitCode::usage);
    }
    return *driver;
}

NamedGpu named_gpu(const gpu::Facts& facts, const std::string& name, gpu::DriverSystem system) {
    NamedGpu out{name, {}, {}, {}, {}};
    if (const auto number = ComputeCapability::parse(name)) {
        out.capability = {number->major, number->minor}; // a device has no suffix
    } else {
        const auto found = facts.capability_of(name);
        if (const auto* unknown = std::get_if<gpu::UnknownProduct>(&found)) {
            throw Error({fmt::format("no GPU called `{}` is known", name), "the command line",
                         unknown->near_misses.empty()
                             ? "give its compute capability instead, such as 8.6"
                             : fmt::format("did you mean `{}`? or give its compute capability, "
                                           "such as 8.6",
                                           fmt::join(unknown->near_misses, "`, `"))},
                        ExitCode::usage);
        }
        const auto& [capability, citation] = std::get<gpu::Cited<ComputeCapability>>(found);
        out.name = citation.row;
        out.capability = capability;
        out.product = citation;
    }
    out.toolkits = facts.toolkits_for(out.capability);
    out.first_driver = facts.first_driver(out.capability, system);
    return out;
}

} // namespace

} // namespace envpm::pipeline
