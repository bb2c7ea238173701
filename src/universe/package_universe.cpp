#include "universe/package_universe.h"

#include "base/assert.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::universe {

PackageUniverse::PackageUniverse(UniverseRequest request, Listings& listings, CondaRecords* conda)
    : request_(std::move(request)),
      pythons_(request_.target, request_.pythons),
      listings_(listings),
      conda_(conda),
      requirements_(request_.requests, tables_, conda),
      gpu_(request_, listings, tables_, requirements_) {
    add_pythons();
    for (const Request& wanted : request_.requests.packages) {
        wheels_only_.insert(wanted.name);
    }
    if (conda_ != nullptr) {
        add_virtual_packages();
        add_conda_roots();
    }
    add_roots();
    add_constraints();
    const std::vector<RequirementId> limits = gpu_.limits();
    constraints_.insert(constraints_.end(), limits.begin(), limits.end());
}

const pypi::WheelCandidate* PackageUniverse::wheel(CandidateId candidate) const {
    const CandidateEntry& entry = at(candidate);
    const SlotEntry& slot = at(entry.candidate.slot);
    const bool is_wheel = slot.kind == SlotKind::distribution && entry.package == nullptr;
    return is_wheel ? &slot.list.wheels[entry.index] : nullptr;
}

const pypi::WheelCandidate* PackageUniverse::archive(CandidateId candidate) const {
    return wheel(base_of(candidate));
}

const CondaCandidate* PackageUniverse::package(CandidateId candidate) const {
    return at(candidate).package;
}

const Listing& PackageUniverse::listing(CandidateId candidate) const {
    return listings_.find(*at(at(candidate).candidate.slot).name);
}

const Listings::Description& PackageUniverse::description(CandidateId candidate) const {
    ENVPM_ASSERT(at(candidate).description != nullptr);
    return *at(candidate).description;
}

const pypi::PythonChoice* PackageUniverse::python(CandidateId candidate) const {
    const CandidateEntry& entry = at(candidate);
    return entry.candidate.slot == requirements_.python_slot() ? &pythons_.choices()[entry.index]
                                                               : nullptr;
}

const PackageName* PackageUniverse::extra(CandidateId candidate) const {
    const SlotEntry& slot = at(at(candidate).candidate.slot);
    return slot.extra ? &*slot.extra : nullptr;
}

const std::string& PackageUniverse::problem(CandidateId candidate) const {
    return at(candidate).problem;
}

const PackageName* PackageUniverse::distribution(SlotId slot) const {
    const SlotEntry& entry = at(slot);
    return entry.name ? &*entry.name : nullptr;
}

const pypi::Exclusions& PackageUniverse::exclusions(SlotId slot) const {
    return at(slot).list.exclusions;
}

const CondaListing* PackageUniverse::conda_listing(SlotId slot) const {
    return at(slot).conda_list;
}

const Slot& PackageUniverse::slot(SlotId slot) const {
    return at(slot).slot;
}

const Candidate& PackageUniverse::candidate(CandidateId candidate) const {
    return at(candidate).candidate;
}

const Requirement& PackageUniverse::requirement(RequirementId requirement) const {
    return at(requirement).requirement;
}

std::span<const CandidateId> PackageUniverse::candidates(SlotId slot) const {
    return at(slot).candidates;
}

bool PackageUniverse::is_unfit(CandidateId candidate) const {
    return at(candidate).is_unfit;
}

bool PackageUniverse::is_described(CandidateId candidate) const {
    return at(candidate).is_described;
}

bool PackageUniverse::is_usable(CandidateId candidate) const {
    return at(candidate).problem.empty();
}

std::span<const Dependency> PackageUniverse::dependencies(CandidateId candidate) const {
    return at(candidate).dependencies;
}

void PackageUniverse::list(std::span<const SlotId> slots) {
    list_conda(slots);
    std::vector<PackageName> names;
    for (const SlotId id : slots) {
        const SlotEntry& slot = at(id);
        if (!slot.is_listed && slot.name &&
            may_have_wheels(at(requirements_.distribution_slot(*slot.name)))) {
            names.push_back(*slot.name);
        }
    }
    listings_.load(names);
    for (const SlotId id : slots) {
        SlotEntry& slot = at(id);
        if (!slot.is_listed && slot.kind != SlotKind::extra) {
            list_distribution(slot, id);
        }
    }
    for (const SlotId id : slots) {
        SlotEntry& slot = at(id);
        if (!slot.is_listed) {
            list_extra(slot, id);
        }
    }
}

