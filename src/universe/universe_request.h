#pragma once

#include "gpu/fitness.h"
#include "model/manifest.h"
#include "model/target.h"
#include "pypi/candidates.h"
#include "universe/conda_pythons.h"
#include "universe/gpu_machine.h"
#include "universe/requests.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace envpm::universe {

/// What a PackageUniverse is made for.
struct UniverseRequest {
    const Requests& requests;
    Target target;
    /// In ascending order of preference, no two of one version and ABI; those of the channels if
    /// `conda_pythons` has any, else the host's, and then not empty.
    std::vector<pypi::PythonChoice> pythons;
    std::vector<CondaPython> conda_pythons{}; ///< ascending
    std::optional<std::string> exclude_newer;
    Prereleases prereleases = Prereleases::if_necessary;
    ChannelPriority channel_priority = ChannelPriority::strict;
    gpu::TargetMachine machine{};
    FactsTable* facts = nullptr; ///< null: no fact forbids anything
    /// What an earlier universe of the same target, Pythons, date and listings found on their pages
    /// is taken out of here, and what this one finds is put in; null: it finds all itself.
    std::map<PackageName, pypi::CandidateList>* found = nullptr;
};

} // namespace envpm::universe
