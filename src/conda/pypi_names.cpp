#include "conda/pypi_names.h"

#include "base/error.h"
#include "base/files.h"

#include <fmt/format.h>

#include <algorithm>

// The bytes of data/pypi_names.txt, put into the program by data.S.
extern "C" const char envpm_conda_pypi_names[];
extern "C" const char envpm_conda_pypi_names_end[];

namespace envpm::conda {

namespace {

constexpr std::string_view none = "-";

/// Whether `one` is the better name to look `project` up under.
bool is_better(std::string_view one, std::string_view other, std::string_view project);

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
        names.projects_.emplace(name, project);
        if (project != none) {
            const auto [place, is_new] = names.packages_.emplace(project, name);
            if (!is_new && is_better(name, place->second, project)) {
                place->second = name;
            }
        }
    }
    return names;
}

PypiNames PypiNames::read(const std::filesystem::path& file) {
    constexpr std::size_t largest_table_bytes = std::size_t{64} << 20U;
    auto text = std::make_unique<const std::string>(read_file(file, largest_table_bytes));
    PypiNames names = parse(*text, file.string());
    if (names.projects_.empty()) {
        throw Error({"the table of conda names is empty", file.string(),
                     "tools/conda_names.py of envpm's source makes one"});
    }
    names.text_ = std::move(text);
    return names;
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

} // namespace

} // namespace envpm::conda
