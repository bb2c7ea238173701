#pragma once

#include "model/universe.h"
#include "solver/id_map.h"

#include <map>
#include <optional>
#include <span>
#include <vector>

namespace envpm::solver {

/// At most one candidate for each slot.
using Choices = std::map<SlotId, CandidateId>;

/// What one solve has taken up from its universe, which may know more than that.
struct Knowledge {
    Universe& universe;
    IdSet<SlotId> slots;           ///< listed
    IdSet<CandidateId> candidates; ///< described
};

/// Whether unusable candidates count.
enum class Usable { only, any };

/// The candidates of a listed slot that match all these requirements on it, ascending.
std::vector<CandidateId> matching_all(const std::vector<RequirementId>& requirements,
                                      Universe& universe, SlotId slot, Usable usable);

/// The last of these, those that are usable.
std::optional<CandidateId> best_matching_all(const std::vector<RequirementId>& requirements,
                                             Universe& universe, SlotId slot);

bool is_match(RequirementId requirement, CandidateId candidate, Universe& universe);

/// Walks over what a choice of candidates needs: breadth first from the roots, in the order in
/// which the dependencies name it. It never visits what nothing needs. The next level depends only
/// on the choices in the levels before, so the choices may be made on the way.
///
/// A dependency with `when` counts from the moment at which the walk has passed the condition's
/// slot; until then it waits. The knowledge must outlive the walk.
class NeedWalk {
  public:
    NeedWalk(std::span<const RequirementId> roots, std::span<const RequirementId> constraints,
             const Knowledge& known);

    /// The slots of this level, in order; none when the walk is over. Not all need be known.
    [[nodiscard]] const std::vector<SlotId>& level() const { return level_; }

    /// Goes on to the slots that this level's choices need. A slot without a choice, or whose
    /// choice is not known, needs nothing.
    void advance(const Choices& choices);

    /// All slots of this level and those before, in order.
    [[nodiscard]] const std::vector<SlotId>& reached() const { return reached_; }

    /// Whether something needs the slot, so far.
    [[nodiscard]] bool is_reached(SlotId slot) const { return is_reached_.contains(slot); }

    /// What the request and the levels before ask of a slot.
    [[nodiscard]] const std::vector<RequirementId>& asked(SlotId slot) { return asked_[slot]; }

  private:
    void pass(SlotId slot, CandidateId choice);
    void consider(const Dependency& dependency);
    void ask(RequirementId requirement);

    const Knowledge& known_;
    std::vector<SlotId> level_;
    std::vector<SlotId> next_level_;
    std::vector<SlotId> reached_;
    IdSet<SlotId> is_reached_;
    IdMap<SlotId, CandidateId> passed_;
    IdMap<SlotId, std::vector<RequirementId>> asked_;
    std::map<SlotId, std::vector<Dependency>> waiting_; ///< by the slot of their condition
};

} // namespace envpm::solver
