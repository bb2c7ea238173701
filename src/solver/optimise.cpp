// What is not known yet asks for nothing, so a solution under partial knowledge is never worse than
// the true one: if the best of them turns out to be fully known, it is the true best. That holds
// for each step here by itself, and it is why a proved lower bound of the lag stays proved.
//
// A run of the solver is lexicographically the best in the order of its jobs. Only slots that are
// certainly needed may be among them: a job for another one would pull it in, or let it speak
// against what really is needed. Therefore transitive slots are decided level by level, each level
// known to be needed by the ones above, whose choices are fixed.

#include "solver/optimise.h"

#include "base/assert.h"

#include <algorithm>

namespace envpm::solver {

namespace {

bool is_kept(CandidateId candidate, SlotId slot, const Choices& solution) {
    const auto choice = solution.find(slot);
    return choice == solution.end() || choice->second == candidate;
}

void append(std::vector<Job>& jobs, const std::vector<Job>& more) {
    jobs.insert(jobs.end(), more.begin(), more.end());
}

} // namespace

std::optional<Choices> Optimiser::best(Sat& sat) {
    std::vector<Job> jobs = request_jobs();
    std::optional<Choices> solution = run(jobs, root_slots(), sat);
    if (!solution) {
        return std::nullopt;
    }
    keep_preferred(jobs, sat);
    if (!kept_.empty()) {
        solution = run_possible(jobs, root_slots(), sat);
    }
    limit_lag(jobs, *solution, sat);
    return refine(std::move(jobs), std::move(*solution), sat);
}

std::optional<Choices> Optimiser::any(Sat& sat) {
    return run(request_jobs(), root_slots(), sat);
}

std::vector<Job> Optimiser::request_jobs() const {
    std::vector<Job> jobs;
    for (const RequirementId root : request_.roots) {
        jobs.push_back(encoding_.require(root));
    }
    for (const RequirementId constraint : request_.constraints) {
        if (encoding_.has_slot(known_.universe.requirement(constraint).slot)) {
            jobs.push_back(encoding_.require(constraint));
        }
    }
    return jobs;
}

std::vector<SlotId> Optimiser::root_slots() const {
    return NeedWalk(request_.roots, {}, known_).level();
}

/// All at once is the usual case.
void Optimiser::keep_preferred(std::vector<Job>& jobs, Sat& sat) {
    std::vector<CandidateId> kept;
    std::copy_if(request_.preferred.begin(), request_.preferred.end(), std::back_inserter(kept),
                 [&](CandidateId candidate) { return encoding_.has_preference(candidate); });
    std::vector<Job> all = jobs;
    for (const CandidateId candidate : kept) {
        all.push_back(encoding_.keep(candidate));
    }
    if (kept.empty() || run(all, {}, sat)) {
        jobs = std::move(all);
    } else {
        kept = keep_one_by_one(kept, jobs, sat);
    }
    if (kept != kept_) {
        lowest_lag_ = 0;
        kept_ = std::move(kept);
    }
}

/// libsolv's own compromise is the start; what it gave up is offered again, because it does not
/// look for the best.
std::vector<CandidateId> Optimiser::keep_one_by_one(const std::vector<CandidateId>& wanted,
                                                    std::vector<Job>& jobs, Sat& sat) {
    std::vector<Job> tried = jobs;
    for (const CandidateId candidate : wanted) {
        tried.push_back(encoding_.try_to_keep(candidate));
    }
    std::optional<Choices> solution = run_possible(tried, {}, sat);
    std::vector<CandidateId> kept;
    for (const CandidateId candidate : wanted) {
        const SlotId slot = known_.universe.candidate(candidate).slot;
        std::vector<Job> more = jobs;
        more.push_back(encoding_.keep(candidate));
        std::optional<Choices> with =
            is_kept(candidate, slot, *solution) ? solution : run(more, {}, sat);
        if (with) {
            solution = std::move(with);
            jobs = std::move(more);
            kept.push_back(candidate);
        }
    }
    return kept;
}

void Optimiser::limit_lag(std::vector<Job>& jobs, Choices& solution, Sat& sat) {
    const std::vector<RootLag> roots = root_lags();
    std::uint32_t high = 0; // the worst lag that is known to be possible
    for (const RootLag& root : roots) {
        high = std::max(high, root.lag_of(solution.at(root.slot)));
    }
    const std::uint32_t greedy = high;
    std::uint32_t low = lowest_lag_;
    std::uint32_t tried = low; // what an earlier call found is likely still possible
    while (low < high) {
        std::optional<Choices> better = run_within(tried, roots, jobs, sat);
        if (better) {
            solution = std::move(*better);
            high = tried;
        } else {
            low = tried + 1;
        }
        tried = low + (high - low) / 2;
    }
    lowest_lag_ = low;
    if (high < greedy) {
        append(jobs, lag_jobs(high, roots));
    }
}

std::optional<Choices> Optimiser::run_within(std::uint32_t lag, const std::vector<RootLag>& roots,
                                             const std::vector<Job>& jobs, Sat& sat) {
    std::vector<Job> bounded = jobs;
    append(bounded, lag_jobs(lag, roots));
    return run(std::move(bounded), root_slots(), sat);
}

std::vector<Job> Optimiser::lag_jobs(std::uint32_t lag, const std::vector<RootLag>& roots) const {
    std::vector<Job> jobs;
    for (const RootLag& root : roots) {
        const CandidateId lowest = root.lowest_within(lag);
        jobs.push_back(encoding_.at_least(root.slot, encoding_.rank(lowest)));
    }
    return jobs;
}

std::uint32_t Optimiser::RootLag::lag_of(CandidateId candidate) const {
    const auto place = std::find(allowed.begin(), allowed.end(), candidate);
    ENVPM_ASSERT(place != allowed.end());
    return lags[static_cast<std::size_t>(place - allowed.begin())];
}

CandidateId Optimiser::RootLag::lowest_within(std::uint32_t lag) const {
    const auto first =
        std::find_if(lags.begin(), lags.end(), [&](std::uint32_t own) { return own <= lag; });
    ENVPM_ASSERT(first != lags.end());
    return allowed[static_cast<std::size_t>(first - lags.begin())];
}

/// A slot that a preference holds has no choice left, so it must not excuse the lag of others.
std::vector<Optimiser::RootLag> Optimiser::root_lags() const {
    std::vector<RootLag> roots;
    NeedWalk walk(request_.roots, request_.constraints, known_);
    for (const SlotId slot : walk.level()) {
        const bool is_held = std::any_of(kept_.begin(), kept_.end(), [&](CandidateId candidate) {
            return known_.universe.candidate(candidate).slot == slot;
        });
        if (!is_held) {
            roots.push_back(root_lag(walk.asked(slot), slot));
        }
    }
    return roots;
}

/// Unusable candidates count too: whether one is unusable may never come to be known.
Optimiser::RootLag Optimiser::root_lag(const std::vector<RequirementId>& asked, SlotId slot) const {
    RootLag root{slot, matching_all(asked, known_.universe, slot, Usable::any), {}};
    ENVPM_ASSERT(!root.allowed.empty());
    const std::uint32_t newest = known_.universe.candidate(root.allowed.back()).release;
    std::uint32_t lag = 0;
    for (std::size_t left = root.allowed.size(); left > 0; --left) {
        const std::uint32_t release = known_.universe.candidate(root.allowed[left - 1]).release;
        lag = std::max(lag, release > newest ? release - newest : 0);
        root.lags.push_back(lag);
    }
    std::reverse(root.lags.begin(), root.lags.end());
    return root;
}

Choices Optimiser::refine(std::vector<Job> jobs, Choices solution, Sat& sat) {
    Choices refined;
    NeedWalk walk(request_.roots, request_.constraints, known_);
    bool is_decided = true; // the roots are
    while (!walk.level().empty()) {
        const std::vector<SlotId> level = walk.level();
        const bool is_best = std::all_of(level.begin(), level.end(), [&](SlotId slot) {
            return is_at_ceiling(slot, solution, walk);
        });
        if (!is_decided && !is_best) {
            solution = run_possible(jobs, level, sat);
        }
        is_decided = false;
        for (const SlotId slot : level) {
            if (encoding_.has_slot(slot)) {
                refined[slot] = solution.at(slot);
                jobs.push_back(encoding_.choose(solution.at(slot)));
            }
        }
        walk.advance(refined);
    }
    return refined;
}

/// Whether it is plain without the solver that the slot cannot hold anything better.
bool Optimiser::is_at_ceiling(SlotId slot, const Choices& solution, NeedWalk& walk) const {
    if (!encoding_.has_slot(slot)) {
        return true;
    }
    const CandidateId choice = solution.at(slot);
    if (std::find(kept_.begin(), kept_.end(), choice) != kept_.end()) {
        return true;
    }
    const std::vector<CandidateId> matching =
        matching_all(walk.asked(slot), known_.universe, slot, Usable::only);
    return !matching.empty() && matching.back() == choice;
}

/// Decides the slots of `order` before all others.
std::optional<Choices> Optimiser::run(std::vector<Job> jobs, const std::vector<SlotId>& order,
                                      Sat& sat) {
    for (const SlotId slot : order) {
        if (encoding_.has_slot(slot)) {
            jobs.push_back(encoding_.decide(slot));
        }
    }
    if (!sat.run(jobs)) {
        return std::nullopt;
    }
    Choices choices;
    for (const Solvable solvable : sat.chosen()) {
        const std::optional<CandidateId> candidate = encoding_.candidate_of(solvable);
        if (candidate) {
            choices[known_.universe.candidate(*candidate).slot] = *candidate;
        }
    }
    return choices;
}

Choices Optimiser::run_possible(std::vector<Job> jobs, const std::vector<SlotId>& order, Sat& sat) {
    std::optional<Choices> choices = run(std::move(jobs), order, sat);
    ENVPM_ASSERT(choices);
    return std::move(*choices);
}

} // namespace envpm::solver
