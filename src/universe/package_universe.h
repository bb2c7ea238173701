#pragma once

#include "model/universe.h"
#include "pypi/candidates.h"
#include "universe/conda_records.h"
#include "universe/gpu_dependencies.h"
#include "universe/listings.h"
#include "universe/requests.h"
#include "universe/universe_request.h"
#include "universe/universe_requirements.h"
#include "universe/universe_tables.h"
#include "universe/virtual_packages.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace envpm::universe {

/// The conda packages of the channels, the wheels of the indexes and the Pythons of this host as
/// candidates of one solve, for one target.
///
/// Slots: `python` with the channels' packages of that name, or with the host's interpreters; one
/// for each distribution, with its conda packages or its wheels; one for each conda package that is
/// no Python distribution; one for each `name[extra]` with as many candidates as the distribution
/// has, each of which needs exactly its own wheel and what the extra adds; one for each virtual
/// package (CEP 30); and one each for the CUDA that the environment runs and for whose build of a
/// CUDA library it has (docs/gpu.md). A wheel that fits only some of the Pythons needs one of
/// those; a marker that holds for some only makes a dependency conditional on them.
///
/// The first source that has a distribution serves it: channels before indexes. With flexible
/// channel priority the wheels stand below. A heading of the manifest is met from its world alone.
class PackageUniverse final : public Universe {
  public:
    /// `conda`: null where the manifest lists no channels.
    PackageUniverse(UniverseRequest request, Listings& listings, CondaRecords* conda);
    PackageUniverse(const PackageUniverse&) = delete; // its parts refer to each other
    PackageUniverse& operator=(const PackageUniverse&) = delete;
    PackageUniverse(PackageUniverse&&) = delete;
    PackageUniverse& operator=(PackageUniverse&&) = delete;
    ~PackageUniverse() override = default;

    [[nodiscard]] bool has_channels() const { return conda_ != nullptr; }

    /// What the manifest asks for on this target, in its order; `python` last.
    [[nodiscard]] const std::vector<RequirementId>& roots() const { return roots_; }

    [[nodiscard]] const std::vector<RequirementId>& constraints() const { return constraints_; }

    /// What of the manifest is behind one of them.
    [[nodiscard]] const Asked& asked(RequirementId requirement) const {
        return tables_.at(requirement).asked;
    }

    /// A candidate's wheel, `archive` also an extra's: the one whose metadata describes it, or null
    [[nodiscard]] const pypi::WheelCandidate* wheel(CandidateId candidate) const;
    [[nodiscard]] const pypi::WheelCandidate* archive(CandidateId candidate) const;

    /// The conda package; null for anything else.
    [[nodiscard]] const CondaCandidate* package(CandidateId candidate) const;
    [[nodiscard]] const Listing& listing(CandidateId candidate) const;
    [[nodiscard]] const Listings::Description& description(CandidateId candidate) const;

    /// The Python that a candidate stands for, the extra that it adds; null for anything else.
    [[nodiscard]] const pypi::PythonChoice* python(CandidateId candidate) const;
    [[nodiscard]] const PackageName* extra(CandidateId candidate) const;

    /// Why a candidate became unusable; whether just because it does not fit the target.
    [[nodiscard]] const std::string& problem(CandidateId candidate) const;
    [[nodiscard]] bool is_unfit(CandidateId candidate) const;

    /// The CUDA that a described candidate is, or was built for, as its name or its needs tell.
    [[nodiscard]] const std::optional<CudaRuntime>& runtime(CandidateId candidate) const {
        return tables_.at(candidate).runtime;
    }

    /// The distribution that a slot belongs to; null for `python` and for what is none.
    [[nodiscard]] const PackageName* distribution(SlotId slot) const;
    [[nodiscard]] const pypi::Exclusions& exclusions(SlotId slot) const;

    /// What the channels have of a listed slot; null where they were not asked.
    [[nodiscard]] const CondaListing* conda_listing(SlotId slot) const;

    /// Whether the indexes were asked for a listed slot.
    [[nodiscard]] bool is_wheel_asked(SlotId slot) const;

    [[nodiscard]] SlotKind kind(SlotId slot) const { return tables_.at(slot).kind; }

