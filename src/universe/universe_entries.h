#pragma once

#include "model/cuda_version.h"
#include "model/universe.h"
#include "pypi/candidates.h"
#include "universe/conda_records.h"
#include "universe/listings.h"
#include "universe/requests.h"
#include "universe/universe_pythons.h"

#include <cstddef>
#include <deque>
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

/// All of them, by id.
class UniverseTables {
  public:
    std::deque<SlotEntry> slots;
    std::deque<CandidateEntry> candidates;
    std::deque<RequirementEntry> requirements;

    [[nodiscard]] const SlotEntry& at(SlotId id) const { return slots.at(index_of(id)); }

    [[nodiscard]] const CandidateEntry& at(CandidateId id) const {
        return candidates.at(index_of(id));
    }

    [[nodiscard]] const RequirementEntry& at(RequirementId id) const {
        return requirements.at(index_of(id));
    }

    SlotEntry& at(SlotId id) { return slots.at(index_of(id)); }

    CandidateEntry& at(CandidateId id) { return candidates.at(index_of(id)); }

    RequirementEntry& at(RequirementId id) { return requirements.at(index_of(id)); }

    template <class Id> static std::size_t index_of(Id id) { return static_cast<std::size_t>(id); }
};

} // namespace envpm::universe
