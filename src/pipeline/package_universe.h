#pragma once

#include "model/universe.h"
#include "pipeline/conda_records.h"
#include "pipeline/listings.h"
#include "pipeline/requests.h"
#include "pipeline/universe_entries.h"
#include "pipeline/universe_request.h"
#include "pipeline/virtual_packages.h"
#include "pypi/candidates.h"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// The conda packages of the channels, the wheels of the indexes and the Pythons of this host as
/// candidates of one solve, for one target.
///
/// Slots: `python` with the channels' packages of that name, or with the host's interpreters; one
/// for each distribution, with its conda packages or its wheels; one for each conda package that is
/// no Python distribution; one for each `name[extra]` with as many candidates as the distribution
/// has, each of which needs exactly its own wheel and what the extra adds; and one for each virtual
/// package (CEP 30). A wheel that fits only some of the Pythons needs one of those; a marker that
/// holds for some only makes a dependency conditional on them.
///
/// Of a distribution, the first source that has it serves it: channels before indexes. With
/// flexible channel priority the wheels stand below the conda packages. What the manifest lists
/// under a heading is met from that world alone.
class PackageUniverse final : public Universe {
  public:
    /// `conda`: null where the manifest lists no channels.
    PackageUniverse(UniverseRequest request, Listings& listings, CondaRecords* conda);

    [[nodiscard]] bool has_channels() const { return conda_ != nullptr; }

    /// What the manifest asks for on this target, in its order; `python` last.
    [[nodiscard]] const std::vector<RequirementId>& roots() const { return roots_; }

    [[nodiscard]] const std::vector<RequirementId>& constraints() const { return constraints_; }

    /// The manifest's request behind a root or constraint; null for those that envpm adds, and for
    /// one in conda's language.
    [[nodiscard]] const Request* request_of(RequirementId requirement) const;
    [[nodiscard]] const CondaRequest* conda_request_of(RequirementId requirement) const;

    /// The wheel that a candidate stands for; null for anything else.
    [[nodiscard]] const pypi::WheelCandidate* wheel(CandidateId candidate) const;

    /// The same, also for an extra: the wheel whose metadata describes the candidate.
    [[nodiscard]] const pypi::WheelCandidate* archive(CandidateId candidate) const;

    /// The conda package that a candidate stands for; null for anything else.
    [[nodiscard]] const CondaCandidate* package(CandidateId candidate) const;
    [[nodiscard]] const Listing& listing(CandidateId candidate) const;
    [[nodiscard]] const Listings::Description& description(CandidateId candidate) const;

    /// The Python that a candidate stands for; null for anything else.
    [[nodiscard]] const pypi::PythonChoice* python(CandidateId candidate) const;

    /// The extra that a candidate adds to its distribution; null for anything else.
    [[nodiscard]] const PackageName* extra(CandidateId candidate) const;

    /// Why a candidate became unusable.
    [[nodiscard]] const std::string& problem(CandidateId candidate) const;

    /// The distribution that a slot belongs to; null for `python` and for what is none.
    [[nodiscard]] const PackageName* distribution(SlotId slot) const;
    [[nodiscard]] const pypi::Exclusions& exclusions(SlotId slot) const;

    /// What the channels have of a listed slot; null where they were not asked.
    [[nodiscard]] const CondaListing* conda_listing(SlotId slot) const;

    /// Whether the indexes were asked for a listed slot; whether its candidates are facts of the
    /// target.
    [[nodiscard]] bool is_wheel_asked(SlotId slot) const { return may_have_wheels(at(slot)); }

    [[nodiscard]] bool is_virtual(SlotId slot) const;

    [[nodiscard]] std::optional<SlotId> find_slot(const std::string& name) const;

    /// The slot of a distribution or a conda package, made if need be.
    SlotId distribution_slot(const PackageName& name);
    SlotId conda_slot(const std::string& name);

    /// The same need with any version: for finding what else there is.
    RequirementId relaxed(RequirementId requirement);

    [[nodiscard]] std::size_t slot_count() const override { return slots_.size(); }

    [[nodiscard]] const Slot& slot(SlotId slot) const override { return at(slot).slot; }

    [[nodiscard]] const Candidate& candidate(CandidateId candidate) const override {
        return at(candidate).candidate;
    }

    [[nodiscard]] const Requirement& requirement(RequirementId requirement) const override {
        return at(requirement).requirement;
    }

    void list(std::span<const SlotId> slots) override;

    [[nodiscard]] bool is_listed(SlotId slot) const override { return at(slot).is_listed; }

