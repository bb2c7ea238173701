#include "solver/gather.h"

#include "base/error.h"

#include <algorithm>
#include <memory>

namespace envpm::solver {

namespace {

/// Guesses that contradict each other may never settle; what they cost is bounded by this.
constexpr int max_passes = 8;

/// At most two to this power candidates of one slot are asked for at once.
constexpr unsigned max_doublings = 8;

/// A slot that is tried this often is looked through beyond what is asked of it now.
constexpr unsigned tries_before_moving = 3;

template <class Id> bool contains(std::span<const Id> all, Id one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

} // namespace

void Gatherer::follow(const SolveRequest& request, const Choices& solution) {
    for (const CandidateId candidate : request.preferred) {
        named_.push_back(known_.universe.candidate(candidate).slot);
    }
    bool has_news = true;
    while (has_news) {
        Guess best = guess(request, solution);
        has_news = list_new(best.walk.reached()) || describe_new(best, request.preferred);
        guesses_ = std::move(best.choices);
    }
}

bool Gatherer::learn(const SolveRequest& request, const Choices& solution) {
    NeedWalk walk(request.roots, request.constraints, known_);
    while (!walk.level().empty()) {
        walk.advance(solution);
    }
    std::vector<CandidateId> batch;
    bool is_final = true;
    for (const SlotId slot : walk.reached()) {
        const auto choice = solution.find(slot);
        if (choice == solution.end()) {
            is_final = false; // its slot is not even known
        } else if (!known_.candidates.contains(choice->second)) {
            is_final = false;
            batch.push_back(choice->second);
            add_look_ahead(batch, choice->second, walk, solution);
        }
    }
    if (is_final) {
        return false;
    }
    describe(batch);
    follow(request, solution);
    return true;
}

void Gatherer::check_stop() const {
    if (stop_.stop_requested()) {
        throw Error({"the search for a solution was interrupted", "", ""}, ExitCode::interrupted);
    }
}

/// Walks with the guesses of the walk before in mind until they no longer change: a requirement
/// from deep below may rule out what was guessed near the top.
Gatherer::Guess Gatherer::guess(const SolveRequest& request, const Choices& solution) {
    auto best = std::make_unique<Guess>(guess_after(nullptr, request, solution));
    for (int pass = 0; pass < max_passes; ++pass) {
        auto next = std::make_unique<Guess>(guess_after(&best->walk, request, solution));
        const bool is_settled = next->choices == best->choices;
        best = std::move(next);
        if (is_settled) {
            break;
        }
    }
    return std::move(*best);
}

Gatherer::Guess Gatherer::guess_after(NeedWalk* before, const SolveRequest& request,
                                      const Choices& solution) {
    Choices choices;
    NeedWalk walk(request.roots, request.constraints, known_);
    while (!walk.level().empty()) {
        choices.merge(guess_level(walk, before, request, solution));
        walk.advance(choices);
    }
    return {std::move(choices), std::move(walk)};
}

Choices Gatherer::guess_level(NeedWalk& walk, NeedWalk* before, const SolveRequest& request,
                              const Choices& solution) {
    Choices choices;
    for (const SlotId slot : walk.level()) {
        const bool was_asked = before != nullptr && !before->asked(slot).empty();
        NeedWalk& asking = was_asked ? *before : walk;
        const std::optional<CandidateId> choice =
            choose(asking.asked(slot), slot, request, solution);
        if (choice) {
            choices[slot] = *choice;
        }
    }
    return choices;
}

std::optional<CandidateId> Gatherer::choose(const std::vector<RequirementId>& asked, SlotId slot,
                                            const SolveRequest& request, const Choices& solution) {
    if (!known_.slots.contains(slot)) {
        return std::nullopt;
    }
    const std::optional<CandidateId> best = best_matching_all(asked, known_.universe, slot);
    const auto is_matching = [&](CandidateId candidate) {
        return known_.universe.is_usable(candidate) &&
               std::all_of(asked.begin(), asked.end(), [&](RequirementId requirement) {
                   return is_match(requirement, candidate, known_.universe);
               });
    };
    const auto solved = solution.find(slot);
    if (solved != solution.end() && (!best || is_matching(solved->second))) {
        return solved->second;
    }
    if (!best) {
        return std::nullopt; // only the solver can tell what must give way
    }
    const auto preferred = std::find_if(
        request.preferred.begin(), request.preferred.end(), [&](CandidateId candidate) {
            return known_.universe.candidate(candidate).slot == slot && is_matching(candidate);
        });
    return preferred == request.preferred.end() ? best : *preferred;
}

/// A previous answer may name what its slot no longer has.
bool Gatherer::is_offered(CandidateId candidate) const {
    return contains(known_.universe.candidates(known_.universe.candidate(candidate).slot),
                    candidate);
}

bool Gatherer::list_new(const std::vector<SlotId>& reached) {
    std::vector<SlotId> batch;
    IdSet<SlotId> seen;
    const auto add_unknown = [&](SlotId slot) {
        if (!known_.slots.contains(slot) && seen.insert(slot)) {
            batch.push_back(slot);
        }
    };
    std::for_each(reached.begin(), reached.end(), add_unknown);
    std::for_each(named_.begin(), named_.end(), add_unknown);
    named_.clear();
    list(batch);
    return !batch.empty();
}

bool Gatherer::describe_new(Guess& guess, const std::vector<CandidateId>& preferred) {
    std::vector<CandidateId> batch;
    for (const CandidateId candidate : preferred) {
        if (!known_.candidates.contains(candidate) && is_offered(candidate)) {
            batch.push_back(candidate);
        }
    }
    for (const SlotId slot : guess.walk.reached()) {
        const auto choice = guess.choices.find(slot);
        if (choice == guess.choices.end() || known_.candidates.contains(choice->second) ||
            contains<CandidateId>(batch, choice->second)) {
            continue;
        }
        batch.push_back(choice->second);
        const auto last = last_guess_.find(slot);
        if (last != last_guess_.end() && !known_.universe.is_usable(last->second)) {
            add_look_ahead(batch, choice->second, guess.walk, guess.choices);
        }
        last_guess_[slot] = choice->second;
    }
    describe(batch);
    return !batch.empty();
}

void Gatherer::add_look_ahead(std::vector<CandidateId>& batch, CandidateId chosen, NeedWalk& walk,
                              const Choices& choices) {
    const SlotId slot = known_.universe.candidate(chosen).slot;
    const unsigned doublings = std::min(++tries_[slot] + 1, max_doublings);
    std::size_t left = (std::size_t{1} << doublings) - 1;
    left -= add_below(batch, chosen,
                      matching_all(walk.asked(slot), known_.universe, slot, Usable::only), left);
    // What is asked of the slot may move down with it, a step each time: boto3 asks for a narrow
    // range of botocore, the next older one for the next narrow range.
    if (tries_[slot] >= tries_before_moving) {
        add_below(batch, chosen, known_.universe.candidates(slot), left);
        for (const CandidateId partner : partners(chosen, choices)) {
            add_stretch(batch, partner, std::size_t{1} << doublings);
            unsigned& tries = tries_[known_.universe.candidate(partner).slot];
            tries = std::max(tries, tries_[slot]);
        }
    }
}

/// Where the slots stand that move down together with the chosen candidate's: those that its
/// neighbour above asks for, at the lowest match, and those whose choice asks for it. Without them
/// boto3 and botocore would be learned in turns, in a round each.
std::vector<CandidateId> Gatherer::partners(CandidateId chosen, const Choices& choices) {
    const SlotId slot = known_.universe.candidate(chosen).slot;
    const std::span<const CandidateId> candidates = known_.universe.candidates(slot);
    const auto place = std::find(candidates.rbegin(), candidates.rend(), chosen);
    std::vector<CandidateId> partners;
    if (place != candidates.rbegin()) {
        for (const RequirementId need : needs_of(*(place - 1))) {
            const SlotId other = known_.universe.requirement(need).slot;
            const std::span<const CandidateId> matches = known_.universe.matches(need);
            if (other != slot && tries_[other] >= tries_before_moving && !matches.empty()) {
                partners.push_back(matches.front());
            }
        }
    }
    for (const auto& [other, choice] : choices) {
        const std::vector<RequirementId> needs = needs_of(choice);
        const bool is_asking = std::any_of(needs.begin(), needs.end(), [&](RequirementId need) {
            return known_.universe.requirement(need).slot == slot;
        });
        if (other != slot && tries_[other] >= tries_before_moving && is_asking) {
            partners.push_back(choice);
        }
    }
    return partners;
}

/// What is known of a candidate's needs whose slots are known.
std::vector<RequirementId> Gatherer::needs_of(CandidateId candidate) const {
    std::vector<RequirementId> needs;
    if (!known_.candidates.contains(candidate) || !known_.universe.is_usable(candidate)) {
        return needs;
    }
    for (const Dependency& dependency : known_.universe.dependencies(candidate)) {
        const Requirement& need = known_.universe.requirement(dependency.need);
        if (need.kind == RequirementKind::needs && known_.slots.contains(need.slot)) {
            needs.push_back(dependency.need);
        }
    }
    return needs;
}

/// Those of its slot from `first` on that are not known, in a stretch of this length. A slot that
/// does not move is thus asked for once, though this is called each time.
void Gatherer::add_stretch(std::vector<CandidateId>& batch, CandidateId first,
                           std::size_t length) const {
    const std::span<const CandidateId> candidates =
        known_.universe.candidates(known_.universe.candidate(first).slot);
    const auto place = std::find(candidates.begin(), candidates.end(), first);
    const auto end = static_cast<std::size_t>(place - candidates.begin()) + 1;
    const std::size_t begin = end - std::min(end, length);
    add_below(batch, first, candidates.subspan(begin, end - begin), length);
}

/// At most `most` that are not known, from `chosen` down; the answer is how many there were.
std::size_t Gatherer::add_below(std::vector<CandidateId>& batch, CandidateId chosen,
                                std::span<const CandidateId> candidates, std::size_t most) const {
    std::size_t added = 0;
    auto next = std::find(candidates.rbegin(), candidates.rend(), chosen);
    for (; next != candidates.rend() && added < most; ++next) {
        if (!known_.candidates.contains(*next) && known_.universe.is_usable(*next) &&
            !contains<CandidateId>(batch, *next)) {
            batch.push_back(*next);
            ++added;
        }
    }
    return added;
}

void Gatherer::list(const std::vector<SlotId>& slots) {
    std::vector<SlotId> unlisted;
    std::copy_if(slots.begin(), slots.end(), std::back_inserter(unlisted),
                 [&](SlotId slot) { return !known_.universe.is_listed(slot); });
    if (!unlisted.empty()) {
        check_stop();
        known_.universe.list(unlisted);
        ++statistics_.batches;
    }
    for (const SlotId slot : slots) {
        known_.slots.insert(slot);
        slots_.push_back(slot);
    }
}

void Gatherer::describe(const std::vector<CandidateId>& candidates) {
    std::vector<CandidateId> undescribed;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(undescribed),
                 [&](CandidateId candidate) { return !known_.universe.is_described(candidate); });
    if (!undescribed.empty()) {
        check_stop();
        known_.universe.describe(undescribed);
        ++statistics_.batches;
        statistics_.described += undescribed.size();
    }
    for (const CandidateId candidate : candidates) {
        known_.candidates.insert(candidate);
        candidates_.push_back(candidate);
        name_slots(candidate);
    }
}

/// What a dependency with a condition names is left alone until the walk meets it: most conditions
/// never come true.
void Gatherer::name_slots(CandidateId candidate) {
    if (!known_.universe.is_usable(candidate)) {
        return;
    }
    for (const Dependency& dependency : known_.universe.dependencies(candidate)) {
        const Requirement& need = known_.universe.requirement(dependency.need);
        if (!dependency.when && need.kind == RequirementKind::needs) {
            named_.push_back(need.slot);
        }
    }
}

} // namespace envpm::solver
