#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace envpm {

// Distinct types, so that a slot can never be taken for a candidate. Each counts from 0 within one
// Universe.
enum class SlotId : std::uint32_t {};
enum class CandidateId : std::uint32_t {};
enum class RequirementId : std::uint32_t {};

/// What may be chosen at most once: a distribution's name, a name with one extra, `python`.
struct Slot {
    std::string name; ///< for messages: "numpy", "transformers[torch]"
};

/// One concrete artifact that could be chosen.
struct Candidate {
    SlotId slot{};
    std::string version;       ///< for messages
    std::uint32_t release = 0; ///< equal for the builds of one version; 0 is the slot's newest
};

enum class RequirementKind {
    needs,      ///< one of the matching candidates must be chosen
    constrains, ///< if the slot is chosen at all, then one of the matching candidates
};

/// A set of candidates of one slot, made from one text in the language of its world.
struct Requirement {
    SlotId slot{};
    RequirementKind kind = RequirementKind::needs;
    std::string text; ///< for messages: "numpy >=1.26"
};

/// What a candidate asks for. With `when`, only if a candidate that matches it is chosen too (a
/// marker that depends on the Python that is chosen).
struct Dependency {
    RequirementId need{};
    std::optional<RequirementId> when;

    bool operator==(const Dependency&) const = default;
};

/// The candidates reachable from a request, for one target. Filled lazily: the solver names the
/// slots and candidates that it must know more of. What has once been told never changes, so spans
/// and references stay valid, ids only grow, and a requirement's matches are final once its slot is
/// listed. One thread at a time.
class Universe {
  public:
    Universe() = default;
    Universe(const Universe&) = delete;
    Universe& operator=(const Universe&) = delete;
    virtual ~Universe() = default;

    [[nodiscard]] virtual std::size_t slot_count() const = 0;
    [[nodiscard]] virtual const Slot& slot(SlotId slot) const = 0;
    [[nodiscard]] virtual const Candidate& candidate(CandidateId candidate) const = 0;
    [[nodiscard]] virtual const Requirement& requirement(RequirementId requirement) const = 0;

    /// Makes the candidates of these slots known: one batch, so that it costs one round trip. A
    /// slot that is already listed costs nothing; one that no source has gets no candidates.
    virtual void list(std::span<const SlotId> slots) = 0;
    [[nodiscard]] virtual bool is_listed(SlotId slot) const = 0;

    /// In ascending order of preference: the last is the one to take if nothing speaks against it.
    [[nodiscard]] virtual std::span<const CandidateId> candidates(SlotId slot) const = 0;

    /// Makes the dependencies of these candidates known, again in one batch. A candidate whose
    /// metadata turns out unusable becomes unavailable: `is_usable` is false from then on, and the
    /// solver must forbid it.
    virtual void describe(std::span<const CandidateId> candidates) = 0;
    [[nodiscard]] virtual bool is_described(CandidateId candidate) const = 0;
    [[nodiscard]] virtual bool is_usable(CandidateId candidate) const = 0;

    /// Of a described candidate. The slots that they name need not be listed yet.
    [[nodiscard]] virtual std::span<const Dependency> dependencies(CandidateId candidate) const = 0;

    /// Those of the requirement's slot that match, ascending as `candidates`; its slot is listed.
    [[nodiscard]] virtual std::span<const CandidateId> matches(RequirementId requirement) = 0;
};

} // namespace envpm
