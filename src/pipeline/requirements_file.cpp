#include "pipeline/requirements_file.h"

#include "base/error.h"
#include "base/files.h"
#include "base/near_miss.h"
#include "importers/requirements_txt.h"
#include "manifest/requirement_text.h"
#include "pipeline/import_packages.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace envpm::pipeline {

namespace {

constexpr std::size_t longest_file = std::size_t{16} << 20U;

std::string read_requirements(const std::filesystem::path& file);
std::string hint_for_missing(const std::filesystem::path& file);
void refuse_choices(const std::vector<importers::ImportedWheel>& wheels);

} // namespace

RequirementsFile read_requirements_file(const std::filesystem::path& file) {
    const importers::Imported imported = importers::read_requirements_txt(
        read_requirements(file), file.string(),
        [](const std::filesystem::path& named) -> std::optional<std::string> {
            if (named.string().find(":/") != std::string::npos) {
                return std::nullopt; // a URL
            }
            return read_requirements(named); // pip too refuses one that is not there
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

std::string read_requirements(const std::filesystem::path& file) {
    std::error_code failure;
    if (std::filesystem::status(file, failure).type() == std::filesystem::file_type::not_found) {
        throw Error({"there is no such file", file.string(), hint_for_missing(file)});
    }
    return read_file(file, longest_file);
}

std::string hint_for_missing(const std::filesystem::path& file) {
    if (file.string().find("://") != std::string::npos) {
        return "envpm fetches no requirements file; download it, and give its path";
    }
    std::vector<std::string> others;
    std::error_code failure;
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        others.push_back(entry->path().filename().string());
    }
    std::sort(others.begin(), others.end());
    const auto meant = near_miss(file.filename().string(), others);
    return meant ? fmt::format("did you mean `{}`?", (file.parent_path() / *meant).string())
                 : "give the path of a requirements file of pip, such as `requirements.txt`";
}

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
