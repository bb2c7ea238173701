#include "conda/pypi_names.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

// The bytes of data/pypi_names.txt, put into the program by data.S.
extern "C" const char envpm_conda_pypi_names[];
extern "C" const char envpm_conda_pypi_names_end[];

namespace envpm::conda {

namespace {

constexpr std::string_view none = "-";

/// Whether `one` is the better name to look `project` up under.
bool is_better(std::string_view one, std::string_view other, std::string_view project);
std::string lines_of(std::string_view json, const std::string& origin);
std::string project_in(const std::string& name, const Json& projects);

} // namespace

PypiNames PypiNames::shipped() {
    return parse({envpm_conda_pypi_names,
                  static_cast<std::size_t>(envpm_conda_pypi_names_end - envpm_conda_pypi_names)},
                 "envpm's own table of conda names");
}

PypiNames PypiNames::parse(std::string_view text, const std::string& origin) {
    PypiNames names;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        const std::size_t space = std::min(line.find(' '), line.size());
        const std::string_view name = line.substr(0, space);
        const std::string_view project = line.substr(std::min(space + 1, line.size()));
        const auto normal = PackageName::parse(project);
        const bool is_project = normal && normal->string() == project;
        if (!PackageName::parse_conda(name) || (project != none && !is_project)) {
            throw Error({"a line is not a conda name and a project's",
                         fmt::format("{}:{}", origin, number),
                         "as in `pytorch torch`, or `graphviz -` for what is no project"});
        }
        const bool is_first = names.projects_.emplace(name, project).second;
        if (is_first && project != none) {
            const auto [place, is_new] = names.packages_.emplace(project, name);
            if (!is_new && is_better(name, place->second, project)) {
                place->second = name;
            }
        }
    }
    return names;
}

PypiNames PypiNames::hold(std::string text, const std::string& origin) {
    const bool is_json = text.starts_with('{');
    auto held =
        std::make_unique<const std::string>(is_json ? lines_of(text, origin) : std::move(text));
    PypiNames names = parse(*held, origin);
    if (names.projects_.empty()) {
        throw Error({"the table of conda names is empty", origin,
                     "tools/conda_names.py of envpm's source makes one"});
    }
    names.text_ = std::move(held);
    return names;
}

PypiNames PypiNames::read(const std::filesystem::path& file) {
    return hold(read_file(file, largest_bytes), file.string());
}

std::optional<PackageName> PypiNames::project_of(std::string_view conda_name) const {
    const auto found = projects_.find(conda_name);
    if (found == projects_.end()) {
        return PackageName::parse(conda_name);
    }
    return found->second == none ? std::nullopt : PackageName::parse(found->second);
}

std::string PypiNames::package_of(const PackageName& project) const {
    const auto found = packages_.find(project.string());
    return found == packages_.end() ? project.string() : std::string(found->second);
}

namespace {

bool is_better(std::string_view one, std::string_view other, std::string_view project) {
    if ((one == project) != (other == project)) {
        return one == project;
    }
    return one.size() != other.size() ? one.size() < other.size() : one < other;
}

/// A name that conda cannot have is left out: nobody can ask for it.
std::string lines_of(std::string_view json, const std::string& origin) {
    std::string lines;
    const Json document = parse_json(json, origin);
    for (const auto& [name, projects] : *document.get_if<Json::Object>()) {
        if (!projects.is_null() && projects.get_if<Json::Array>() == nullptr) {
            throw Error({"a package of the table of conda names has no list of projects",
                         fmt::format("{}: {}", origin, name),
                         "as in `{\"pytorch\": [\"torch\"], \"graphviz\": null}`"});
        }
        if (PackageName::parse_conda(name)) {
            lines += fmt::format("{} {}\n", name, project_in(name, projects));
        }
    }
    return lines;
}

/// The one project that the package is, or none: a bundle of several is none of them, but the one
/// of its own name if that is among them.
std::string project_in(const std::string& name, const Json& projects) {
    std::vector<std::string> normal;
    if (const auto* const list = projects.get_if<Json::Array>()) {
        for (const Json& project : *list) {
            const auto* const text = project.get_if<std::string>();
            if (const auto parsed = PackageName::parse(text == nullptr ? std::string() : *text)) {
                normal.push_back(parsed->string());
            }
        }
    }
    if (normal.size() == 1) {
        return normal.front();
    }
    const auto own = PackageName::parse(name);
    const bool is_among =
        own && std::find(normal.begin(), normal.end(), own->string()) != normal.end();
    return is_among ? own->string() : std::string(none);
}

} // namespace

} // namespace envpm::conda
