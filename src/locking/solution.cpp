#include "locking/solution.h"

#include "base/assert.h"
#include "base/error.h"
#include "lockfiles/lock_file.h"
#include "locking/file_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace envpm::locking {

namespace {

using Packages = std::map<SlotId, LockedPackage>;

struct Chosen {
    const std::set<CandidateId>& candidates;
    const Packages& packages;
};

LockedPackage to_package(CandidateId id, universe::PackageUniverse& universe, const Target& target);
LockedPackage to_package(const universe::CondaCandidate& conda, const Target& target);
void add_dependencies(LockedPackage& package, CandidateId id, universe::PackageUniverse& universe,
                      const Chosen& chosen);
std::string under_name(const std::string& text, const PackageName& name);
bool is_overridden(const LockedPackage& package, const universe::Requests& requests);
Sha256 no_digest();
void add_package(Lock& lock, const LockedPackage& package, const std::string& target);
void keep_seal(LockedTarget& target, const Lock& previous);

} // namespace

TargetSolution to_solution(const Resolution& resolution, universe::PackageUniverse& universe,
                           const universe::Requests& requests, const Target& target) {
    TargetSolution solution{target, {}, {}};
    const std::set<CandidateId> chosen(resolution.chosen.begin(), resolution.chosen.end());
    Packages packages;
    for (const CandidateId id : resolution.chosen) {
        const SlotId slot = universe.candidate(id).slot;
        const universe::CondaCandidate* conda = universe.package(id);
        if (const pypi::PythonChoice* python = universe.python(id)) {
            solution.python = LockedPython{python->abi, python->version, conda != nullptr};
        }
        if (conda != nullptr) {
            packages.emplace(slot, to_package(*conda, target));
        } else if (universe.wheel(id) != nullptr) {
            packages.emplace(slot, to_package(id, universe, target));
        }
    }
    const Chosen choice{chosen, packages};
    for (const CandidateId id : resolution.chosen) {
        SlotId slot = universe.candidate(id).slot;
        const PackageName* extra = universe.extra(id);
        if (extra != nullptr) {
            slot = universe.distribution_slot(*universe.distribution(slot));
        }
        const auto package = packages.find(slot);
        if (package == packages.end()) {
            continue; // a fact, not a package
        }
        if (extra != nullptr && !package->second.is_conda()) {
            package->second.extras.push_back(*extra);
        }
        add_dependencies(package->second, id, universe, choice);
    }
    for (auto& [slot, package] : packages) {
        std::sort(package.extras.begin(), package.extras.end());
        std::sort(package.dependencies.begin(), package.dependencies.end());
        package.dependencies.erase(
            std::unique(package.dependencies.begin(), package.dependencies.end()),
            package.dependencies.end());
        package.is_overridden = is_overridden(package, requests);
        solution.packages.push_back(std::move(package));
    }
    std::sort(solution.packages.begin(), solution.packages.end(), [](const auto& a, const auto& b) {
        return std::tie(a.name, a.file) < std::tie(b.name, b.file);
    });
    return solution;
}

Lock compose_lock(const std::vector<TargetSolution>& solutions, const Sha256& manifest_digest,
                  const std::optional<Lock>& previous, const std::vector<FileRule>& files) {
    Lock lock{manifest_digest, {}, {}};
    for (const TargetSolution& solution : solutions) {
        lock.targets.push_back(
            {solution.target, solution.python, no_digest(), std::nullopt, solution.gpu});
        for (const LockedPackage& package : solution.packages) {
            add_package(lock, package, solution.target.name);
        }
    }
    for (LockedPackage& package : lock.packages) {
        std::sort(package.targets.begin(), package.targets.end());
        package.wins = won_paths(package, files);
    }
    std::sort(lock.packages.begin(), lock.packages.end(), [](const auto& a, const auto& b) {
        return std::tie(a.name, a.version, a.file, a.targets) <
               std::tie(b.name, b.version, b.file, b.targets);
    });
    std::sort(lock.targets.begin(), lock.targets.end(),
              [](const auto& a, const auto& b) { return a.target.name < b.target.name; });
    for (LockedTarget& target : lock.targets) {
        target.env = lockfiles::env_digest(lock, target);
        if (previous) {
            keep_seal(target, *previous);
        }
    }
    return lock;
}

std::vector<std::string> unsealed(const Lock& before, const Lock& after) {
    std::vector<std::string> names;
    for (const LockedTarget& then : before.targets) {
        for (const LockedTarget& now : after.targets) {
            if (then.target.name == now.target.name && then.contents && !now.contents) {
                names.push_back(now.target.name);
            }
        }
    }
    return names;
}