void PackageUniverse::describe(std::span<const CandidateId> candidates) {
    load_dependencies(candidates);
    std::vector<CandidateId> open;
    std::vector<const pypi::WheelFile*> wheels;
    for (const CandidateId id : candidates) {
        if (at(id).is_described) {
            continue;
        }
        const CandidateId base = base_of(id);
        if (at(base).package == nullptr) {
            open.push_back(id);
            wheels.push_back(wheel(base)->file);
        } else if (base == id) {
            describe_package(at(id));
        } else { // a conda package has no extras: it is what there is
            at(id).is_described = true;
            at(id).dependencies = {{requirements_.on_candidate(base), std::nullopt}};
        }
    }
    const std::vector<const Listings::Description*> descriptions = listings_.describe(wheels);
    for (std::size_t i = 0; i < open.size(); ++i) {
        if (!at(open[i]).is_described) {
            describe_one(open[i], *descriptions[i]);
        }
    }
}

std::span<const CandidateId> PackageUniverse::matches(RequirementId requirement) {
    RequirementEntry& entry = at(requirement);
    if (entry.is_matched) {
        return entry.matches;
    }
    ENVPM_ASSERT(at(entry.requirement.slot).is_listed);
    entry.matches = find_matches(entry);
    entry.is_matched = true;
    return entry.matches;
}

bool PackageUniverse::is_wheel_asked(SlotId slot) const {
    return may_have_wheels(at(slot));
}

void PackageUniverse::add_roots() {
    const Request& python = request_.requests.python;
    std::vector<Dependency> conditional;
    for (const Request& request : request_.requests.packages) {
        const PythonSet holds = pythons_.where(request.marker, {}, pythons_.all());
        std::vector<RequirementId> needs;
        needs.push_back(requirements_.on_distribution(request.name, request.specifiers,
                                                      RequirementKind::needs));
        for (const PackageName& extra : request.extras) {
            needs.push_back(requirements_.on_extra(request.name, extra, request.specifiers));
        }
        for (const RequirementId need : needs) {
            at(need).asked.wheels = &request;
            if (holds == pythons_.all()) {
                roots_.push_back(need);
            } else if (!holds.empty()) {
                conditional.push_back(
                    {need, requirements_.on_pythons(holds, request.marker.text())});
            }
        }
    }
    if (!conditional.empty()) {
        add_manifest_slot(std::move(conditional));
    }
    if (conda_ != nullptr && request_.requests.packages.empty()) {
        return; // what needs a Python asks for it itself
    }
    // Last: newer packages count more than a newer interpreter.
    const RequirementId on_python =
        requirements_.on_pythons(pythons_.in(python.specifiers), python.text());
    at(on_python).asked.wheels = &python;
    roots_.push_back(on_python);
}

void PackageUniverse::add_manifest_slot(std::vector<Dependency> conditional) {
    SlotEntry entry{{"the manifest"}, SlotKind::manifest, {}, {}, true};
    const CandidateId all = tables_.add_candidate(tables_.make_slot(std::move(entry)), "", 0, 0);
    at(all).is_described = true;
    at(all).dependencies = std::move(conditional);
    roots_.push_back(requirements_.on_candidate(all));
}

void PackageUniverse::add_constraints() {
    for (const Request& request : request_.requests.constraints) {
        const PythonSet holds = pythons_.where(request.marker, {}, pythons_.all());
        if (!holds.empty()) {
            const RequirementId id = requirements_.on_distribution(request.name, request.specifiers,
                                                                   RequirementKind::constrains);
            at(id).asked.wheels = &request;
            constraints_.push_back(id);
        }
    }
}

RequirementId PackageUniverse::relaxed(RequirementId requirement) {
    const SlotEntry& slot = at(at(requirement).requirement.slot);
    switch (slot.kind) {
    case SlotKind::python:
        return requirements_.on_pythons(pythons_.all(), "python");
    case SlotKind::extra:
        return requirements_.on_extra(*slot.name, *slot.extra, {});
    case SlotKind::distribution:
    case SlotKind::conda:
        return requirements_.on_slot(at(requirement).requirement.slot);
    case SlotKind::virtual_package:
    case SlotKind::fact:
    case SlotKind::manifest:
        break;
    }
    return requirement;
}

void PackageUniverse::list_extra(SlotEntry& slot, SlotId id) {
    const SlotId base_id = *tables_.find_slot(slot.name->string());
    if (!at(base_id).is_listed) {
        list_distribution(at(base_id), base_id);
    }
    slot.is_listed = true;
    const SlotEntry& base = at(base_id);
    for (std::size_t i = 0; i < base.candidates.size(); ++i) {
        const Candidate& facts = at(base.candidates[i]).candidate;
        tables_.add_candidate(id, facts.version, facts.release, i);
    }
}

