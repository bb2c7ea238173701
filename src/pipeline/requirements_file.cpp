#include "pipeline/requirements_file.h"

#include "base/error.h"
#include "base/files.h"
#include "importers/requirements_txt.h"
#include "manifest/requirement_text.h"
#include "pipeline/import_packages.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace envpm::pipeline {

namespace {

constexpr std::size_t longest_file = std::size_t{16} << 20U;

void refuse_choices(const std::vector<importers::ImportedWheel>& wheels);

} // namespace

RequirementsFile read_requirements_file(const std::filesystem::path& file) {
    const importers::Imported imported = importers::read_requirements_txt(
        read_file(file, longest_file), file.string(),
        [](const std::filesystem::path& named) -> std::optional<std::string> {
            if (named.string().find(":/") != std::string::npos) {
                return std::nullopt; // a URL
            }
            return read_file(named, longest_file); // pip too refuses one that is not there
        });
    refuse_choices(imported.wheels);
    // What `changed` says is of an index, and none is taken over.
    RequirementsFile out{{}, {imported.remarks.left, {}}};
    for (const importers::ImportedIndex& index : imported.indexes) {
        out.remarks.left.push_back({index.location, fmt::format("the index {}", index.url),
                                    "if it is not there yet, name it under `[indexes]`"});
    }
    if (imported.allows_prereleases) {
        out.remarks.left.push_back({{file.string(), 0, 0},
                                    "`--pre`",
                                    "write `prereleases = \"allow\"` under `[workspace]`"});
    }
    ImportSources sources(out.remarks);
    for (const ManifestRequirement& requirement : import_wheels(imported, sources, out.remarks)) {
        out.requirements.push_back(manifest::requirement_text(requirement));
    }
    if (out.requirements.empty()) {
        Error error({"this file asks for no package that envpm can add", file.string(),
                     "a line of it is `name`, `name==1.2` or `name[extra]>=1.2,<3`"});
        for (const Remark& left : out.remarks.left) {
            error.add_context(
                fmt::format("{} was left out: {}: {}", left.location.text(), left.what, left.why));
        }
        throw error;
    }
    return out;
}

namespace {

/// A name that stands twice, for one Python or system each, is one entry of a manifest no more: the
/// first of them may be the one that does not count here.
void refuse_choices(const std::vector<importers::ImportedWheel>& wheels) {
    std::map<PackageName, const importers::ImportedWheel*> first;
    for (const importers::ImportedWheel& wheel : wheels) {
        const auto name = PackageName::parse(wheel.text.substr(
            0, std::min(wheel.text.find_first_of(" [<>=!~;(@"), wheel.text.size())));
        if (!name) {
            continue; // whoever reads the line says so
        }
        const auto [there, is_new] = first.emplace(*name, &wheel);
        const bool has_markers = wheel.text.find(';') != std::string::npos ||
                                 there->second->text.find(';') != std::string::npos;
        if (!is_new && has_markers) {
            throw Error(
                {fmt::format("`{}` stands here and at {}, each for other machines or Pythons",
                             name->string(), there->second->location.text()),
                 wheel.location.text(), "keep the line that is for yours"});
        }
    }
}

} // namespace

} // namespace envpm::pipeline
