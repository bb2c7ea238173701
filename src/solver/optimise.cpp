// What is not known yet asks for nothing, so a solution under partial knowledge is never worse than
// the true one: if the best of them turns out to be fully known, it is the true best. That holds
// for each step here by itself, and it is why what is proved to be impossible stays impossible: a
// lower lag, a higher rank of a slot. Each call is told what the calls before proved, or it would
// refute the same thousand candidates again in each of its runs.
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

/// From then on a slot's ceiling is lowered whenever it falls.
constexpr int falls_before_proof = 4;

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
    if (!keep_preferred(jobs, sat)) {
        return std::nullopt;
    }
    std::optional<Choices> solution = best_roots(jobs, sat);
    if (!solution || encoding_.has_rest(*solution)) {
        return solution;
    }
    Choices refined = refine(with_ceilings(std::move(jobs)), std::move(*solution), sat);
    if (!encoding_.has_rest(refined)) {
        note_falling(refined);
    }
    return refined;
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

/// False if there is no solution even without them. All at once is the usual case; later, what was
/// kept is still the best that can be, if it can be.
bool Optimiser::keep_preferred(std::vector<Job>& jobs, Sat& sat) {
    std::vector<CandidateId> wanted;
    std::copy_if(request_.preferred.begin(), request_.preferred.end(), std::back_inserter(wanted),
                 [&](CandidateId candidate) { return encoding_.has_preference(candidate); });
    if (wanted != wanted_) {
        wanted_ = wanted;
        start_over(std::move(wanted));
    }
    std::vector<Job> all = jobs;
    for (const CandidateId candidate : kept_) {
        all.push_back(encoding_.keep(candidate));
    }
    if (kept_.empty() || run(all, {}, sat)) {
        jobs = std::move(all);
        return true;
    }
    if (!run(jobs, {}, sat)) {
        return false;
    }
    start_over(keep_one_by_one(jobs, sat));
    return true;
}

