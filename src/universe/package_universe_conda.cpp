// The conda side of the universe: slots, requirements and descriptions of conda packages.

#include "base/assert.h"
#include "base/error.h"
#include "universe/package_universe.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::universe {

namespace {

bool may_be_offered(const pypi::WheelCandidate* wheel, const UniverseRequest& request);
std::vector<pypi::SpecifierSet> pins_of(const PackageName& name, const Requests& requests,
                                        const UniversePythons& pythons);
std::string_view name_in(std::string_view dependency);
void add_names(const std::vector<std::string>& dependencies, std::vector<std::string>& names);

} // namespace

void PackageUniverse::add_pythons() {
    const SlotId slot = requirements_.python_slot();
    for (const CondaPython& python : request_.conda_pythons) {
        const CondaCandidate& package = *python.package;
        const CandidateId id = tables_.add_candidate(slot, package.record->version_text,
                                                     package.release, python.choice);
        at(id).package = &package;
    }
    if (!request_.conda_pythons.empty()) {
        at(slot).conda_list = &conda_->find("python");
        return;
    }
    for (std::size_t i = 0; i < pythons_.choices().size(); ++i) {
        const auto release = static_cast<std::uint32_t>(pythons_.choices().size() - 1 - i);
        const CandidateId id =
            tables_.add_candidate(slot, pythons_.choices()[i].version, release, i);
        at(id).is_described = true;
    }
}

/// What the target declares is a root: what constrains it must find it there. What it leaves open
/// is chosen only if something needs it.
void PackageUniverse::add_virtual_packages() {
    virtual_packages_ = virtual_packages(request_.target, request_.machine);
    for (std::size_t i = 0; i < virtual_packages_.size(); ++i) {
        const VirtualPackage& package = virtual_packages_[i];
        const auto known = tables_.find_slot(package.name);
        const SlotId slot =
            known ? *known
                  : tables_.make_slot({{package.name}, SlotKind::virtual_package, {}, {}, true});
        const CandidateId id = tables_.add_candidate(slot, package.version.text(), 0, i);
        at(id).is_described = true;
        if (!package.is_open) {
            roots_.push_back(requirements_.on_candidate(id));
        }
    }
}

void PackageUniverse::add_conda_roots() {
    std::vector<std::string> names;
    for (const CondaRequest& request : request_.requests.conda) {
        names.push_back(request.name.string());
    }
    conda_->load(names);
    std::optional<RequirementId> on_python;
    for (const CondaRequest& request : request_.requests.conda) {
        const SlotId slot = requirements_.conda_slot(request.name.string());
        if (const auto& project = at(slot).name) {
            if (wheels_only_.contains(*project)) {
                throw Error({fmt::format("`{}` is asked for as a conda package and as a wheel",
                                         project->string()),
                             request.location.text(),
                             "leave it under `[dependencies]` or under `[pypi-dependencies]`"});
            }
            conda_only_.insert(*project);
        }
        const RequirementId id =
            requirements_.on_spec(request.spec, request.text(), RequirementKind::needs);
        at(id).asked.packages = &request;
        if (slot == requirements_.python_slot()) {
            on_python = id;
        } else {
            roots_.push_back(id);
        }
    }
    // Last: newer packages count more than a newer interpreter.
    if (on_python) {
        roots_.push_back(*on_python);
    }
}

/// What the channels have of these slots, in one batch.
void PackageUniverse::list_conda(std::span<const SlotId> slots) {
    if (conda_ == nullptr) {
        return;
    }
    std::vector<SlotId> open;
    std::vector<std::string> names;
    for (const SlotId id : slots) {
        const SlotEntry& slot = at(id);
        const SlotId base =
            slot.kind == SlotKind::extra ? requirements_.distribution_slot(*slot.name) : id;
        if (at(base).conda_list == nullptr && !at(base).conda_name.empty()) {
            open.push_back(base);
            names.push_back(at(base).conda_name);
        }
    }
    conda_->load(names);
    for (const SlotId id : open) {
        at(id).conda_list = &conda_->find(at(id).conda_name);
    }
}

/// In ascending order of preference: the wheels stand below the conda packages.
void PackageUniverse::list_distribution(SlotEntry& slot, SlotId id) {
    slot.is_listed = true;
    const std::vector<CondaCandidate> none;
    const bool has_packages =
        slot.conda_list != nullptr && !(slot.name && wheels_only_.contains(*slot.name));
    const std::vector<CondaCandidate>& packages = has_packages ? slot.conda_list->candidates : none;
    const std::uint32_t releases = packages.empty() ? 0 : packages.front().release + 1;
    if (slot.name && may_have_wheels(slot)) {
        slot.list = find_wheels(*slot.name);
        for (std::size_t i = 0; i < slot.list.wheels.size(); ++i) {
            const pypi::WheelCandidate& wheel = slot.list.wheels[i];
            gpu_.judge(at(tables_.add_candidate(id, wheel.file->wheel.version.text(),
                                                wheel.release + releases, i)));
        }
    }
    for (const CondaCandidate& package : packages) {
        const CandidateId candidate =
            tables_.add_candidate(id, package.record->version_text, package.release, 0);
        at(candidate).package = &package;
        gpu_.judge(at(candidate));
    }
}

