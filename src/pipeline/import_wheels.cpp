#include "base/error.h"
#include "importers/pip_lines.h"
#include "importers/platforms.h"
#include "pipeline/import_packages.h"
#include "pypi/requirement.h"
#include "pypi/version.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace envpm::pipeline {

using importers::Imported;
using importers::ImportedWheel;

namespace {

std::vector<ImportedWheel> join_pins(const std::vector<ImportedWheel>& wheels, Remarks& remarks);
std::vector<const ImportedWheel*> pins_of_platforms(const std::vector<const ImportedWheel*>& pins);
void check_pins(const ImportedWheel& first, const ImportedWheel& second);
ImportedWheel on_all_platforms(const std::vector<const ImportedWheel*>& pins, Remarks& remarks);
pypi::Version version_of(const ImportedWheel& pin);
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
    for (const ImportedWheel& wheel : join_pins(imported.wheels, remarks)) {
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

/// A manifest has one requirement a name, so the pins of a package, one for each platform, become
/// one for all. In a file that has pins every wheel is one.
std::vector<ImportedWheel> join_pins(const std::vector<ImportedWheel>& wheels, Remarks& remarks) {
    std::vector<ImportedWheel> joined;
    std::vector<PackageName> order;
    std::map<PackageName, std::vector<const ImportedWheel*>> by_name;
    for (const ImportedWheel& wheel : wheels) {
        if (!wheel.is_pin) {
            joined.push_back(wheel);
            continue;
        }
        const PackageName name = parse(wheel).name;
        std::vector<const ImportedWheel*>& same = by_name[name];
        if (same.empty()) {
            order.push_back(name);
        }
        same.push_back(&wheel);
    }
    for (const PackageName& name : order) {
        const std::vector<const ImportedWheel*> pins = pins_of_platforms(by_name.at(name));
        joined.push_back(pins.size() == 1 ? *pins.front() : on_all_platforms(pins, remarks));
    }
    return joined;
}

/// One for each platform, or one for all of them.
std::vector<const ImportedWheel*> pins_of_platforms(const std::vector<const ImportedWheel*>& pins) {
    std::vector<const ImportedWheel*> kept;
    for (const ImportedWheel* const pin : pins) {
        bool is_known = false;
        for (const ImportedWheel* const other : kept) {
            if (!other->platform || !pin->platform || other->platform == pin->platform) {
                check_pins(*other, *pin);
                is_known = true;
            }
        }
        if (!is_known) {
            kept.push_back(pin);
        }
    }
    return kept;
}

/// Two versions of one package cannot stand in one environment.
void check_pins(const ImportedWheel& first, const ImportedWheel& second) {
    if (version_of(first) != version_of(second)) {
        throw Error({fmt::format("`{}` is pinned twice: to {} at {}, and here to {}",
                                 parse(second).name.string(), version_of(first).text(),
                                 first.location.text(), version_of(second).text()),
                     second.location.text(),
                     "an environment has one version of a package: remove one of the two"});
    }
}

/// Local versions tell builds of one release apart, and bounds have none (PEP 440).
ImportedWheel on_all_platforms(const std::vector<const ImportedWheel*>& pins, Remarks& remarks) {
    ImportedWheel wheel = *pins.front();
    wheel.platform.reset();
    const auto [low, high] =
        std::minmax_element(pins.begin(), pins.end(), [](const auto* one, const auto* other) {
            return version_of(*one) < version_of(*other);
        });
    if (version_of(**low) == version_of(**high)) {
        return wheel;
    }
    const std::string name = parse(wheel).name.string();
    const std::string lowest = version_of(**low).public_text();
    const std::string highest = version_of(**high).public_text();
    wheel.text = lowest == highest ? fmt::format("{}=={}", name, lowest)
                                   : fmt::format("{}>={},<={}", name, lowest, highest);
    remarks.changed.push_back(
        {wheel.location, fmt::format("version of `{}`", name),
         "it is another one on each platform, and a requirement counts on every target"});
    return wheel;
}

/// What stands behind its `==`.
pypi::Version version_of(const ImportedWheel& pin) {
    const auto version = pypi::Version::parse(pin.text.substr(pin.text.find("==") + 2));
    if (!version) {
        throw Error({fmt::format("`{}` names no version", pin.text), pin.location.text(),
                     "lock again with the tool that wrote the file"});
    }
    return *version;
}

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