/// libsolv's own compromise is the start; what it gave up is offered again, because it does not
/// look for the best.
std::vector<CandidateId> Optimiser::keep_one_by_one(std::vector<Job>& jobs, Sat& sat) {
    std::vector<Job> tried = jobs;
    for (const CandidateId candidate : wanted_) {
        tried.push_back(encoding_.try_to_keep(candidate));
    }
    std::optional<Choices> solution = run_possible(tried, {}, sat);
    std::vector<CandidateId> kept;
    for (const CandidateId candidate : wanted_) {
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

/// With fewer kept, more may be possible.
void Optimiser::start_over(std::vector<CandidateId> kept) {
    kept_ = std::move(kept);
    lowest_lag_ = 0;
    ceilings_.clear();
}

std::optional<Choices> Optimiser::best_roots(const std::vector<Job>& jobs, Sat& sat) {
    for (const SlotId slot : falling_) {
        lower_ceiling(slot, jobs, sat);
    }
    if (!last_.empty()) {
        std::optional<Choices> solution = at_lowest_lag(jobs, sat);
        if (solution) {
            return solution;
        }
    }
    std::optional<Choices> greedy = run(with_ceilings(jobs), root_slots(), sat);
    if (!greedy || encoding_.has_rest(*greedy)) {
        return greedy;
    }
    return limit_lag(jobs, std::move(*greedy), sat);
}

/// What an earlier call found is likely still possible, and then it is still the best.
std::optional<Choices> Optimiser::at_lowest_lag(const std::vector<Job>& jobs, Sat& sat) {
    const std::vector<RootLag> roots = root_lags();
    raise_lowest_lag(roots);
    std::optional<Choices> solution = run_within(lowest_lag_, roots, jobs, sat);
    lowest_lag_ += solution ? 0U : 1U;
    return solution;
}

/// `greedy` is the best without a limit.
Choices Optimiser::limit_lag(const std::vector<Job>& jobs, Choices greedy, Sat& sat) {
    const std::vector<RootLag> roots = root_lags();
    Choices solution = std::move(greedy);
    const RootLag* worst = nullptr;
    std::uint32_t high = 0; // the worst lag that is known to be possible
    for (const RootLag& root : roots) {
        const std::uint32_t lag = lag_of(root, solution.at(root.slot));
        worst = lag > high ? &root : worst;
        high = std::max(high, lag);
    }
    if (high > lowest_lag_) {
        lower_ceiling(worst->slot, jobs, sat);
        raise_lowest_lag(roots);
    }
    std::uint32_t tried = lowest_lag_;
    while (lowest_lag_ < high) {
        std::optional<Choices> better = run_within(tried, roots, jobs, sat);
        if (better) {
            solution = std::move(*better);
            high = tried;
        } else {
            lowest_lag_ = tried + 1;
        }
        tried = lowest_lag_ + (high - lowest_lag_) / 2;
    }
    return solution;
}

/// Decided before all others, a slot is as high as it can be at all, if it holds anything.
void Optimiser::lower_ceiling(SlotId slot, const std::vector<Job>& jobs, Sat& sat) {
    const std::optional<Choices> solution = run(with_ceilings(jobs), {slot}, sat);
    if (solution) {
        ceilings_[slot] = encoding_.rank(solution->at(slot));
    }
}

void Optimiser::raise_lowest_lag(const std::vector<RootLag>& roots) {
    for (const RootLag& root : roots) {
        const auto ceiling = ceilings_.find(root.slot);
        if (ceiling != ceilings_.end()) {
            const CandidateId best = known_.universe.candidates(root.slot)[ceiling->second];
            lowest_lag_ = std::max(lowest_lag_, lag_of(root, best));
        }
    }
}

std::vector<Job> Optimiser::with_ceilings(std::vector<Job> jobs) const {
    for (const auto& [slot, rank] : ceilings_) {
        if (rank < encoding_.highest_rank(slot)) {
            jobs.push_back(encoding_.at_most(slot, rank));
        }
    }
    return jobs;
}

/// To prove a ceiling takes a run, so what may have fallen by chance is let go.
void Optimiser::note_falling(const Choices& solution) {
    falling_.clear();
    for (const auto& [slot, choice] : solution) {
        const auto last = last_.find(slot);
        if (last != last_.end() && encoding_.rank(choice) < encoding_.rank(last->second) &&
            ++falls_[slot] >= falls_before_proof) {
            falling_.push_back(slot);
        }
        last_[slot] = choice;
    }
}

std::optional<Choices> Optimiser::run_within(std::uint32_t lag, const std::vector<RootLag>& roots,
                                             const std::vector<Job>& jobs, Sat& sat) {
    std::vector<Job> bounded = with_ceilings(jobs);
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

/// A rest stands for its best candidate, which need not be allowed: then the next one is. If none
/// of it is allowed, no solution has it, and any bound is right.
std::uint32_t Optimiser::lag_of(const RootLag& root, CandidateId candidate) const {
    const std::size_t rank = encoding_.rank(candidate);
    const auto above = std::find_if(root.allowed.begin(), root.allowed.end(),
                                    [&](CandidateId one) { return encoding_.rank(one) > rank; });
    if (above == root.allowed.begin()) {
        return root.lags.front();
    }
    return root.lags[static_cast<std::size_t>(above - root.allowed.begin()) - 1];
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
        Decided decided(refined, walk, known_);
        const bool is_best = std::all_of(level.begin(), level.end(), [&](SlotId slot) {
            return is_at_ceiling(slot, solution, walk, decided);
        });
        if (!is_decided && !is_best) {
            solution = run_possible(jobs, level, sat);
            if (encoding_.has_rest(solution)) {
                return solution;
            }
        }
        is_decided = false;
        Choices fixed = choices_of(level, solution);
        for (const auto& [slot, choice] : fixed) {
            jobs.push_back(encoding_.choose(choice));
        }
        refined.merge(fixed);
        walk.advance(refined);
    }
    return refined;
}

Choices Optimiser::choices_of(const std::vector<SlotId>& level, const Choices& solution) const {
    Choices choices;
    for (const SlotId slot : level) {
        if (encoding_.has_slot(slot)) {
            choices[slot] = solution.at(slot);
        }
    }
    return choices;
}

/// Whether it is plain without the solver that the slot cannot hold anything better, those of its
/// level before it being what they are. Then it is decided too.
bool Optimiser::is_at_ceiling(SlotId slot, const Choices& solution, NeedWalk& walk,
                              Decided& decided) const {
    if (!encoding_.has_slot(slot)) {
        return true;
    }
    const CandidateId choice = solution.at(slot);
    const auto ceiling = ceilings_.find(slot);
    const bool is_proved = ceiling != ceilings_.end() && ceiling->second == encoding_.rank(choice);
    if (is_proved || std::find(kept_.begin(), kept_.end(), choice) != kept_.end()) {
        decided.add(slot, choice);
        return true;
    }
    std::vector<CandidateId> matching =
        matching_all(walk.asked(slot), known_.universe, slot, Usable::only);
    while (!matching.empty() && matching.back() != choice && decided.excludes(matching.back())) {
        matching.pop_back();
    }
    decided.add(slot, choice);
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