/// The wheel behind an extra; a wheel is its own base.
CandidateId PackageUniverse::base_of(CandidateId candidate) const {
    const CandidateEntry& entry = at(candidate);
    const SlotEntry& slot = at(entry.candidate.slot);
    return slot.kind == SlotKind::extra
               ? at(*tables_.find_slot(slot.name->string())).candidates.at(entry.index)
               : candidate;
}

void PackageUniverse::describe_one(CandidateId id, const Listings::Description& description) {
    CandidateEntry& entry = at(id);
    entry.is_described = true;
    entry.description = &description;
    if (!entry.is_unfit) {
        entry.problem = description.problem;
    }
    if (!description.metadata) {
        return;
    }
    const CandidateId base = base_of(id);
    if (base == id) {
        add_wheel_dependencies(entry, *description.metadata);
    } else {
        add_extra_dependencies(entry, base, *description.metadata);
    }
}

void PackageUniverse::add_wheel_dependencies(CandidateEntry& entry,
                                             const pypi::Metadata& metadata) {
    const pypi::WheelCandidate& wheel = at(entry.candidate.slot).list.wheels[entry.index];
    PythonSet possible = wheel.pythons;
    if (!metadata.requires_python.empty()) {
        const PythonSet named = pythons_.in(entry.description->requires_python);
        std::erase_if(possible, [&](std::size_t python) {
            return !std::binary_search(named.begin(), named.end(), python);
        });
    }
    if (possible != pythons_.all() || !request_.conda_pythons.empty()) {
        const std::string text = metadata.requires_python.empty()
                                     ? "a Python that its wheel fits"
                                     : "python " + metadata.requires_python;
        entry.dependencies.push_back({requirements_.on_pythons(possible, text), std::nullopt});
    }
    for (const pypi::Requirement& requirement : metadata.requires_dist) {
        const PythonSet holds = pythons_.where(requirement.marker, {}, possible);
        if (!holds.empty() && !requirement.url.empty()) {
            entry.problem = fmt::format("it needs `{}` from a URL", requirement.name.string());
            return;
        }
        add_dependency(entry.dependencies, requirement, holds, possible);
    }
    gpu_.add_to(entry, told_cuda(metadata, pythons_, possible));
}

void PackageUniverse::add_extra_dependencies(CandidateEntry& entry, CandidateId base,
                                             const pypi::Metadata& metadata) {
    const PackageName& extra = *at(entry.candidate.slot).extra;
    const PythonSet& possible = wheel(base)->pythons;
    entry.dependencies.push_back({requirements_.on_candidate(base), std::nullopt});
    for (const pypi::Requirement& requirement : metadata.requires_dist) {
        if (!requirement.marker.names_extra()) {
            continue;
        }
        const PythonSet holds = pythons_.where(requirement.marker, {extra}, possible);
        if (!holds.empty() && !requirement.url.empty()) {
            entry.problem = fmt::format("it needs `{}` from a URL", requirement.name.string());
            return;
        }
        add_dependency(entry.dependencies, requirement, holds, possible);
    }
}

/// `holds`: the Pythons for which the marker is true, out of those `possible` for the candidate.
void PackageUniverse::add_dependency(std::vector<Dependency>& out,
                                     const pypi::Requirement& requirement, const PythonSet& holds,
                                     const PythonSet& possible) {
    if (holds.empty()) {
        return;
    }
    std::optional<RequirementId> when;
    if (holds != possible) {
        when = requirements_.on_pythons(holds, requirement.marker.text());
    }
    const auto replaced = request_.requests.overrides.find(requirement.name);
    const pypi::SpecifierSet& specifiers =
        replaced == request_.requests.overrides.end() ? requirement.specifiers : replaced->second;
    out.push_back(
        {requirements_.on_distribution(requirement.name, specifiers, RequirementKind::needs),
         when});
    for (const PackageName& extra : requirement.extras) {
        out.push_back({requirements_.on_extra(requirement.name, extra, specifiers), when});
    }
}

bool holds(const Dependency& dependency, PackageUniverse& universe,
           const std::set<CandidateId>& chosen) {
    if (!dependency.when) {
        return true;
    }
    const std::span<const CandidateId> matches = universe.matches(*dependency.when);
    return std::any_of(matches.begin(), matches.end(),
                       [&](CandidateId id) { return chosen.contains(id); });
}

} // namespace envpm::universe
