#pragma once

#include "model/universe.h"
#include "pipeline/conda_records.h"
#include "pipeline/listings.h"
#include "pipeline/requests.h"
#include "pypi/candidates.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

// What a PackageUniverse knows of each id.

enum class SlotKind { python, distribution, conda, extra, virtual_package, manifest };

/// Indexes into the request's `pythons`, ascending.
using PythonSet = std::vector<std::size_t>;

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
    std::vector<Dependency> dependencies;
    const Listings::Description* description = nullptr;
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
    const Request* request = nullptr;
    const CondaRequest* conda_request = nullptr;
};

} // namespace envpm::pipeline