    /// "CUDA", whose candidates are its versions; any other.
    [[nodiscard]] SlotId runtime_slot() const { return gpu_.runtime_slot(); }

    [[nodiscard]] std::optional<SlotId> find_slot(const std::string& name) const {
        return tables_.find_slot(name);
    }

    /// The slot of a distribution or a conda package, made if need be.
    SlotId distribution_slot(const PackageName& name) {
        return requirements_.distribution_slot(name);
    }

    SlotId conda_slot(const std::string& name) { return requirements_.conda_slot(name); }

    /// The same need with any version: for finding what else there is.
    RequirementId relaxed(RequirementId requirement);
    /// For which a stable wheel of another Python kept a pre-release out of what was matched.
    [[nodiscard]] PythonSet pythons_without_stable() const;

    [[nodiscard]] std::size_t slot_count() const override { return tables_.slot_count(); }

    [[nodiscard]] const Slot& slot(SlotId slot) const override;
    [[nodiscard]] const Candidate& candidate(CandidateId candidate) const override;
    [[nodiscard]] const Requirement& requirement(RequirementId requirement) const override;
    void list(std::span<const SlotId> slots) override;

    [[nodiscard]] bool is_listed(SlotId slot) const override { return tables_.at(slot).is_listed; }

    [[nodiscard]] std::span<const CandidateId> candidates(SlotId slot) const override;
    void describe(std::span<const CandidateId> candidates) override;

    [[nodiscard]] bool is_described(CandidateId candidate) const override;
    [[nodiscard]] bool is_usable(CandidateId candidate) const override;
    [[nodiscard]] std::span<const Dependency> dependencies(CandidateId candidate) const override;
    [[nodiscard]] std::span<const CandidateId> matches(RequirementId requirement) override;

  private:
    template <class Id> [[nodiscard]] const auto& at(Id id) const { return tables_.at(id); }

    template <class Id> auto& at(Id id) { return tables_.at(id); }

    void add_pythons();
    void add_virtual_packages();
    void add_roots();
    void add_conda_roots();
    void add_manifest_slot(std::vector<Dependency> conditional);
    void add_constraints();
    void list_conda(std::span<const SlotId> slots);
    [[nodiscard]] bool may_have_wheels(const SlotEntry& slot) const;
    void list_distribution(SlotEntry& slot, SlotId id);
    pypi::CandidateList find_wheels(const PackageName& name);
    void list_extra(SlotEntry& slot, SlotId id);
    [[nodiscard]] CandidateId base_of(CandidateId candidate) const;
    void describe_one(CandidateId id, const Listings::Description& description);
    void describe_package(CandidateEntry& entry);
    void load_dependencies(std::span<const CandidateId> candidates);
    std::vector<CandidateId> find_matches(const RequirementEntry& entry);
    [[nodiscard]] bool matches(CandidateId id, const conda::MatchSpec& spec) const;
    [[nodiscard]] bool matches(CandidateId id, const pypi::SpecifierSet& specifiers) const;
    void add_wheel_dependencies(CandidateEntry& entry, const pypi::Metadata& metadata);
    void add_extra_dependencies(CandidateEntry& entry, CandidateId base,
                                const pypi::Metadata& metadata);
    void add_dependency(std::vector<Dependency>& out, const pypi::Requirement& requirement,
                        const PythonSet& holds, const PythonSet& possible);

    UniverseRequest request_;
    UniversePythons pythons_;
    std::optional<pypi::CandidateFinder> finder_; ///< made when the first page is read
    Listings& listings_;
    CondaRecords* conda_;
    std::vector<VirtualPackage> virtual_packages_;
    std::set<PackageName> wheels_only_, conda_only_; ///< as the manifest lists them
    UniverseTables tables_;
    UniverseRequirements requirements_; ///< in `tables_`
    GpuDependencies gpu_;               ///< by `requirements_`
    std::vector<RequirementId> roots_, constraints_;
};

/// Whether the dependency is one where `chosen` is what is chosen.
bool holds(const Dependency& dependency, PackageUniverse& universe,
           const std::set<CandidateId>& chosen);

} // namespace envpm::universe
