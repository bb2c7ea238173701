#pragma once

#include "model/manifest.h"
#include "model/universe.h"
#include "pipeline/listings.h"
#include "pipeline/requests.h"
#include "pypi/candidates.h"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// What a PackageUniverse is made for.
struct UniverseRequest {
    const Requests& requests;
    Target target;
    std::vector<pypi::PythonChoice> pythons; ///< in ascending order of preference; not empty
    std::optional<std::string> exclude_newer;
    Prereleases prereleases = Prereleases::if_necessary;
};

/// The wheels of the indexes and the Pythons of this host as candidates of one solve, for one
/// target.
///
/// Slots: `python` with the host's interpreters; one for each distribution with its wheels; one for
/// each `name[extra]` with as many candidates as the distribution has, each of which needs exactly
/// its own wheel and what the extra adds. A wheel that fits only some of the Pythons needs one of
/// those; a marker that holds for some only makes a dependency conditional on them.
class PackageUniverse final : public Universe {
  public:
    PackageUniverse(UniverseRequest request, Listings& listings);

    /// What the manifest asks for on this target, in its order; `python` last.
    [[nodiscard]] const std::vector<RequirementId>& roots() const { return roots_; }

    [[nodiscard]] const std::vector<RequirementId>& constraints() const { return constraints_; }

    /// The manifest's request behind a root or constraint; null for those that envpm adds.
    [[nodiscard]] const Request* request_of(RequirementId requirement) const;

    /// The wheel that a candidate stands for; null for a Python or an extra.
    [[nodiscard]] const pypi::WheelCandidate* wheel(CandidateId candidate) const;

    /// The same, also for an extra: the wheel whose metadata describes the candidate.
    [[nodiscard]] const pypi::WheelCandidate* archive(CandidateId candidate) const {
        return wheel(base_of(candidate));
    }

    [[nodiscard]] const Listing& listing(CandidateId candidate) const;
    [[nodiscard]] const Listings::Description& description(CandidateId candidate) const;

    /// The Python that a candidate stands for; null for anything else.
    [[nodiscard]] const pypi::PythonChoice* python(CandidateId candidate) const;

    /// The extra that a candidate adds to its distribution; null for anything else.
    [[nodiscard]] const PackageName* extra(CandidateId candidate) const;

    /// Why a candidate became unusable.
    [[nodiscard]] const std::string& problem(CandidateId candidate) const;

    /// The distribution that a slot belongs to; null for `python`.
    [[nodiscard]] const PackageName* distribution(SlotId slot) const;
    [[nodiscard]] const pypi::Exclusions& exclusions(SlotId slot) const;

    [[nodiscard]] std::optional<SlotId> find_slot(const std::string& name) const;

    /// The slot of a distribution, made if need be.
    SlotId distribution_slot(const PackageName& name);

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
    enum class SlotKind { python, distribution, extra, manifest };

    /// Indexes into the request's `pythons`, ascending.
    using PythonSet = std::vector<std::size_t>;

    struct SlotEntry {
        Slot slot;
        SlotKind kind = SlotKind::distribution;
        std::optional<PackageName> name;
        std::optional<PackageName> extra;
        bool is_listed = false;
        pypi::CandidateList list; ///< of a distribution
        std::vector<CandidateId> candidates;
    };

    struct CandidateEntry {
        Candidate candidate;
        std::size_t index = 0; ///< into the distribution's wheels, or the pythons
        bool is_described = false;
        std::string problem;
        std::vector<Dependency> dependencies;
        const Listings::Description* description = nullptr;
    };

    /// What a requirement matches: specifiers over wheels, a set of Pythons, or one candidate.
    struct RequirementEntry {
        Requirement requirement;
        pypi::SpecifierSet specifiers;
        std::optional<PythonSet> pythons;
        std::optional<CandidateId> exact;
        bool is_matched = false;
        std::vector<CandidateId> matches;
        const Request* request = nullptr;
    };

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
    RequirementId on_pythons(const PythonSet& pythons, const std::string& text);
    RequirementId on_candidate(CandidateId candidate);

    void add_roots();
    void add_constraints();
    void list_distribution(SlotEntry& slot, SlotId id);
    void list_extra(SlotEntry& slot, SlotId id);
    [[nodiscard]] CandidateId base_of(CandidateId candidate) const;
    void describe_one(CandidateId id, const Listings::Description& description);
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
    pypi::CandidateFinder finder_;
    Listings& listings_;
    std::vector<pypi::MarkerEnvironment> environments_; ///< one for each Python
    PythonSet all_pythons_;
    std::deque<SlotEntry> slots_;
    std::deque<CandidateEntry> candidates_;
    std::deque<RequirementEntry> requirements_;
    std::map<std::string, SlotId> slot_ids_;
    std::map<std::string, RequirementId> requirement_ids_;
    SlotId python_slot_{};
    std::vector<RequirementId> roots_;
    std::vector<RequirementId> constraints_;
};

} // namespace envpm::pipeline
