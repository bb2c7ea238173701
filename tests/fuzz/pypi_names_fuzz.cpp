#include "base/assert.h"
#include "conda/pypi_names.h"
#include "fuzz.h"

namespace envpm::fuzz {

namespace {

void check_project(const conda::PypiNames& names, const PackageName& project);

} // namespace

/// A table of names: what a line has leads from the one world to the other and back.
void read(std::string_view input) {
    const auto names = if_accepted([input] { return conda::PypiNames::parse(input, "names"); });
    while (names && !input.empty()) {
        const auto [line, rest] = first_line(input);
        input = rest;
        const std::size_t space = line.find(' ');
        ENVPM_ASSERT(space != std::string_view::npos);
        if (const auto project = names->project_of(line.substr(0, space))) {
            check_project(*names, *project);
        }
        if (const auto project = PackageName::parse(line.substr(space + 1))) {
            check_project(*names, *project);
        }
    }
}

namespace {

/// The package that it is found under is this project, unless it is only called so.
void check_project(const conda::PypiNames& names, const PackageName& project) {
    const std::string package = names.package_of(project);
    ENVPM_ASSERT(package == project.string() || names.project_of(package) == project);
}

} // namespace

} // namespace envpm::fuzz
