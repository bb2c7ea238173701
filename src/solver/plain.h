#pragma once

#include "solver/solve.h"
#include "solver/walk.h"

#include <map>
#include <optional>
#include <vector>

namespace envpm::solver {

// What is plain to see without the solver.

/// The best solution, if `guess` is one and nobody can doubt it: all of it is known, it keeps all
/// that the request prefers, and every other slot holds the best of what the request and the levels
/// before it allow.
std::optional<Choices> plainly_best(const Choices& guess, const SolveRequest& request,
                                    const Knowledge& known);

/// Tells candidates that cannot be chosen any more, after some slots are decided for good.
class Decided {
  public:
    /// `walk` has passed what is decided, `choices` is that. All must outlive it.
    Decided(const Choices& choices, NeedWalk& walk, const Knowledge& known)
        : choices_(choices),
          walk_(walk),
          known_(known) {}

    /// One more, of the walk's level.
    void add(SlotId slot, CandidateId choice);

    /// Whether a candidate contradicts what is decided or what that needs. False if this is not
    /// plain.
    [[nodiscard]] bool excludes(CandidateId candidate) const;

  private:
    [[nodiscard]] bool excludes(const Requirement& asked, RequirementId requirement) const;

    const Choices& choices_;
    NeedWalk& walk_;
    const Knowledge& known_;
    Choices more_;
    std::map<SlotId, std::vector<RequirementId>> asked_; ///< by those added
    IdSet<SlotId> needed_;                               ///< by those added
};

} // namespace envpm::solver