pypi::CandidateList PackageUniverse::find_wheels(const PackageName& name) {
    if (request_.found != nullptr) {
        auto known = request_.found->extract(name);
        if (!known.empty()) {
            return std::move(known.mapped());
        }
    }
    if (!finder_) {
        finder_.emplace(
            pypi::CandidateRequest{request_.target, pythons_.choices(), request_.exclude_newer});
    }
    pypi::CandidateList list = finder_->find(listings_.find(name).page);
    if (request_.found != nullptr) {
        request_.found->emplace(name, list);
    }
    return list;
}

/// The first source that has a distribution serves it, even if none of its files can be used: a
/// package of the same name elsewhere may be another's. An environment that asks for no wheel asks
/// no index.
bool PackageUniverse::may_have_wheels(const SlotEntry& slot) const {
    if (!slot.name) {
        return false;
    }
    if (conda_ == nullptr || wheels_only_.contains(*slot.name)) {
        return true;
    }
    if (conda_only_.contains(*slot.name) || request_.requests.packages.empty()) {
        return false;
    }
    ENVPM_ASSERT(slot.conda_list != nullptr);
    const CondaListing& list = *slot.conda_list;
    const bool is_served = list.is_python_distribution || list.has_only_unusable();
    return !is_served || request_.channel_priority == ChannelPriority::flexible;
}

/// Every name that the conda packages among these depend on, in one batch.
void PackageUniverse::load_dependencies(std::span<const CandidateId> candidates) {
    std::vector<std::string> names;
    for (const CandidateId id : candidates) {
        const CondaCandidate* package = at(id).package;
        if (package == nullptr || at(id).is_described) {
            continue;
        }
        add_names(package->record->depends, names);
        add_names(package->record->constrains, names);
    }
    if (!names.empty()) {
        conda_->load(names);
    }
}

/// A record whose dependencies cannot be read is no candidate.
void PackageUniverse::describe_package(CandidateEntry& entry) {
    entry.is_described = true;
    const conda::Record& record = *entry.package->record;
    const auto add = [&](const std::vector<std::string>& texts, RequirementKind kind) {
        for (const std::string& text : texts) {
            auto found = requirements_.on_dependency(text, kind);
            if (const auto* const requirement = std::get_if<RequirementId>(&found)) {
                entry.dependencies.push_back({*requirement, std::nullopt});
            } else {
                entry.problem = std::move(std::get<std::string>(found));
            }
        }
    };
    add(record.depends, RequirementKind::needs);
    add(record.constrains, RequirementKind::constrains);
    gpu_.add_to(entry, told_cuda(record));
}

std::vector<CandidateId> PackageUniverse::find_matches(const RequirementEntry& entry) {
    const SlotEntry& slot = at(entry.requirement.slot);
    std::vector<CandidateId> out;
    if (entry.exact) {
        return {*entry.exact};
    }
    if (entry.pythons || entry.spec) {
        std::copy_if(slot.candidates.begin(), slot.candidates.end(), std::back_inserter(out),
                     [&](CandidateId id) {
                         return entry.spec ? matches(id, *entry.spec)
                                           : std::binary_search(entry.pythons->begin(),
                                                                entry.pythons->end(), at(id).index);
                     });
        return out;
    }
    if (slot.kind == SlotKind::manifest) {
        return slot.candidates;
    }
    if (entry.is_any) {
        std::copy_if(slot.candidates.begin(), slot.candidates.end(), std::back_inserter(out),
                     [this](CandidateId id) { return may_be_offered(wheel(id), request_); });
        return out;
    }
    if (slot.kind == SlotKind::fact) {
        std::copy_if(slot.candidates.begin(), slot.candidates.end(), std::back_inserter(out),
                     [&](CandidateId id) {
                         const auto version = pypi::Version::parse(at(id).candidate.version);
                         return version && entry.specifiers.contains(*version);
                     });
        return out;
    }
    const SlotEntry& base = at(*tables_.find_slot(slot.name->string()));
    const bool is_named = request_.requests.named_prereleases.contains(*slot.name);
    for (const std::size_t index :
         pypi::matching(base.list.wheels, entry.specifiers, request_.prereleases, is_named,
                        pins_of(*slot.name, request_.requests, pythons_))) {
        out.push_back(slot.candidates[index]);
    }
    for (std::size_t i = base.list.wheels.size(); i < base.candidates.size(); ++i) {
        if (matches(base.candidates[i], entry.specifiers)) {
            out.push_back(slot.candidates[i]);
        }
    }
    return out;
}

