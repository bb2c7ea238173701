// The order encoding.
//
// libsolv makes a rule for every pair of candidates of one name and a long rule for every
// requirement: quadratic in the number of versions, and hard to search. Here each slot X gets a
// ladder of markers instead, and everything about X is said with a few of its rungs:
//
//   any(X)             needs one of X's candidates: the only rule that asks for a decision
//   at_least(X, k)     needs at_least(X, k - 1), the lowest rung any(X)
//   candidate of rank k needs at_least(X, k), conflicts with at_least(X, k + 1), so that two
//                      candidates exclude each other by way of the ladder; the lowest needs any(X)
//   requirement        needs any(X) and at_least(X, lowest match), conflicts with
//                      at_least(X, highest match + 1) and with the candidates between (holes)
//   constraint         the same, but without any(X), and the lower bound only holds if any(X):
//                      two constraints that exclude each other are fine while X is absent
//   condition          each matching candidate needs inside(condition); a dependency with it needs
//                      (requirement if inside(condition))
//
// The candidates of a slot do not provide their own name: libsolv would pair them again.
// libsolv decides the solvable with the highest id first, so `any` markers come from blocks that
// are used downwards: slots that were met earlier are decided earlier.

#include "solver/encode.h"

#include "base/assert.h"

#include <fmt/format.h>

#include <span>

