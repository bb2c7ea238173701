#pragma once

#include "locking/kept_wheels.h"
#include "locking/lock.h"
#include "locking/lock_stamp.h"
#include "project/conda_sources.h"
#include "universe/package_universe.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::locking {

class FirstLook;

// What the parts of `lock` share: lock.cpp has its way, lock_conflict.cpp what is done where there
// is no solution.

/// What the targets of one run share.
struct Run {
    const Manifest& manifest;
    const universe::Requests& requests;
    const LockRequest& request;
    const std::optional<Lock>& previous;
    const SolveInputs& inputs;
    universe::Listings& listings;
    project::CondaSources& conda;
    project::Services& services;
    std::vector<std::string>& notes; ///< told once there is an answer
    FirstLook* first_look = nullptr; ///< fills `inputs.pythons` when it is used
};

/// Where wheels come from.
struct WheelSources {
    WheelSources(project::Services& services, const CachePolicy& policy,
                 const std::vector<pypi::Index>& indexes, universe::Bindings bindings)
        : keeper(services),
          client(services.network(), services.cache("index"), policy, &keeper),
          listings(client, indexes, std::move(bindings)) {}

    KeptWheels keeper;
    pypi::IndexClient client;
    universe::Listings listings;
};

/// Those that the manifest asks for, or all that there are.
enum class PythonScope { asked, all };

/// The interpreters of this host in ascending order, of each version the first that was found.
/// Throws an Error (code 4) if there is none and no channel is asked for one.
std::vector<pypi::PythonChoice> python_choices(const universe::Requests& requests,
                                               const project::Services& services,
                                               PythonScope scope = PythonScope::asked);

/// What a target's universe is made for, without its wish for an accelerator: what has a solution
/// has one without it. `records`: null without channels.
universe::UniverseRequest wanted_universe(const Run& run, const Target& target,
                                          universe::CondaRecords* records, PythonScope scope);

/// For where `universe`, made of `wanted`, has no solution: the same with one Python each, the most
/// preferred first, for those Pythons for which it may have kept a pre-release out that is needed.
std::vector<universe::UniverseRequest> for_each_alone(const universe::UniverseRequest& wanted,
                                                      const universe::PackageUniverse& universe);

/// The host that locks has chosen for all: told here, as it is found out only on another machine.
std::vector<std::string> notes_on_open_python(const Run& run, const Lock& lock);

} // namespace envpm::locking
