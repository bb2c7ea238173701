#include "locking/lock_run.h"

#include "base/error.h"
#include "universe/gpu_machine.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::locking {

namespace {

using FoundChoice = std::pair<pypi::Version, pypi::PythonChoice>;

void order_by_preference(std::vector<FoundChoice>& choices, const pypi::SpecifierSet& specifiers);
[[noreturn]] void throw_no_python(const universe::Request& python,
                                  const project::Services& services);

} // namespace

std::vector<pypi::PythonChoice> python_choices(const universe::Requests& requests,
                                               const project::Services& services,
                                               PythonScope scope) {
    const pypi::SpecifierSet specifiers =
        scope == PythonScope::asked ? requests.python.specifiers : pypi::SpecifierSet();
    std::vector<FoundChoice> choices;
    for (const Interpreter& interpreter : project::host_interpreters(services, specifiers).found) {
        const auto version = pypi::Version::parse(interpreter.version);
        const bool is_known = std::any_of(choices.begin(), choices.end(), [&](const auto& choice) {
            return choice.second.abi == interpreter.abi &&
                   choice.second.version == interpreter.version;
        });
        if (version && !is_known && specifiers.contains(*version)) {
            choices.push_back({*version, {interpreter.abi, interpreter.version}});
        }
    }
    if (choices.empty() && requests.conda.empty()) {
        throw_no_python(requests.python, services);
    }
    order_by_preference(choices, specifiers);
    std::vector<pypi::PythonChoice> out;
    for (auto& [version, choice] : choices) {
        out.push_back(std::move(choice));
    }
    return out;
}

universe::UniverseRequest wanted_universe(const Run& run, const Target& target,
                                          universe::CondaRecords* records, PythonScope scope) {
    const bool is_narrow = scope == PythonScope::asked;
    universe::UniverseRequest wanted{
        run.requests,
        target,
        is_narrow || records != nullptr ? run.inputs.pythons
                                        : python_choices(run.requests, run.services, scope),
        {},
        run.inputs.exclude_newer,
        run.manifest.prereleases,
        run.manifest.channel_priority,
        universe::gpu_machine(run.manifest, target, run.services.facts()),
        &run.services.facts()};
    if (wanted.machine.accelerator.is_wish) {
        wanted.machine.accelerator = {};
    }
    if (records != nullptr) {
        const std::vector<std::string> python = {"python"};
        records->load(python);
        universe::CondaPythons pythons = universe::conda_pythons(
            records->find("python"),
            is_narrow ? run.requests.conda : std::vector<universe::CondaRequest>());
        wanted.pythons = std::move(pythons.choices);
        wanted.conda_pythons = std::move(pythons.packages);
        if (wanted.conda_pythons.empty()) {
            wanted.pythons = python_choices(run.requests, run.services, scope);
        }
    }
    return wanted;
}

std::vector<universe::UniverseRequest> for_each_alone(const universe::UniverseRequest& wanted,
                                                      const universe::PackageUniverse& universe) {
    std::vector<universe::UniverseRequest> out;
    const universe::PythonSet pythons = universe.pythons_without_stable();
    for (std::size_t i = pythons.size(); i-- > 0;) {
        universe::UniverseRequest& alone = out.emplace_back(wanted);
        alone.pythons = {wanted.pythons.at(pythons[i])};
        alone.found = nullptr; // of other Pythons
        std::erase_if(alone.conda_pythons,
                      [&](const auto& package) { return package.choice != pythons[i]; });
        for (universe::CondaPython& package : alone.conda_pythons) {
            package.choice = 0;
        }
    }
    return out;
}

std::vector<std::string> notes_on_open_python(const Run& run, const Lock& lock) {
    const auto may_be_another = [&](const PythonAbi& abi) {
        const auto is_asked_for = [&](int minor, int patch) {
            const auto version =
                pypi::Version::parse(fmt::format("{}.{}.{}", abi.major, minor, patch));
            return version && run.requests.python.specifiers.contains(*version);
        };
        return is_asked_for(abi.minor - 1, 99) || is_asked_for(abi.minor + 1, 0);
    };
    for (const LockedTarget& target : lock.targets) {
        if (lock.targets.size() > 1 && target.python && !target.python->is_package &&
            may_be_another(target.python->abi)) {
            const std::string series = target.python->abi.feature_version();
            return {fmt::format(
                "every target is locked to Python {0}, as this host has it; "
                "`python = \"{0}.*\"` under `[dependencies]` names one that all machines have",
                series)};
        }
    }
    return {};
}

namespace {

/// Ascending. A pre-release of Python is one as in PEP 440: below every other, and none where there
/// is another and nothing names it.
void order_by_preference(std::vector<FoundChoice>& choices, const pypi::SpecifierSet& specifiers) {
    const auto is_stable = [](const FoundChoice& choice) { return !choice.first.is_prerelease(); };
    if (!specifiers.names_prerelease() && std::any_of(choices.begin(), choices.end(), is_stable)) {
        std::erase_if(choices, [&](const FoundChoice& choice) { return !is_stable(choice); });
    }
    std::stable_sort(choices.begin(), choices.end(),
                     [&](const FoundChoice& a, const FoundChoice& b) {
                         return std::pair(is_stable(a), a.first) < std::pair(is_stable(b), b.first);
                     });
}

void throw_no_python(const universe::Request& python, const project::Services& services) {
    std::string versions;
    const host::HostInterpreters all = project::host_interpreters(services);
    for (const Interpreter& interpreter : all.found) {
        versions += (versions.empty() ? "" : ", ") + interpreter.version;
    }
    throw Error(
        {fmt::format("no Python of this host is `{}`", python.text()), python.location.text(),
         (versions.empty()
              ? std::string("install one (Debian: `apt install python3`); none was found on PATH")
              : fmt::format("found: {}; install another, or change `python` under "
                            "`[dependencies]`",
                            versions)) +
             host::words_of(all.silent)},
        ExitCode::no_solution);
}

} // namespace

} // namespace envpm::locking
