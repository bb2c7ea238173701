#pragma once

#include "model/cuda_version.h"
#include "model/universe.h"
#include "pypi/candidates.h"
#include "universe/conda_records.h"
#include "universe/listings.h"
#include "universe/requests.h"
#include "universe/universe_pythons.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace envpm::universe {

// What a PackageUniverse knows of each id.

/// A `fact` is one of the solution itself: which CUDA it runs, whose cuDNN it has.
enum class SlotKind { python, distribution, conda, extra, virtual_package, fact, manifest };

struct SlotEntry {
    Slot slot;
    SlotKind kind = SlotKind::distribution;
    std::optional<PackageName> name;
    std::optional<PackageName> extra;
    bool is_listed = false;
    pypi::CandidateList list{}; ///< of a distribution
    std::vector<CandidateId> candidates{};
    std::string conda_name{}; ///< of a distribution or conda package; empty without channels
    const CondaListing* conda_list = nullptr;
};

struct CandidateEntry {
    Candidate candidate;
    std::size_t index = 0; ///< into the distribution's wheels, the pythons or the virtual ones
    const CondaCandidate* package = nullptr;
    bool is_described = false;
    std::string problem;
    bool is_unfit = false; ///< the problem is that it does not fit the target or its `[gpu]`
    std::optional<CudaRuntime> runtime{}; ///< once it is described
    std::vector<Dependency> dependencies;
    const Listings::Description* description = nullptr;

    /// `fault`: why it does not fit; nothing if it does.
    void mark_unfit(std::optional<std::string> fault) {
        if (fault) {
            problem = std::move(*fault);
            is_unfit = true;
        }
    }
};

/// Where the manifest asks for something; at most one is not null, none for what envpm adds.
struct Asked {
    const Request* wheels = nullptr;
    const CondaRequest* packages = nullptr;
    const GpuPinRequest* pin = nullptr;
};

/// What a requirement matches: specifiers or a spec over a slot's candidates, a set of Pythons,
/// or one candidate.
struct RequirementEntry {
    Requirement requirement;
    pypi::SpecifierSet specifiers;
    std::optional<conda::MatchSpec> spec;
    std::optional<PythonSet> pythons;
    std::optional<CandidateId> exact;
    bool is_any = false;
    bool is_matched = false;
    std::vector<CandidateId> matches;
    Asked asked;
};

/// All of them, by id. What was given out stays where it is.
class UniverseTables {
  public:
    [[nodiscard]] const SlotEntry& at(SlotId id) const { return slots_.at(index_of(id)); }

    [[nodiscard]] const CandidateEntry& at(CandidateId id) const {
        return candidates_.at(index_of(id));
    }

    [[nodiscard]] const RequirementEntry& at(RequirementId id) const {
        return requirements_.at(index_of(id));
    }

    SlotEntry& at(SlotId id) { return slots_.at(index_of(id)); }

    CandidateEntry& at(CandidateId id) { return candidates_.at(index_of(id)); }

    RequirementEntry& at(RequirementId id) { return requirements_.at(index_of(id)); }

    template <class Id> static std::size_t index_of(Id id) { return static_cast<std::size_t>(id); }

    [[nodiscard]] std::size_t slot_count() const { return slots_.size(); }

    [[nodiscard]] const std::deque<RequirementEntry>& requirements() const { return requirements_; }

    SlotId make_slot(SlotEntry entry);

    /// Not those of conda packages that are no distribution: one may be called like one.
    [[nodiscard]] std::optional<SlotId> find_slot(const std::string& name) const;

    /// Above those that the slot has. `index`: as CandidateEntry has it.
    CandidateId add_candidate(SlotId slot, std::string version, std::uint32_t release,
                              std::size_t index);

    /// The one that was made for the key, if one was.
    RequirementId make_requirement(const std::string& key, RequirementEntry entry);
    [[nodiscard]] std::optional<RequirementId> find_requirement(const std::string& key) const;

  private:
    std::deque<SlotEntry> slots_;
    std::deque<CandidateEntry> candidates_;
    std::deque<RequirementEntry> requirements_;
    std::map<std::string, SlotId> slot_ids_;
    std::map<std::string, RequirementId> requirement_ids_;
};

} // namespace envpm::universe
