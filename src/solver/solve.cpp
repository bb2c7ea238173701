// The lazy loop: solve what is known, learn what was chosen without knowing it, solve again. What
// is not known asks for nothing, so "no solution" is final in any round, and so is the best
// solution once all of it is known.

#include "solver/solve.h"

#include "solver/encode.h"
#include "solver/explain.h"
#include "solver/gather.h"
#include "solver/optimise.h"
#include "solver/plain.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace envpm::solver {

namespace {

enum class Goal { best, any };

/// What is learned, encoded and proved during one `solve`.
class Session {
  public:
    Session(Universe& universe, std::size_t first_part, std::stop_token stop,
            SolveStatistics& statistics)
        : universe_(universe),
          statistics_(statistics),
          gatherer_(universe, std::move(stop), statistics),
          encoding_(std::in_place, universe, first_part) {}

    std::optional<Choices> find(const SolveRequest& request, Goal goal);

    /// Of a request for which there is no solution.
    Conflict conflict(const SolveRequest& request);

  private:
    /// What came to be known at a time.
    struct News {
        std::vector<SlotId> slots;
        std::vector<CandidateId> candidates;
    };

    void encode_news(const SolveRequest& request);
    void encode(const News& news, const SolveRequest& request);
    void encode_as_a_whole(const SolveRequest& request);
    bool is_refuted(const std::vector<RequirementId>& asked);
    std::vector<Job> jobs(const std::vector<RequirementId>& asked) const;
    SolveRequest as_request(const std::vector<RequirementId>& asked) const;

    Universe& universe_;
    SolveStatistics& statistics_;
    Gatherer gatherer_;
    std::vector<News> all_news_;
    std::optional<Encoding> encoding_;
    std::unique_ptr<Sat> sat_; ///< for the encoding as it is now
};

template <class T> std::vector<T> without_repeats(const std::vector<T>& all);

template <class T> std::vector<T> without(const std::vector<T>& all, T one);

} // namespace

Answer solve(const SolveRequest& request, Universe& universe, std::stop_token stop,
             SolveStatistics* statistics) {
    SolveStatistics ignored;
    Session session(universe, request.first_part, std::move(stop),
                    statistics != nullptr ? *statistics : ignored);
    const SolveRequest once{without_repeats(request.roots), without_repeats(request.constraints),
                            without_repeats(request.preferred)};
    const std::optional<Choices> best = session.find(once, Goal::best);
    if (!best) {
        return session.conflict(once);
    }
    Resolution resolution;
    for (const auto& [slot, candidate] : *best) {
        resolution.chosen.push_back(candidate);
    }
    std::sort(resolution.chosen.begin(), resolution.chosen.end());
    return resolution;
}

namespace {

std::optional<Choices> Session::find(const SolveRequest& request, Goal goal) {
    Optimiser optimiser(request, gatherer_.known(), *encoding_);
    gatherer_.follow(request, {});
    if (goal == Goal::best) {
        auto plain = plainly_best(gatherer_.guesses(), request, gatherer_.known());
        if (plain) {
            return plain;
        }
    }
    for (;;) {
        gatherer_.check_stop();
        const auto start = std::chrono::steady_clock::now();
        encode_news(request);
        std::optional<Choices> solution =
            goal == Goal::best ? optimiser.best(*sat_) : optimiser.any(*sat_);
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
        statistics_.solver_seconds += spent.count();
        statistics_.solver_runs += sat_->runs();
        if (solution && encoding_->widen(*solution)) {
            continue;
        }
        ++statistics_.rounds;
        if (!solution || !gatherer_.learn(request, *solution)) {
            return solution;
        }
    }
}

/// Roots and constraints alike are left out one by one, and stay out if there is no solution still.
/// First against what is known already, which costs no question. What then remains is few, but a
/// solution without one of them is only real if all of it is known.
Conflict Session::conflict(const SolveRequest& request) {
    encode_as_a_whole(request);
    std::vector<RequirementId> core = request.roots;
    core.insert(core.end(), request.constraints.begin(), request.constraints.end());
    const std::vector<RequirementId> latest_first(core.rbegin(), core.rend());
    for (const RequirementId one : latest_first) {
        const std::vector<RequirementId> rest = without(core, one);
        if (is_refuted(rest)) {
            core = rest;
        }
    }
    const std::vector<RequirementId> candidates(core.rbegin(), core.rend());
    for (const RequirementId one : candidates) {
        const std::vector<RequirementId> rest = without(core, one);
        if (!find(as_request(rest), Goal::any)) {
            core = rest;
        }
    }
    sat_->run(jobs(core));
    return explain(core, sat_->proof(), *encoding_, universe_);
}

void Session::encode_news(const SolveRequest& request) {
    all_news_.push_back({gatherer_.take_slots(), gatherer_.take_candidates()});
    encode(all_news_.back(), request);
    encoding_->index();
    sat_ = std::make_unique<Sat>(encoding_->pool());
}

/// An explanation names candidates, and none may be missing.
void Session::encode_as_a_whole(const SolveRequest& request) {
    sat_.reset();
    encoding_.emplace(universe_);
    for (const News& news : all_news_) {
        encode(news, request);
    }
    encoding_->index();
    sat_ = std::make_unique<Sat>(encoding_->pool());
}

void Session::encode(const News& news, const SolveRequest& request) {
    for (const SlotId slot : news.slots) {
        encoding_->add_slot(slot);
    }
    for (const CandidateId candidate : news.candidates) {
        encoding_->add_dependencies(candidate);
    }
    for (const RequirementId root : request.roots) {
        encoding_->add_requirement(root);
    }
    for (const RequirementId constraint : request.constraints) {
        if (encoding_->has_slot(universe_.requirement(constraint).slot)) {
            encoding_->add_requirement(constraint);
        }
    }
    for (const CandidateId candidate : request.preferred) {
        encoding_->add_preference(candidate);
    }
}

bool Session::is_refuted(const std::vector<RequirementId>& asked) {
    return !sat_->run(jobs(asked));
}

std::vector<Job> Session::jobs(const std::vector<RequirementId>& asked) const {
    std::vector<Job> jobs;
    for (const RequirementId requirement : asked) {
        if (encoding_->has_slot(universe_.requirement(requirement).slot)) {
            jobs.push_back(encoding_->require(requirement));
        }
    }
    return jobs;
}

SolveRequest Session::as_request(const std::vector<RequirementId>& asked) const {
    SolveRequest request;
    for (const RequirementId requirement : asked) {
        const bool is_root = universe_.requirement(requirement).kind == RequirementKind::needs;
        (is_root ? request.roots : request.constraints).push_back(requirement);
    }
    return request;
}

template <class T> std::vector<T> without_repeats(const std::vector<T>& all) {
    std::vector<T> once;
    for (const T one : all) {
        if (std::find(once.begin(), once.end(), one) == once.end()) {
            once.push_back(one);
        }
    }
    return once;
}

template <class T> std::vector<T> without(const std::vector<T>& all, T one) {
    std::vector<T> rest;
    std::copy_if(all.begin(), all.end(), std::back_inserter(rest),
                 [&](T other) { return other != one; });
    return rest;
}

} // namespace

} // namespace envpm::solver
