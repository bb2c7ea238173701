#include "pipeline/requirements_file.h"

#include "base/error.h"
#include "base/files.h"
#include "importers/requirements_txt.h"
#include "manifest/requirement_text.h"
#include "pipeline/import_packages.h"

#include <fmt/format.h>

namespace envpm::pipeline {

namespace {

constexpr std::size_t longest_file = std::size_t{16} << 20U;

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
        throw Error({"this file asks for no package that envpm can add", file.string(),
                     "a line of it is `name`, `name==1.2` or `name[extra]>=1.2,<3`"});
    }
    return out;
}

} // namespace envpm::pipeline
