#pragma once

#include "model/universe.h"

#include <variant>
#include <vector>

namespace envpm {

/// An exact set of candidates that meets every requirement, nothing in it unneeded.
struct Resolution {
    std::vector<CandidateId> chosen; ///< ascending by id
};

/// One step of the proof that no set exists.
struct Reason {
    enum class Kind {
        asked,           ///< the request itself has `requirement`
        needs,           ///< each of `candidates` (one slot, ascending) needs `requirement`
        nothing_matches, ///< no candidate of the slot matches `requirement`
        unusable,        ///< each of `candidates` has metadata that cannot be used
    };

    Kind kind = Kind::asked;
    RequirementId requirement{};
    std::vector<CandidateId> candidates;
};

/// Proof that no set exists. `roots` is minimal: without any one of them a set exists.
struct Conflict {
    std::vector<RequirementId> roots;
    std::vector<Reason> reasons; ///< in an order that reads as an argument: asked first
};

using Answer = std::variant<Resolution, Conflict>;

} // namespace envpm