    [[nodiscard]] std::span<const CandidateId> candidates(SlotId slot) const override {
        return at(slot).candidates;
    }

    void describe(std::span<const CandidateId> candidates) override;

    [[nodiscard]] bool is_described(CandidateId candidate) const override {
        return at(candidate).is_described;
    }

    [[nodiscard]] bool is_usable(CandidateId candidate) const override {
        return at(candidate).problem.empty();
    }

    [[nodiscard]] std::span<const Dependency> dependencies(CandidateId candidate) const override {
        return at(candidate).dependencies;
    }

    [[nodiscard]] std::span<const CandidateId> matches(RequirementId requirement) override;

  private:
    [[nodiscard]] const SlotEntry& at(SlotId id) const;
    [[nodiscard]] const CandidateEntry& at(CandidateId id) const;
    [[nodiscard]] const RequirementEntry& at(RequirementId id) const;
    SlotEntry& at(SlotId id);
    CandidateEntry& at(CandidateId id);
    RequirementEntry& at(RequirementId id);

    SlotId make_slot(SlotEntry entry);
    SlotId extra_slot(const PackageName& name, const PackageName& extra);
    CandidateId add_candidate(SlotId slot, std::string version, std::uint32_t release,
                              std::size_t index);
    RequirementId make_requirement(const std::string& key, RequirementEntry entry);
    RequirementId on_distribution(const PackageName& name, const pypi::SpecifierSet& specifiers,
                                  RequirementKind kind);
    RequirementId on_extra(const PackageName& name, const PackageName& extra,
                           const pypi::SpecifierSet& specifiers);
    RequirementId on_spec(const conda::MatchSpec& spec, const std::string& text,
                          RequirementKind kind);
    RequirementId on_slot(SlotId slot);
    std::optional<RequirementId> on_dependency(const std::string& text, RequirementKind kind,
                                               std::string& problem);
    RequirementId on_pythons(const PythonSet& pythons, const std::string& text);
    RequirementId on_candidate(CandidateId candidate);

    void add_pythons();
    void add_virtual_packages();
    void add_roots();
    void add_conda_roots();
    void add_manifest_slot(std::vector<Dependency> conditional);
    void add_constraints();
    void list_conda(std::span<const SlotId> slots);
    [[nodiscard]] bool may_have_wheels(const SlotEntry& slot) const;
    void list_distribution(SlotEntry& slot, SlotId id);
    void list_extra(SlotEntry& slot, SlotId id);
    [[nodiscard]] CandidateId base_of(CandidateId candidate) const;
    void describe_one(CandidateId id, const Listings::Description& description);
    void describe_package(CandidateEntry& entry);
    void load_dependencies(std::span<const CandidateId> candidates);
    std::vector<CandidateId> find_matches(const RequirementEntry& entry);
    [[nodiscard]] bool matches_spec(CandidateId id, const conda::MatchSpec& spec) const;
    [[nodiscard]] bool matches_specifiers(CandidateId id,
                                          const pypi::SpecifierSet& specifiers) const;
    void add_wheel_dependencies(CandidateEntry& entry, const pypi::Metadata& metadata);
    void add_extra_dependencies(CandidateEntry& entry, CandidateId base,
                                const pypi::Metadata& metadata);
    void add_dependency(std::vector<Dependency>& out, const pypi::Requirement& requirement,
                        const PythonSet& holds, const PythonSet& possible);
    [[nodiscard]] PythonSet pythons_where(const pypi::Marker& marker,
                                          const std::vector<PackageName>& extras,
                                          const PythonSet& among) const;
    [[nodiscard]] PythonSet pythons_in(const pypi::SpecifierSet& specifiers) const;

    UniverseRequest request_;
    std::optional<pypi::CandidateFinder> finder_; ///< made when the first page is read
    Listings& listings_;
    CondaRecords* conda_;
    std::vector<VirtualPackage> virtual_packages_;
    std::set<PackageName> wheels_only_;                 ///< the manifest lists them as wheels
    std::set<PackageName> conda_only_;                  ///< and these as conda packages
    std::vector<pypi::MarkerEnvironment> environments_; ///< one for each Python
    PythonSet all_pythons_;
    std::deque<SlotEntry> slots_;
    std::deque<CandidateEntry> candidates_;
    std::deque<RequirementEntry> requirements_;
    std::map<std::string, SlotId> slot_ids_, conda_slots_;
    std::map<std::string, RequirementId> requirement_ids_;
    SlotId python_slot_{};
    std::vector<RequirementId> roots_;
    std::vector<RequirementId> constraints_;
};

} // namespace envpm::pipeline
