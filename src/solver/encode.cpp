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
// Where only the upper part of a slot is encoded, from the rank `base` on:
//
//   rest               one solvable of the lowest rank, conflicts with at_least(X, base); where a
//                      requirement has a bound or a hole below the base, that is left out
//   a lower base       adds the rungs and candidates between, and what was left out of them; all
//                      that was encoded before still holds
//
// The candidates of a slot do not provide their own name: libsolv would pair them again.
// libsolv decides the solvable with the highest id first, so `any` markers come from blocks that
// are used downwards: slots that were met earlier are decided earlier.

#include "solver/encode.h"

#include "base/assert.h"

#include <fmt/format.h>

#include <algorithm>
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
    const std::size_t size = candidates.size();
    for (std::size_t rank = 0; rank < size; ++rank) {
        places_[candidates[rank]] = {{}, rank};
    }
    SlotRules& rules = slots_[slot];
    rules.any = new_marker("any");
    rules.name = pool_.dep(fmt::format("slot@{}", names_++));
    rules.one_of = pool_.dep(fmt::format("one_of@{}", names_++));
    pool_.need(rules.any.solvable, rules.one_of);
    rules.at_least.resize(std::max<std::size_t>(size, 1) - 1);
    rules.candidates.resize(size);
    rules.base = size;
    const bool is_long = first_part_ > 0 && size > 2 * first_part_;
    lower_base(slot, is_long ? size - first_part_ : 0);
    Waiting waiting;
    std::swap(waiting, waiting_[slot]);
    for (const auto& [candidate, dependency] : waiting) {
        add_dependency(candidate, dependency);
    }
}

void Encoding::add_dependencies(CandidateId candidate) {
    ENVPM_ASSERT(universe_.is_described(candidate));
    lower_base_to(universe_.candidate(candidate).slot, rank(candidate));
    if (!universe_.is_usable(candidate)) {
        pool_.need(places_.at(candidate).solvable, pool_.dep("usable@"));
        return;
    }
    for (const Dependency& dependency : universe_.dependencies(candidate)) {
        add_dependency(candidate, dependency);
    }
}

bool Encoding::has_rest(const std::map<SlotId, CandidateId>& choices) const {
    return std::any_of(choices.begin(), choices.end(), [&](const auto& choice) {
        return rank(choice.second) < base(choice.first);
    });
}

/// Three times as much each time.
bool Encoding::widen(const std::map<SlotId, CandidateId>& choices) {
    bool is_wider = false;
    for (const auto& [slot, choice] : choices) {
        const std::size_t old_base = base(slot);
        if (rank(choice) < old_base) {
            const std::size_t encoded = slots_.at(slot).candidates.size() - old_base;
            lower_base(slot, old_base - std::min(old_base, 2 * encoded));
            is_wider = true;
        }
    }
    return is_wider;
}