namespace {

/// What is the same for several targets stands once.
void add_package(Lock& lock, const LockedPackage& package, const std::string& target) {
    const auto identity = [](const LockedPackage& of) {
        return std::tie(of.name, of.version, of.source, of.file, of.sha256, of.extras,
                        of.dependencies, of.subdir);
    };
    const auto same =
        std::find_if(lock.packages.begin(), lock.packages.end(),
                     [&](const auto& other) { return identity(other) == identity(package); });
    if (same != lock.packages.end()) {
        same->targets.push_back(target);
    } else {
        lock.packages.push_back(package);
    }
}

/// `contents` go with the `env` that they were sealed under, also where that is not the digest of
/// the packages that stand there: a lock that was damaged is whole again then.
void keep_seal(LockedTarget& target, const Lock& previous) {
    for (const LockedTarget& before : previous.targets) {
        if (before.target.name == target.target.name && before.env == target.env) {
            target.contents = before.contents;
        }
    }
}

LockedPackage to_package(CandidateId id, universe::PackageUniverse& universe,
                         const Target& target) {
    const pypi::WheelFile& file = *universe.wheel(id)->file;
    const universe::Listings::Description& description = universe.description(id);
    return {file.wheel.name,
            file.wheel.version.text(),
            universe.listing(id).origin(file).name,
            file.file_name,
            file.size_bytes.value_or(description.size_bytes),
            file.sha256.value_or(description.sha256),
            {target.name},
            {},
            {},
            false};
}

LockedPackage to_package(const universe::CondaCandidate& conda, const Target& target) {
    const conda::Record& record = *conda.record;
    const auto name = PackageName::parse_conda(record.name);
    ENVPM_ASSERT(name.has_value());
    return {*name,
            record.version_text,
            conda.channel->name,
            record.file_name,
            record.size_bytes,
            record.sha256,
            {target.name},
            {},
            {},
            false,
            record.subdir};
}

/// What is only a limit, a fact of the target or the host's Python is no package that it needs.
void add_dependencies(LockedPackage& package, CandidateId id, universe::PackageUniverse& universe,
                      const Chosen& chosen) {
    for (const Dependency& dependency : universe.dependencies(id)) {
        const Requirement& need = universe.requirement(dependency.need);
        SlotId slot = need.slot;
        if (const PackageName* name = universe.distribution(slot)) {
            slot = universe.distribution_slot(*name); // of an extra too
        }
        const auto needed = chosen.packages.find(slot);
        // An extra's need of its own distribution is no dependency of that.
        const bool is_own = needed != chosen.packages.end() && &needed->second == &package;
        if (need.kind != RequirementKind::needs || needed == chosen.packages.end() || is_own ||
            !universe::holds(dependency, universe, chosen.candidates)) {
            continue;
        }
        // What a wheel says of its Python is in no language of requirements.
        const bool is_interpreter = !package.is_conda() && universe.distribution(slot) == nullptr;
        package.dependencies.push_back(is_interpreter ? needed->second.name.string()
                                                      : under_name(need.text, needed->second.name));
    }
}

/// A line of `requires`, which is a name and, after a blank, what is asked of it. A wheel that
/// needs torch may get the conda package pytorch: the lock speaks of what is in it.
std::string under_name(const std::string& text, const PackageName& name) {
    const std::size_t end = std::min(text.find_first_of(" [=<>!~"), text.size());
    const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
        return c >= ' ' && c <= '~' && c != '@' && c != '/' && c != '\\';
    });
    if (!is_plain) { // conda's rarer forms
        return name.string();
    }
    const std::string word = text.substr(0, end);
    const std::string rest = text.substr(end);
    const bool is_apart = rest.empty() || rest.front() == ' ' || rest.front() == '[';
    const auto normal = PackageName::parse(word);
    const bool is_it = normal ? normal == PackageName::parse(name.string()) : word == name.string();
    return (is_it ? word : name.string()) + (is_apart ? "" : " ") + rest;
}

bool is_overridden(const LockedPackage& package, const universe::Requests& requests) {
    return std::any_of(
        package.dependencies.begin(), package.dependencies.end(), [&](const std::string& text) {
            const auto name = PackageName::parse(text.substr(0, text.find_first_of(" [")));
            return name && requests.overrides.contains(*name);
        });
}

Sha256 no_digest() {
    return Sha256({});
}

} // namespace

} // namespace envpm::locking