namespace envpm::solver {

namespace {

constexpr std::size_t any_block = 1024;

Solvable offset(Solvable first, std::size_t by) {
    return Solvable{static_cast<int>(first) + static_cast<int>(by)};
}

template <class Id, class Value> std::optional<Value> find(const IdMap<Id, Value>& map, Id id);

} // namespace

void Encoding::add_slot(SlotId slot) {
    ENVPM_ASSERT(universe_.is_listed(slot));
    if (slots_.contains(slot)) {
        return;
    }
    const std::span<const CandidateId> candidates = universe_.candidates(slot);
    SlotRules rules = new_ladder(candidates.size());
    const Dep name = pool_.dep(fmt::format("slot@{}", names_++));
    const Solvable first = candidates.empty() ? Solvable{} : pool_.add(candidates.size());
    for (std::size_t rank = 0; rank < candidates.size(); ++rank) {
        const Solvable solvable = offset(first, rank);
        rules.candidates.push_back(solvable);
        places_[candidates[rank]] = {solvable, rank};
        candidate_of_[solvable] = candidates[rank];
        add_candidate(rules, name, rank);
    }
    slots_[slot] = std::move(rules);
    Waiting waiting;
    std::swap(waiting, waiting_[slot]);
    for (const auto& [candidate, dependency] : waiting) {
        add_dependency(candidate, dependency);
    }
}

void Encoding::add_dependencies(CandidateId candidate) {
    ENVPM_ASSERT(universe_.is_described(candidate));
    if (!universe_.is_usable(candidate)) {
        pool_.need(places_.at(candidate).solvable, pool_.dep("usable@"));
        return;
    }
    for (const Dependency& dependency : universe_.dependencies(candidate)) {
        add_dependency(candidate, dependency);
    }
}

bool Encoding::add_preference(CandidateId candidate) {
    if (!places_.contains(candidate)) {
        return false;
    }
    if (!preferences_.contains(candidate)) {
        const Marker marker = new_marker("keep");
        const SlotId slot = universe_.candidate(candidate).slot;
        bound(marker, {slot, {rank(candidate)}}, RequirementKind::constrains);
        preferences_[candidate] = marker;
    }
    return true;
}

Encoding::Switch Encoding::add_switch() {
    switches_.push_back(new_marker("switch"));
    return Switch{switches_.size() - 1};
}

void Encoding::add_under(Switch premise, CandidateId candidate, const Dependency& dependency) {
    const Dep on = switches_.at(static_cast<std::size_t>(premise)).dep;
    pool_.need(places_.at(candidate).solvable, pool_.only_if(dep_of(dependency), on));
}

void Encoding::forbid_under(Switch premise, CandidateId candidate) {
    pool_.conflict(places_.at(candidate).solvable,
                   switches_.at(static_cast<std::size_t>(premise)).dep);
}

Job Encoding::turn_on(Switch premise) const {
    return Job::choose(switches_.at(static_cast<std::size_t>(premise)).solvable);
}

Job Encoding::require(RequirementId requirement) const {
    return Job::choose(requirements_.at(requirement).solvable);
}

Job Encoding::keep(CandidateId candidate) const {
    return Job::choose(preferences_.at(candidate).solvable);
}

Job Encoding::try_to_keep(CandidateId candidate) const {
    return Job::prefer(preferences_.at(candidate).solvable);
}

Job Encoding::at_least(SlotId slot, std::size_t rank) const {
    const SlotRules& rules = slots_.at(slot);
    return Job::choose(rank == 0 ? rules.any.solvable : rules.at_least.at(rank - 1).solvable);
}

Job Encoding::at_most(SlotId slot, std::size_t rank) const {
    return Job::forbid(slots_.at(slot).at_least.at(rank).solvable);
}

Job Encoding::decide(SlotId slot) const {
    return Job::choose_one_of(slots_.at(slot).one_of);
}

Job Encoding::choose(CandidateId candidate) const {
    return Job::choose(places_.at(candidate).solvable);
}

std::optional<CandidateId> Encoding::candidate_of(Solvable solvable) const {
    return find(candidate_of_, solvable);
}

std::optional<RequirementId> Encoding::requirement_of(Solvable solvable) const {
    return find(requirement_of_solvable_, solvable);
}

std::optional<RequirementId> Encoding::requirement_of(Dep dep) const {
    const auto found = requirement_of_dep_.find(dep);
    return found == requirement_of_dep_.end() ? std::nullopt : std::optional(found->second);
}

Encoding::Marker Encoding::new_marker(const std::string& kind) {
    const Dep dep = pool_.dep(fmt::format("{}@{}", kind, names_++));
    const Solvable solvable = kind == "any" ? next_any() : pool_.add();
    pool_.define(solvable, dep, 0, dep);
    return {solvable, dep};
}

Solvable Encoding::next_any() {
    if (reserve_ == 0) {
        reserved_ = pool_.add(any_block);
        reserve_ = any_block;
    }
    --reserve_;
    return offset(reserved_, reserve_);
}

Encoding::SlotRules Encoding::new_ladder(std::size_t size) {
    SlotRules rules;
    rules.any = new_marker("any");
    rules.one_of = pool_.dep(fmt::format("one_of@{}", names_++));
    pool_.need(rules.any.solvable, rules.one_of);
    for (std::size_t rank = 1; rank < size; ++rank) {
        const Marker rung = new_marker("at_least");
        pool_.need(rung.solvable, rank > 1 ? rules.at_least.back().dep : rules.any.dep);
        rules.at_least.push_back(rung);
    }
    return rules;
}

void Encoding::add_candidate(const SlotRules& rules, Dep name, std::size_t rank) {
    const Solvable solvable = rules.candidates[rank];
    pool_.define(solvable, name, rank + 1, rules.one_of);
    pool_.need(solvable, rank > 0 ? rules.at_least[rank - 1].dep : rules.any.dep);
    if (rank < rules.at_least.size()) {
        pool_.conflict(solvable, rules.at_least[rank].dep);
    }
}

void Encoding::add_dependency(CandidateId candidate, const Dependency& dependency) {
    const SlotId slot = universe_.requirement(dependency.need).slot;
    if (!slots_.contains(slot)) {
        waiting_[slot].emplace_back(candidate, dependency);
        return;
    }
    if (dependency.when) {
        const SlotId when_slot = universe_.requirement(*dependency.when).slot;
        if (!slots_.contains(when_slot)) { // nothing of it can be chosen yet
            waiting_[when_slot].emplace_back(candidate, dependency);
            return;
        }
    }
    pool_.need(places_.at(candidate).solvable, dep_of(dependency));
}

/// Of slots that were added.
Dep Encoding::dep_of(const Dependency& dependency) {
    if (!dependency.when) {
        return marker(dependency.need).dep;
    }
    const Marker condition = inside(*dependency.when);
    const Dep dep = pool_.only_if(marker(dependency.need).dep, condition.dep);
    requirement_of_dep_[dep] = dependency.need;
    return dep;
}

Encoding::Subset Encoding::subset(RequirementId requirement) {
    Subset subset{universe_.requirement(requirement).slot, {}};
    for (const CandidateId candidate : universe_.matches(requirement)) {
        subset.ranks.push_back(rank(candidate));
    }
    return subset;
}

Encoding::Marker Encoding::marker(RequirementId requirement) {
    const std::optional<Marker> known = find(requirements_, requirement);
    if (known) {
        return *known;
    }
    const Marker marker = new_marker("requirement");
    requirements_[requirement] = marker;
    requirement_of_solvable_[marker.solvable] = requirement;
    requirement_of_dep_[marker.dep] = requirement;
    bound(marker, subset(requirement), universe_.requirement(requirement).kind);
    return marker;
}

Encoding::Marker Encoding::inside(RequirementId condition) {
    const std::optional<Marker> known = find(conditions_, condition);
    if (known) {
        return *known;
    }
    const Marker marker = new_marker("inside");
    conditions_[condition] = marker;
    for (const CandidateId candidate : universe_.matches(condition)) {
        pool_.need(places_.at(candidate).solvable, marker.dep);
    }
    return marker;
}

void Encoding::bound(const Marker& marker, const Subset& subset, RequirementKind kind) {
    const SlotRules& rules = slots_.at(subset.slot);
    const bool is_needed = kind == RequirementKind::needs;
    if (subset.ranks.empty()) {
        if (is_needed) {
            pool_.need(marker.solvable, pool_.dep("nothing@"));
        } else {
            pool_.conflict(marker.solvable, rules.any.dep);
        }
        return;
    }
    if (is_needed) {
        pool_.need(marker.solvable, rules.any.dep); // not by the ladder: proofs shall name it
    }
    const std::size_t lowest = subset.ranks.front();
    if (lowest > 0) {
        const Dep rung = rules.at_least[lowest - 1].dep;
        pool_.need(marker.solvable, is_needed ? rung : pool_.only_if(rung, rules.any.dep));
    }
    const std::size_t highest = subset.ranks.back();
    if (highest < rules.at_least.size()) {
        pool_.conflict(marker.solvable, rules.at_least[highest].dep);
    }
    exclude_holes(marker, rules, subset);
}

void Encoding::exclude_holes(const Marker& marker, const SlotRules& rules, const Subset& subset) {
    const std::size_t width = subset.ranks.back() - subset.ranks.front() + 1;
    if (width == subset.ranks.size()) {
        return;
    }
    const Dep hole = pool_.dep(fmt::format("hole@{}", names_++));
    std::size_t rank = subset.ranks.front();
    for (const std::size_t match : subset.ranks) {
        for (; rank < match; ++rank) {
            pool_.provide(rules.candidates[rank], hole);
        }
        ++rank;
    }
    pool_.conflict(marker.solvable, hole);
}

namespace {

template <class Id, class Value> std::optional<Value> find(const IdMap<Id, Value>& map, Id id) {
    const Value* const value = map.find(id);
    return value == nullptr ? std::nullopt : std::optional<Value>(*value);
}

} // namespace

} // namespace envpm::solver
