#pragma once

#include "model/universe.h"
#include "solver/id_map.h"
#include "solver/libsolv.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace envpm::solver {

/// Turns slots, candidates and requirements into libsolv's rules, step by step as they become
/// known. What is not known yet asks for nothing. encode.cpp explains the encoding.
///
/// Requirements, dependencies and preferences are encoded by the `add_…` functions, which need
/// `index()` afterwards; the jobs only name what was added.
///
/// Of a long slot only the upper part need be encoded: what lies below it is one `rest`, which asks
/// for nothing and matches whatever one of its candidates matches. So a solution is never worse
/// than the true one, and if it has no rest, it is a true one; else `widen` and solve again.
class Encoding {
  public:
    /// A slot with more than twice as many candidates as `first_part` is encoded in part; 0: none.
    explicit Encoding(Universe& universe, std::size_t first_part = 0)
        : universe_(universe),
          first_part_(first_part) {}

    /// A listed slot. Dependencies that were waiting for it are encoded too.
    void add_slot(SlotId slot);
    /// The dependencies of a described candidate whose slot was added; forbids an unusable one. If
    /// the candidate was of a rest, it is taken out of it.
    void add_dependencies(CandidateId candidate);

    /// Encodes more of each slot whose rest was chosen. False if none was.
    bool widen(const std::map<SlotId, CandidateId>& choices);

    /// Whether one of the choices is a rest.
    [[nodiscard]] bool has_rest(const std::map<SlotId, CandidateId>& choices) const;

    /// Of an added slot.
    void add_requirement(RequirementId requirement) { marker(requirement); }

    /// That the slot, if present, is this candidate. False if its slot does not have it.
    bool add_preference(CandidateId candidate);

    // Premises that can be turned on one by one, to see which of them matter.
    enum class Switch : std::size_t {};

    Switch add_switch();

    /// The dependency of a candidate, as long as the premise is on. The slots that it names must
    /// have been added.
    void add_under(Switch premise, CandidateId candidate, const Dependency& dependency);

    /// That the candidate cannot be chosen as long as the premise is on.
    void forbid_under(Switch premise, CandidateId candidate);

    void index() { pool_.index(); }

    [[nodiscard]] bool has_slot(SlotId slot) const { return slots_.contains(slot); }

    [[nodiscard]] bool has_preference(CandidateId candidate) const {
        return preferences_.contains(candidate);
    }

    /// The candidate's place in its added slot: 0 is the least preferred.
    [[nodiscard]] std::size_t rank(CandidateId candidate) const {
        return places_.at(candidate).rank;
    }

    [[nodiscard]] std::size_t highest_rank(SlotId slot) const {
        return slots_.at(slot).at_least.size();
    }

    /// Those of lower ranks are the slot's rest.
    [[nodiscard]] std::size_t base(SlotId slot) const { return slots_.at(slot).base; }

    [[nodiscard]] Job require(RequirementId requirement) const;
    [[nodiscard]] Job keep(CandidateId candidate) const;
    [[nodiscard]] Job try_to_keep(CandidateId candidate) const;
    /// The slot holds one of this rank or a higher one.
    [[nodiscard]] Job at_least(SlotId slot, std::size_t rank) const;
    /// The slot, if present, holds one of this rank or a lower one. This rank must not be the
    /// slot's highest.
    [[nodiscard]] Job at_most(SlotId slot, std::size_t rank) const;
    /// The slot holds something: decides it before what comes later.
    [[nodiscard]] Job decide(SlotId slot) const;
    [[nodiscard]] Job choose(CandidateId candidate) const;
    [[nodiscard]] Job turn_on(Switch premise) const;

    [[nodiscard]] Pool& pool() { return pool_; }

    // What the ids of a proof or a solution stand for; a rest stands for its best candidate.
    [[nodiscard]] std::optional<CandidateId> candidate_of(Solvable solvable) const;
    [[nodiscard]] std::optional<RequirementId> requirement_of(Solvable solvable) const;
    [[nodiscard]] std::optional<RequirementId> requirement_of(Dep dep) const;

  private:
    /// Something that can be chosen together with the dep that only it provides.
    struct Marker {
        Solvable solvable{};
        Dep dep{};
    };

    struct SlotRules {
        Marker any;
        Dep name{};
        Dep one_of{};                      ///< what its candidates provide
        std::size_t base = 0;              ///< those of a lower rank are the rest
        Solvable rest{};                   ///< if the base is or was above 0
        std::vector<Marker> at_least;      ///< [k - 1]: a candidate of rank k or more, k >= base
        std::vector<Solvable> candidates;  ///< by rank, from the base on
        std::vector<RequirementId> bounds; ///< requirements that match some of the rest
        std::vector<RequirementId> conditions; ///< of those that match some of the rest
    };

    struct Place {
        Solvable solvable{};
        std::size_t rank = 0;
    };

    /// Candidates of one slot: their ranks, ascending.
    struct Subset {
        SlotId slot{};
        std::vector<std::size_t> ranks;
    };

    using Waiting = std::vector<std::pair<CandidateId, Dependency>>;

    Marker new_marker(const std::string& kind);
    Solvable next_any();
    void lower_base_to(SlotId slot, std::size_t rank);
    void lower_base(SlotId slot, std::size_t base);
    void add_rungs(SlotRules& rules, std::size_t begin, std::size_t end);
    void add_candidates(SlotRules& rules, SlotId slot, std::size_t begin, std::size_t end);
    void add_rest(SlotRules& rules, SlotId slot);
    void bound_anew(SlotId slot, std::size_t old_base);
    void need_within(const Subset& subset, std::size_t end, const Marker& marker);
    void note_rest(std::vector<RequirementId>& noted, RequirementId requirement,
                   const Subset& subset) const;
    void add_dependency(CandidateId candidate, const Dependency& dependency);
    Dep dep_of(const Dependency& dependency);
    Subset subset(RequirementId requirement);
    Marker marker(RequirementId requirement);
    Marker inside(RequirementId condition);
    void bound(const Marker& marker, const Subset& subset, RequirementKind kind);
    void bound_above(const Marker& marker, const SlotRules& rules, const Subset& subset);
    void bound_below(const Marker& marker, const SlotRules& rules, const Subset& subset,
                     RequirementKind kind);
    void exclude_holes(const Marker& marker, const SlotRules& rules, const Subset& subset,
                       std::size_t end);

    Universe& universe_;
    std::size_t first_part_;
    Pool pool_;
    IdMap<SlotId, SlotRules> slots_;
    IdMap<CandidateId, Place> places_;
    IdMap<RequirementId, Marker> requirements_;
    IdMap<RequirementId, Marker> conditions_;
    IdMap<CandidateId, Marker> preferences_;
    std::vector<Marker> switches_;
    IdMap<SlotId, Waiting> waiting_;
    IdMap<Solvable, CandidateId> candidate_of_;
    IdMap<Solvable, RequirementId> requirement_of_solvable_;
    std::map<Dep, RequirementId> requirement_of_dep_; ///< those of conditions are far apart
    std::size_t names_ = 0;                           ///< given out, so that each is new
    Solvable reserved_{};                             ///< the rest of a block for `any` markers
    std::size_t reserve_ = 0;                         ///< how many are left in it
};

} // namespace envpm::solver
