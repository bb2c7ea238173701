#pragma once

#include "conda/match_spec.h"
#include "gpu/facts_rows.h"
#include "pypi/specifier.h"
#include "universe/conda_records.h"
#include "universe/requests.h"
#include "universe/universe_tables.h"

#include <map>
#include <string>
#include <variant>

namespace envpm::universe {

/// What the manifest and the candidates of one universe require: each requirement once, in its
/// tables, with the slot that it speaks of.
class UniverseRequirements {
  public:
    /// Makes the slot of the Pythons. `conda`: null where the manifest lists no channels. All that
    /// is passed outlives this.
    UniverseRequirements(const Requests& requests, UniverseTables& tables, CondaRecords* conda);

    [[nodiscard]] SlotId python_slot() const { return python_slot_; }

    [[nodiscard]] bool has_channels() const { return conda_ != nullptr; }

    /// Of a distribution, of `name[extra]` and of a conda package; each is made if need be. The
    /// last may ask the channels for the name.
    SlotId distribution_slot(const PackageName& name);
    SlotId extra_slot(const PackageName& name, const PackageName& extra);
    SlotId conda_slot(const std::string& name);

    RequirementId on_distribution(const PackageName& name, const pypi::SpecifierSet& specifiers,
                                  RequirementKind kind);
    RequirementId on_extra(const PackageName& name, const PackageName& extra,
                           const pypi::SpecifierSet& specifiers);

    /// `text`: how it is explained, here and below.
    RequirementId on_pythons(const PythonSet& pythons, const std::string& text);
    RequirementId on_spec(const conda::MatchSpec& spec, const std::string& text,
                          RequirementKind kind);

    /// Of a conda package, in conda's words, or what overrides it; or why there is none.
    std::variant<RequirementId, std::string> on_dependency(const std::string& text,
                                                           RequirementKind kind);

    RequirementId on_candidate(CandidateId candidate);

    /// Any candidate of the slot that a line of a manifest can get without pinning it.
    RequirementId on_slot(SlotId slot);

    /// One of a `fact`: this candidate of it, or those of these versions.
    RequirementId on_fact(CandidateId fact, const std::string& text);
    RequirementId on_fact(SlotId slot, const pypi::SpecifierSet& versions, RequirementKind kind,
                          const std::string& text);

    /// On a distribution, as a row of the facts table limits it.
    RequirementId on_cited(const PackageName& name, const std::string& specifiers,
                           const gpu::Citation& citation);

  private:
    const Requests& requests_;
    UniverseTables& tables_;
    CondaRecords* conda_;
    SlotId python_slot_{};
    std::map<std::string, SlotId> conda_slots_; ///< by the name of the package
};

} // namespace envpm::universe