PythonSet PackageUniverse::pythons_without_stable() const {
    std::set<std::size_t> without;
    for (const RequirementEntry& entry : tables_.requirements()) {
        const SlotEntry& slot = at(entry.requirement.slot);
        const bool is_of_wheels = entry.is_matched && !entry.exact && !entry.pythons &&
                                  !entry.spec && !entry.is_any && slot.name;
        if (!is_of_wheels || request_.prereleases != Prereleases::if_necessary ||
            request_.requests.named_prereleases.contains(*slot.name)) {
            continue;
        }
        const std::vector<pypi::WheelCandidate>& wheels =
            at(*tables_.find_slot(slot.name->string())).list.wheels;
        const auto pythons_with = [&](Prereleases prereleases) {
            std::set<std::size_t> pythons;
            for (const std::size_t i :
                 pypi::matching(wheels, entry.specifiers, prereleases, false,
                                pins_of(*slot.name, request_.requests, pythons_))) {
                pythons.insert(wheels[i].pythons.begin(), wheels[i].pythons.end());
            }
            return pythons;
        };
        const std::set<std::size_t> served = pythons_with(Prereleases::if_necessary);
        for (const std::size_t python : pythons_with(Prereleases::allow)) {
            if (!served.contains(python)) {
                without.insert(python);
            }
        }
    }
    return {without.begin(), without.end()};
}

/// The slot has the name that the spec asks for. A wheel and a Python of the host have no build:
/// what asks for one wants a conda package.
bool PackageUniverse::matches(CandidateId id, const conda::MatchSpec& spec) const {
    const CandidateEntry& entry = at(id);
    const bool has_only_version = !spec.build && !spec.build_number && spec.fields.empty();
    if (entry.package != nullptr && has_only_version) {
        return !spec.version || spec.version->matches(entry.package->record->version);
    }
    if (entry.package != nullptr) {
        return entry.package->matches(spec);
    }
    const SlotEntry& slot = at(entry.candidate.slot);
    if (slot.kind == SlotKind::virtual_package) {
        return virtual_packages_[entry.index].matches(spec);
    }
    if (!has_only_version) {
        return false;
    }
    const auto version = conda::Version::parse(entry.candidate.version);
    const bool is_stable = slot.kind == SlotKind::python ||
                           !slot.list.wheels[entry.index].file->wheel.version.is_prerelease();
    return version && is_stable && (!spec.version || spec.version->matches(*version));
}

/// What a wheel needs is met by a conda package that is for Python, if its version is one of PEP
/// 440.
bool PackageUniverse::matches(CandidateId id, const pypi::SpecifierSet& specifiers) const {
    const CandidateEntry& entry = at(id);
    const SlotEntry& slot = at(entry.candidate.slot);
    if (!slot.conda_list->is_python_distribution) {
        return false;
    }
    const auto version = pypi::Version::parse(entry.candidate.version);
    if (version && version->is_prerelease() && request_.prereleases == Prereleases::never) {
        return false;
    }
    return specifiers.is_any() || (version && specifiers.contains(*version));
}

namespace {

/// Those whose marker holds for one of the Pythons.
std::vector<pypi::SpecifierSet> pins_of(const PackageName& name, const Requests& requests,
                                        const UniversePythons& pythons) {
    std::vector<pypi::SpecifierSet> here;
    const auto pins = requests.pins.find(name);
    if (pins == requests.pins.end()) {
        return here;
    }
    for (const Pin& pin : pins->second) {
        if (pin.marker.is_always() || !pythons.where(pin.marker, {}, pythons.all()).empty()) {
            here.push_back(pin.specifiers);
        }
    }
    return here;
}

/// False for a wheel that a line which is no pin never gets: an offer of it would not solve.
bool may_be_offered(const pypi::WheelCandidate* wheel, const UniverseRequest& request) {
    return wheel == nullptr ||
           (!wheel->file->is_yanked && (request.prereleases != Prereleases::never ||
                                        !wheel->file->wheel.version.is_prerelease()));
}

/// "libfoo" of "libfoo >=1.2,<2" and of "libfoo>=1.2"; the channel before it is left off.
std::string_view name_in(std::string_view dependency) {
    const std::size_t colons = dependency.rfind("::");
    if (colons != std::string_view::npos) {
        dependency.remove_prefix(colons + 2);
    }
    const std::size_t begin = std::min(dependency.find_first_not_of(' '), dependency.size());
    dependency.remove_prefix(begin);
    return dependency.substr(0, dependency.find_first_of(" =<>!~[,"));
}

/// Those of packages that channels may have.
void add_names(const std::vector<std::string>& dependencies, std::vector<std::string>& names) {
    for (const std::string& text : dependencies) {
        const std::string_view name = name_in(text);
        if (!name.empty() && !name.starts_with("__")) {
            names.emplace_back(name);
        }
    }
}

} // namespace

} // namespace envpm::universe
