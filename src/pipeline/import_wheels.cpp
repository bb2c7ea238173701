#include "base/error.h"
#include "importers/pip_lines.h"
#include "importers/platforms.h"
#include "pipeline/import_packages.h"
#include "pypi/requirement.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::pipeline {

using importers::Imported;
using importers::ImportedWheel;

namespace {

pypi::Requirement parse(const ImportedWheel& wheel);
std::string marker_of(const ImportedWheel& wheel, const pypi::Requirement& requirement,
                      const Imported& imported);
std::string specifier_of(const pypi::SpecifierSet& specifiers);
void add(std::vector<ManifestRequirement>& requirements, ManifestRequirement requirement,
         Remarks& remarks);

} // namespace

std::vector<ManifestRequirement> import_wheels(const Imported& imported, ImportSources& sources,
                                               Remarks& remarks) {
    std::vector<ManifestRequirement> requirements;
    for (const ImportedWheel& wheel : imported.wheels) {
        const pypi::Requirement parsed = parse(wheel);
        if (!parsed.url.empty() || parsed.name.string() == "python") {
            remarks.left.push_back(
                {wheel.location, fmt::format("`{}`", importers::without_passwords(wheel.text)),
                 parsed.url.empty() ? "`python` is no wheel"
                                    : "wheels come from indexes only; name a version, and the "
                                      "place of the wheel under `[indexes]`"});
            continue;
        }
        ManifestRequirement requirement{parsed.name,   specifier_of(parsed.specifiers),
                                        parsed.extras, marker_of(wheel, parsed, imported),
                                        std::nullopt,  wheel.location};
        if (!wheel.index_url.empty()) {
            requirement.index = sources.index_of(wheel.index_url, wheel.location);
        }
        add(requirements, std::move(requirement), remarks);
    }
    return requirements;
}

namespace {

pypi::Requirement parse(const ImportedWheel& wheel) {
    try {
        return pypi::Requirement::parse(wheel.text);
    } catch (const Error& error) {
        const std::string& hint = error.text().hint;
        throw Error(
            {error.text().what, wheel.location.text(),
             hint.empty() ? "write it as `name`, `name==1.2` or `name[extra]>=1.2,<3`" : hint});
    }
}

/// Wheels can have what conda packages cannot: a condition on the platform.
std::string marker_of(const ImportedWheel& wheel, const pypi::Requirement& requirement,
                      const Imported& imported) {
    std::string marker = requirement.marker.text();
    if (!wheel.platform || importers::is_everywhere(*wheel.platform, imported)) {
        return marker;
    }
    const std::string here = fmt::format("platform_machine == '{}'", machine_of(*wheel.platform));
    return marker.empty() ? here : fmt::format("({}) and {}", marker, here);
}

std::string specifier_of(const pypi::SpecifierSet& specifiers) {
    return specifiers.is_any() ? "*" : specifiers.text();
}

/// A second requirement of a name is joined to the first one, if both hold under the same
/// condition.
void add(std::vector<ManifestRequirement>& requirements, ManifestRequirement requirement,
         Remarks& remarks) {
    const auto first =
        std::find_if(requirements.begin(), requirements.end(),
                     [&](const auto& other) { return other.name == requirement.name; });
    if (first == requirements.end()) {
        requirements.push_back(std::move(requirement));
        return;
    }
    const bool is_same_place =
        !requirement.index || !first->index || requirement.index == first->index;
    if (requirement.marker != first->marker || !is_same_place) {
        remarks.left.push_back(
            {requirement.location,
             fmt::format("`{} {}`", requirement.name.string(), requirement.specifier),
             fmt::format("another requirement on it is at {}, and a manifest has one a name",
                         first->location.text())});
        return;
    }
    const bool adds = requirement.specifier != "*" && requirement.specifier != first->specifier;
    if (adds) {
        first->specifier = first->specifier == "*"
                               ? requirement.specifier
                               : first->specifier + ", " + requirement.specifier;
    }
    first->index = first->index ? first->index : requirement.index;
    first->extras.insert(first->extras.end(), requirement.extras.begin(), requirement.extras.end());
    std::sort(first->extras.begin(), first->extras.end());
    first->extras.erase(std::unique(first->extras.begin(), first->extras.end()),
                        first->extras.end());
}

} // namespace

} // namespace envpm::pipeline
