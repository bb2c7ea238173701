#include "universe/universe_requirements.h"

#include "base/error.h"

#include <fmt/format.h>

namespace envpm::universe {

namespace {

std::string with_specifiers(const std::string& name, const pypi::SpecifierSet& specifiers);
std::string key_of(RequirementKind kind, const std::string& text);
std::string spec_key(RequirementKind kind, const std::string& text);

} // namespace

UniverseRequirements::UniverseRequirements(const Requests& requests, UniverseTables& tables,
                                           CondaRecords* conda)
    : requests_(requests),
      tables_(tables),
      conda_(conda),
      python_slot_(tables.make_slot({{"python"}, SlotKind::python, {}, {}, true})) {}

SlotId UniverseRequirements::distribution_slot(const PackageName& name) {
    if (const auto found = tables_.find_slot(name.string())) {
        return *found;
    }
    SlotEntry slot{{name.string()}, SlotKind::distribution, name, {}};
    if (conda_ != nullptr) {
        slot.conda_name = conda_->package_of(name);
    }
    return tables_.make_slot(std::move(slot));
}

SlotId UniverseRequirements::extra_slot(const PackageName& name, const PackageName& extra) {
    const std::string text = name.string() + "[" + extra.string() + "]";
    if (const auto found = tables_.find_slot(text)) {
        return *found;
    }
    return tables_.make_slot({{text}, SlotKind::extra, name, extra});
}

SlotId UniverseRequirements::conda_slot(const std::string& name) {
    if (name == "python") {
        return python_slot_;
    }
    const auto known = conda_slots_.find(name);
    if (known != conda_slots_.end()) {
        return known->second;
    }
    SlotId slot{};
    if (name.starts_with("__")) { // a fact that the target does not have has no candidate
        const auto there = tables_.find_slot(name);
        slot =
            there ? *there : tables_.make_slot({{name}, SlotKind::virtual_package, {}, {}, true});
    } else {
        const std::vector<std::string> wanted = {name};
        conda_->load(wanted);
        const std::optional<PackageName>& project = conda_->find(name).project;
        if (project && conda_->package_of(*project) == name) {
            slot = distribution_slot(*project);
        } else {
            SlotEntry entry{{name}, SlotKind::conda, {}, {}};
            entry.conda_name = name;
            slot = tables_.make_slot(std::move(entry));
        }
    }
    conda_slots_.emplace(name, slot);
    return slot;
}

RequirementId UniverseRequirements::on_distribution(const PackageName& name,
                                                    const pypi::SpecifierSet& specifiers,
                                                    RequirementKind kind) {
    const std::string text = with_specifiers(name.string(), specifiers);
    RequirementEntry entry;
    entry.requirement = {distribution_slot(name), kind, text};
    entry.specifiers = specifiers;
    return tables_.make_requirement(key_of(kind, text), std::move(entry));
}

RequirementId UniverseRequirements::on_extra(const PackageName& name, const PackageName& extra,
                                             const pypi::SpecifierSet& specifiers) {
    const SlotId slot = extra_slot(name, extra);
    distribution_slot(name);
    RequirementEntry entry;
    entry.requirement = {slot, RequirementKind::needs,
                         with_specifiers(tables_.at(slot).slot.name, specifiers)};
    entry.specifiers = specifiers;
    const std::string key = key_of(RequirementKind::needs, entry.requirement.text);
    return tables_.make_requirement(key, std::move(entry));
}

RequirementId UniverseRequirements::on_pythons(const PythonSet& pythons, const std::string& text) {
    RequirementEntry entry;
    entry.requirement = {python_slot_, RequirementKind::needs, text};
    entry.pythons = pythons;
    std::string key = "pythons " + text;
    for (const std::size_t python : pythons) {
        key += " " + std::to_string(python);
    }
    return tables_.make_requirement(key, std::move(entry));
}

RequirementId UniverseRequirements::on_candidate(CandidateId candidate) {
    const Candidate& facts = tables_.at(candidate).candidate;
    RequirementEntry entry;
    entry.requirement = {facts.slot, RequirementKind::needs,
                         fmt::format("{} =={}", tables_.at(facts.slot).slot.name, facts.version)};
    entry.exact = candidate;
    return tables_.make_requirement(fmt::format("exactly {}", UniverseTables::index_of(candidate)),
                                    std::move(entry));
}

RequirementId UniverseRequirements::on_slot(SlotId slot) {
    RequirementEntry entry;
    entry.requirement = {slot, RequirementKind::needs, tables_.at(slot).slot.name};
    entry.is_any = true;
    return tables_.make_requirement(fmt::format("any {}", UniverseTables::index_of(slot)),
                                    std::move(entry));
}

RequirementId UniverseRequirements::on_spec(const conda::MatchSpec& spec, const std::string& text,
                                            RequirementKind kind) {
    RequirementEntry entry;
    entry.requirement = {conda_slot(*spec.exact_name()), kind, text};
    entry.spec = spec;
    return tables_.make_requirement(spec_key(kind, text), std::move(entry));
}

std::variant<RequirementId, std::string>
UniverseRequirements::on_dependency(const std::string& text, RequirementKind kind) {
    const std::string key = spec_key(kind, text);
    if (const auto known = tables_.find_requirement(key)) {
        return *known;
    }
    try {
        const conda::MatchSpec spec = conda::MatchSpec::parse(text, conda::Form::lenient);
        if (spec.exact_name() == nullptr) {
            return fmt::format("its dependency `{}` names no one package", text);
        }
        const auto& project = tables_.at(conda_slot(*spec.exact_name())).name;
        const auto replaced =
            project ? requests_.overrides.find(*project) : requests_.overrides.end();
        return replaced == requests_.overrides.end()
                   ? on_spec(spec, text, kind)
                   : on_distribution(*project, replaced->second, kind);
    } catch (const Error& error) {
        return fmt::format("its dependency `{}` cannot be read: {}", text, error.text().what);
    }
}

RequirementId UniverseRequirements::on_fact(CandidateId fact, const std::string& text) {
    RequirementEntry entry;
    entry.requirement = {tables_.at(fact).candidate.slot, RequirementKind::needs, text};
    entry.exact = fact;
    return tables_.make_requirement(key_of(RequirementKind::needs, text), std::move(entry));
}

RequirementId UniverseRequirements::on_fact(SlotId slot, const pypi::SpecifierSet& versions,
                                            RequirementKind kind, const std::string& text) {
    RequirementEntry entry;
    entry.requirement = {slot, kind, text};
    entry.specifiers = versions;
    return tables_.make_requirement(key_of(kind, text), std::move(entry));
}

RequirementId UniverseRequirements::on_cited(const PackageName& name, const std::string& specifiers,
                                             const gpu::Citation& citation) {
    const std::string text = fmt::format("{} {} [{}]", name.string(), specifiers, citation.place());
    RequirementEntry entry;
    entry.requirement = {distribution_slot(name), RequirementKind::constrains, text};
    entry.specifiers = pypi::SpecifierSet::parse(specifiers);
    return tables_.make_requirement(key_of(RequirementKind::constrains, text), std::move(entry));
}

namespace {

std::string with_specifiers(const std::string& name, const pypi::SpecifierSet& specifiers) {
    return specifiers.is_any() ? name : name + " " + specifiers.text();
}

std::string key_of(RequirementKind kind, const std::string& text) {
    return (kind == RequirementKind::needs ? "needs " : "constrains ") + text;
}

/// conda's own text can be that of a specifier, and mean something else.
std::string spec_key(RequirementKind kind, const std::string& text) {
    return (kind == RequirementKind::needs ? "spec " : "limit ") + text;
}

} // namespace

} // namespace envpm::universe
