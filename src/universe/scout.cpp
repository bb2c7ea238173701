#include "universe/scout.h"

#include <algorithm>
#include <utility>

namespace envpm::universe {

Scout::Scout(PackageUniverse& universe, Listings& listings,
             std::map<PackageName, std::string> preferred)
    : universe_(universe),
      listings_(listings),
      preferred_(std::move(preferred)) {}

void Scout::run(const std::vector<PackageName>& names) {
    Listings::Leads first = begin();
    first.names.insert(first.names.begin(), names.begin(), names.end());
    listings_.explore(first, *this);
}

Listings::Leads Scout::begin() {
    for (const RequirementId constraint : universe_.constraints()) {
        asked_[universe_.requirement(constraint).slot].insert(constraint);
    }
    for (const RequirementId root : universe_.roots()) {
        need(root);
    }
    look_again();
    return std::exchange(leads_, {});
}

Listings::Leads Scout::after_page(const PackageName& name) {
    const auto waiting = waiting_for_page_.extract(name);
    if (!waiting.empty()) {
        open_.insert(open_.end(), waiting.mapped().begin(), waiting.mapped().end());
    }
    look_again();
    lead_to_preferred(name);
    return std::exchange(leads_, {});
}

Listings::Leads Scout::after_metadata(const pypi::WheelFile& wheel) {
    const auto waiting = waiting_for_metadata_.extract(wheel.url);
    if (!waiting.empty()) {
        for (const CandidateId candidate : waiting.mapped()) {
            follow(candidate);
        }
    }
    look_again();
    return std::exchange(leads_, {});
}

/// Nothing may have named it yet, but it was needed before.
void Scout::lead_to_preferred(const PackageName& name) {
    const auto preferred = preferred_.find(name);
    if (preferred == preferred_.end()) {
        return;
    }
    const SlotId slot = universe_.distribution_slot(name);
    universe_.list(std::vector<SlotId>{slot});
    for (const CandidateId candidate : universe_.candidates(slot)) {
        if (universe_.candidate(candidate).version == preferred->second) {
            leads_.wheels.push_back(*universe_.wheel(candidate)->file);
        }
    }
}

void Scout::need(RequirementId requirement) {
    const SlotId slot = universe_.requirement(requirement).slot;
    if (asked_[slot].insert(requirement).second) {
        open_.push_back(slot);
    }
}

void Scout::look_again() {
    while (!open_.empty()) {
        const SlotId slot = open_.back();
        open_.pop_back();
        consider(slot);
    }
}

void Scout::consider(SlotId slot) {
    if (const PackageName* name = universe_.distribution(slot)) {
        if (!listings_.is_loaded(*name)) {
            waiting_for_page_[*name].insert(slot);
            leads_.names.push_back(*name);
            return;
        }
        universe_.list(std::vector<SlotId>{slot});
    }
    const std::optional<CandidateId> choice = choose(slot);
    const auto before = chosen_.find(slot);
    if (!choice || (before != chosen_.end() && before->second == *choice)) {
        return;
    }
    chosen_.insert_or_assign(slot, *choice);
    const pypi::WheelCandidate* wheel = universe_.archive(*choice);
    if (wheel != nullptr && !listings_.is_described(*wheel->file)) {
        waiting_for_metadata_[wheel->file->url].insert(*choice);
        leads_.wheels.push_back(*wheel->file);
    } else {
        follow(*choice);
    }
}

void Scout::follow(CandidateId candidate) {
    universe_.describe(std::vector<CandidateId>{candidate});
    if (!universe_.is_usable(candidate)) {
        open_.push_back(universe_.candidate(candidate).slot); // the next best
        return;
    }
    for (const Dependency& dependency : universe_.dependencies(candidate)) {
        if (holds(dependency.when)) {
            need(dependency.need);
        }
    }
}

std::optional<CandidateId> Scout::choose(SlotId slot) {
    const std::span<const CandidateId> candidates = universe_.candidates(slot);
    const PackageName* name = universe_.distribution(slot);
    const auto preferred = name != nullptr ? preferred_.find(*name) : preferred_.end();
    std::optional<CandidateId> newest;
    for (std::size_t i = candidates.size(); i-- > 0;) {
        const bool is_preferred = preferred == preferred_.end() ||
                                  universe_.candidate(candidates[i]).version == preferred->second;
        if ((newest && !is_preferred) || !matches_all(slot, candidates[i])) {
            continue;
        }
        newest = newest.value_or(candidates[i]);
        if (is_preferred) {
            return candidates[i];
        }
    }
    return newest;
}

bool Scout::matches_all(SlotId slot, CandidateId candidate) {
    const std::set<RequirementId>& asked = asked_[slot];
    return universe_.is_usable(candidate) &&
           std::all_of(asked.begin(), asked.end(), [&](RequirementId requirement) {
               const std::span<const CandidateId> matches = universe_.matches(requirement);
               return std::binary_search(matches.begin(), matches.end(), candidate);
           });
}

/// For the Python that comes first; conditions on anything else there are none.
bool Scout::holds(const std::optional<RequirementId>& condition) {
    if (!condition) {
        return true;
    }
    const std::span<const CandidateId> pythons =
        universe_.candidates(universe_.requirement(*condition).slot);
    const std::span<const CandidateId> matches = universe_.matches(*condition);
    return std::find(matches.begin(), matches.end(), pythons.back()) != matches.end();
}

} // namespace envpm::universe