bool Encoding::add_preference(CandidateId candidate) {
    if (!places_.contains(candidate)) {
        return false;
    }
    if (!preferences_.contains(candidate)) {
        const Marker marker = new_marker("keep");
        const SlotId slot = universe_.candidate(candidate).slot;
        lower_base(slot, rank(candidate));
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
    const bool is_any = rank == 0 || rank < rules.base;
    return Job::choose(is_any ? rules.any.solvable : rules.at_least.at(rank - 1).solvable);
}

Job Encoding::at_most(SlotId slot, std::size_t rank) const {
    const SlotRules& rules = slots_.at(slot);
    const std::size_t above = std::max(rank + 1, rules.base);
    return Job::forbid(rules.at_least.at(above - 1).solvable);
}

Job Encoding::decide(SlotId slot) const {
    return Job::choose_one_of(slots_.at(slot).one_of);
}

Job Encoding::choose(CandidateId candidate) const {
    const Solvable solvable = places_.at(candidate).solvable;
    return Job::choose(
        solvable != Solvable{} ? solvable : slots_.at(universe_.candidate(candidate).slot).rest);
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

/// And to a few below it, which are likely to be next.
void Encoding::lower_base_to(SlotId slot, std::size_t rank) {
    if (rank < base(slot)) {
        lower_base(slot, rank - std::min(rank, first_part_ / 2));
    }
}

void Encoding::lower_base(SlotId slot, std::size_t base) {
    SlotRules& rules = slots_[slot];
    const std::size_t old_base = rules.base;
    if (base >= old_base) {
        return;
    }
    add_rungs(rules, base, old_base);
    add_candidates(rules, slot, base, old_base);
    rules.base = base;
    add_rest(rules, slot);
    if (old_base < rules.candidates.size()) {
        bound_anew(slot, old_base);
    }
}

/// Of the ranks from `begin` to `end`, where the ladder began.
void Encoding::add_rungs(SlotRules& rules, std::size_t begin, std::size_t end) {
    const std::size_t lowest = std::max<std::size_t>(begin, 1);
    const auto below = [&](std::size_t rank) {
        return rank > lowest ? rules.at_least[rank - 2].dep : rules.any.dep;
    };
    for (std::size_t rank = lowest; rank < end; ++rank) {
        const Marker rung = new_marker("at_least");
        pool_.need(rung.solvable, below(rank));
        rules.at_least[rank - 1] = rung;
    }
    if (end > lowest && end <= rules.at_least.size()) {
        pool_.need(rules.at_least[end - 1].solvable, below(end));
    }
}

void Encoding::add_candidates(SlotRules& rules, SlotId slot, std::size_t begin, std::size_t end) {
    const std::span<const CandidateId> candidates = universe_.candidates(slot);
    const Solvable first = pool_.add(end - begin);
    for (std::size_t rank = begin; rank < end; ++rank) {
        const Solvable solvable = offset(first, rank - begin);
        rules.candidates[rank] = solvable;
        places_[candidates[rank]].solvable = solvable;
        candidate_of_[solvable] = candidates[rank];
        pool_.define(solvable, rules.name, rank + 1, rules.one_of);
        pool_.need(solvable, rank > 0 ? rules.at_least[rank - 1].dep : rules.any.dep);
        if (rank < rules.at_least.size()) {
            pool_.conflict(solvable, rules.at_least[rank].dep);
        }
    }
}

void Encoding::add_rest(SlotRules& rules, SlotId slot) {
    const bool is_new = rules.rest == Solvable{};
    if (rules.base == 0) {
        if (!is_new) {
            pool_.need(rules.rest, pool_.dep("usable@"));
        }
        return;
    }
    if (is_new) {
        rules.rest = pool_.add();
        pool_.define(rules.rest, rules.name, 0, rules.one_of);
        pool_.need(rules.rest, rules.any.dep);
    }
    pool_.conflict(rules.rest, rules.at_least[rules.base - 1].dep);
    candidate_of_[rules.rest] = universe_.candidates(slot)[rules.base - 1];
}

/// Says of the ranks below `old_base` what was left out.
void Encoding::bound_anew(SlotId slot, std::size_t old_base) {
    SlotRules& rules = slots_[slot];
    for (const RequirementId requirement : std::exchange(rules.bounds, {})) {
        const Marker marker = requirements_.at(requirement);
        const Subset matches = subset(requirement);
        bound_below(marker, rules, matches, universe_.requirement(requirement).kind);
        if (matches.ranks.back() + 1 < old_base) {
            bound_above(marker, rules, matches);
        }
        exclude_holes(marker, rules, matches, old_base);
        note_rest(rules.bounds, requirement, matches);
    }
    for (const RequirementId condition : std::exchange(rules.conditions, {})) {
        const Subset matches = subset(condition);
        need_within(matches, old_base, conditions_.at(condition));
        note_rest(rules.conditions, condition, matches);
    }
}

/// Each of these from the base to `end` needs the marker.
void Encoding::need_within(const Subset& subset, std::size_t end, const Marker& marker) {
    const SlotRules& rules = slots_.at(subset.slot);
    for (const std::size_t rank : subset.ranks) {
        if (rank >= rules.base && rank < end) {
            pool_.need(rules.candidates[rank], marker.dep);
        }
    }
}

/// Remembers a requirement of which something was left out.
void Encoding::note_rest(std::vector<RequirementId>& noted, RequirementId requirement,
                         const Subset& subset) const {
    if (!subset.ranks.empty() && subset.ranks.front() < base(subset.slot)) {
        noted.push_back(requirement);
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
    const Subset matches = subset(requirement);
    if (!matches.ranks.empty()) { // so that some of it can be chosen
        lower_base_to(matches.slot, matches.ranks.back());
    }
    bound(marker, matches, universe_.requirement(requirement).kind);
    note_rest(slots_[matches.slot].bounds, requirement, matches);
    return marker;
}

Encoding::Marker Encoding::inside(RequirementId condition) {
    const std::optional<Marker> known = find(conditions_, condition);
    if (known) {
        return *known;
    }
    const Marker marker = new_marker("inside");
    conditions_[condition] = marker;
    const Subset matches = subset(condition);
    SlotRules& rules = slots_[matches.slot];
    need_within(matches, rules.candidates.size(), marker);
    note_rest(rules.conditions, condition, matches);
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
    bound_below(marker, rules, subset, kind);
    bound_above(marker, rules, subset);
    exclude_holes(marker, rules, subset, rules.candidates.size());
}

void Encoding::bound_below(const Marker& marker, const SlotRules& rules, const Subset& subset,
                           RequirementKind kind) {
    const std::size_t lowest = subset.ranks.front();
    if (lowest > 0 && lowest >= rules.base) {
        const Dep rung = rules.at_least[lowest - 1].dep;
        const bool is_needed = kind == RequirementKind::needs;
        pool_.need(marker.solvable, is_needed ? rung : pool_.only_if(rung, rules.any.dep));
    }
}

void Encoding::bound_above(const Marker& marker, const SlotRules& rules, const Subset& subset) {
    const std::size_t above = std::max(subset.ranks.back() + 1, rules.base);
    if (above <= rules.at_least.size()) {
        pool_.conflict(marker.solvable, rules.at_least[above - 1].dep);
    }
}

/// Those from the base to `end`.
void Encoding::exclude_holes(const Marker& marker, const SlotRules& rules, const Subset& subset,
                             std::size_t end) {
    std::vector<std::size_t> holes;
    std::size_t rank = std::max(subset.ranks.front(), rules.base);
    for (const std::size_t match : subset.ranks) {
        for (; rank < std::min(match, end); ++rank) {
            holes.push_back(rank);
        }
        rank = std::max(rank, match + 1);
    }
    if (holes.empty()) {
        return;
    }
    const Dep hole = pool_.dep(fmt::format("hole@{}", names_++));
    for (const std::size_t one : holes) {
        pool_.provide(rules.candidates[one], hole);
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
