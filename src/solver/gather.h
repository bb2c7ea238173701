#pragma once

#include "solver/solve.h"
#include "solver/walk.h"

#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace envpm::solver {

/// Decides what must be known next and asks the universe for it, in as few batches as it can:
/// between two runs of the solver it follows its best guesses on its own, wave by wave, so that a
/// request that fits together needs a single run.
class Gatherer {
  public:
    /// Reports how much it asked for in `statistics`, which must outlive it.
    Gatherer(Universe& universe, std::stop_token stop, SolveStatistics& statistics)
        : known_{universe, {}, {}},
          stop_(std::move(stop)),
          statistics_(statistics) {}

    /// Learns the request's slots and everything that the best guesses need. A guess is the
    /// solution's choice, else what the request prefers, else the best that matches all that is
    /// asked of the slot. All that is preferred is learned at once: a previous answer is the best
    /// guess there is, and knows at once what would be found wave by wave.
    void follow(const SolveRequest& request, const Choices& solution);

    /// Learns what the solution chose without knowing it, together with the next-best candidates
    /// of these slots (twice as many each time, after a few also those that nothing asks for now,
    /// and as many of the slots that are tried in turn with them), then follows on from there.
    /// False if nothing of the solution was unknown: then it is final.
    bool learn(const SolveRequest& request, const Choices& solution);

    /// The guesses that `follow` came to rest on.
    [[nodiscard]] const Choices& guesses() const { return guesses_; }

    [[nodiscard]] const Knowledge& known() const { return known_; }

    /// What came to be known since the last call, in a deterministic order.
    std::vector<SlotId> take_slots() { return std::exchange(slots_, {}); }

    std::vector<CandidateId> take_candidates() { return std::exchange(candidates_, {}); }

    /// Throws an Error with ExitCode::interrupted when stopped.
    void check_stop() const;

  private:
    struct Guess {
        Choices choices;
        NeedWalk walk;
    };

    Guess guess(const SolveRequest& request, const Choices& solution);
    Guess guess_after(NeedWalk* before, const SolveRequest& request, const Choices& solution);
    Choices guess_level(NeedWalk& walk, NeedWalk* before, const SolveRequest& request,
                        const Choices& solution);
    std::optional<CandidateId> choose(const std::vector<RequirementId>& asked, SlotId slot,
                                      const SolveRequest& request, const Choices& solution);
    [[nodiscard]] bool is_offered(CandidateId candidate) const;
    bool list_new(const std::vector<SlotId>& reached);
    bool describe_new(Guess& guess, const std::vector<CandidateId>& preferred);
    void add_look_ahead(std::vector<CandidateId>& batch, CandidateId chosen, NeedWalk& walk,
                        const Choices& choices);
    std::vector<CandidateId> partners(CandidateId chosen, const Choices& choices);
    [[nodiscard]] std::vector<RequirementId> needs_of(CandidateId candidate) const;
    void add_stretch(std::vector<CandidateId>& batch, CandidateId first, std::size_t length) const;
    std::size_t add_below(std::vector<CandidateId>& batch, CandidateId chosen,
                          std::span<const CandidateId> candidates, std::size_t most) const;
    void list(const std::vector<SlotId>& slots);
    void describe(const std::vector<CandidateId>& candidates);
    void name_slots(CandidateId candidate);

    Knowledge known_;
    std::stop_token stop_;
    SolveStatistics& statistics_;
    std::vector<SlotId> named_; ///< by dependencies, perhaps not known yet
    Choices last_guess_;
    Choices guesses_;
    std::map<SlotId, unsigned> tries_;
    std::vector<SlotId> slots_;
    std::vector<CandidateId> candidates_;
};

} // namespace envpm::solver
