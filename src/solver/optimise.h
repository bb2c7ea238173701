#pragma once

#include "solver/encode.h"
#include "solver/plain.h"
#include "solver/solve.h"
#include "solver/walk.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace envpm::solver {

/// Finds the best solution under what is known now: see `solve` for what is best. Keeps what later
/// calls, with more knowledge, can start from.
class Optimiser {
  public:
    /// All must outlive it. The request's preferences are those that the encoding has.
    Optimiser(const SolveRequest& request, const Knowledge& known, Encoding& encoding)
        : request_(request),
          known_(known),
          encoding_(encoding) {}

    /// Nothing if there is no solution. Otherwise only what is needed, as far as it is known; if a
    /// slot's rest is chosen, the search ends there (`Encoding::widen`).
    std::optional<Choices> best(Sat& sat);

    /// Any solution, without optimisation beyond the roots' own order.
    std::optional<Choices> any(Sat& sat);

  private:
    /// A root's candidates that the request allows, and how far each lags.
    struct RootLag {
        SlotId slot{};
        std::vector<CandidateId> allowed;
        std::vector<std::uint32_t> lags; ///< never grows from one candidate to a preferred one

        [[nodiscard]] CandidateId lowest_within(std::uint32_t lag) const;
    };

    [[nodiscard]] std::vector<Job> request_jobs() const;
    [[nodiscard]] std::vector<SlotId> root_slots() const;
    bool keep_preferred(std::vector<Job>& jobs, Sat& sat);
    std::vector<CandidateId> keep_one_by_one(std::vector<Job>& jobs, Sat& sat);
    void start_over(std::vector<CandidateId> kept);
    std::optional<Choices> best_roots(const std::vector<Job>& jobs, Sat& sat);
    std::optional<Choices> at_lowest_lag(const std::vector<Job>& jobs, Sat& sat);
    Choices limit_lag(const std::vector<Job>& jobs, Choices greedy, Sat& sat);
    void lower_ceiling(SlotId slot, const std::vector<Job>& jobs, Sat& sat);
    void raise_lowest_lag(const std::vector<RootLag>& roots);
    [[nodiscard]] std::vector<Job> with_ceilings(std::vector<Job> jobs) const;
    void note_falling(const Choices& solution);
    std::optional<Choices> run_within(std::uint32_t lag, const std::vector<RootLag>& roots,
                                      const std::vector<Job>& jobs, Sat& sat);
    std::vector<Job> lag_jobs(std::uint32_t lag, const std::vector<RootLag>& roots) const;
    [[nodiscard]] std::uint32_t lag_of(const RootLag& root, CandidateId candidate) const;
    [[nodiscard]] std::vector<RootLag> root_lags() const;
    [[nodiscard]] RootLag root_lag(const std::vector<RequirementId>& asked, SlotId slot) const;
    Choices refine(std::vector<Job> jobs, Choices solution, Sat& sat);
    [[nodiscard]] Choices choices_of(const std::vector<SlotId>& level,
                                     const Choices& solution) const;
    bool is_at_ceiling(SlotId slot, const Choices& solution, NeedWalk& walk,
                       Decided& decided) const;
    std::optional<Choices> run(std::vector<Job> jobs, const std::vector<SlotId>& order, Sat& sat);

    /// Of jobs that certainly have a solution.
    Choices run_possible(std::vector<Job> jobs, const std::vector<SlotId>& order, Sat& sat);

    const SolveRequest& request_;
    const Knowledge& known_;
    Encoding& encoding_;
    std::vector<CandidateId> wanted_;
    std::vector<CandidateId> kept_; ///< of these
    // Proved, as long as `kept_` stays the same.
    std::uint32_t lowest_lag_ = 0;
    std::map<SlotId, std::size_t> ceilings_; ///< a slot cannot have a higher rank
    Choices last_;
    std::map<SlotId, int> falls_; ///< times that a slot was lower than the last time
    std::vector<SlotId> falling_; ///< the last time, and not for the first time
};

} // namespace envpm::solver
