#include "locking/lock.h"

#include "advice/choice_notes.h"
#include "advice/extras.h"
#include "advice/lag.h"
#include "advice/upload_times.h"
#include "base/error.h"
#include "base/files.h"
#include "base/progress_task.h"
#include "base/rewrite_file.h"
#include "lockfiles/lock_file.h"
#include "locking/file_rules.h"
#include "locking/first_look.h"
#include "locking/gpu_needs.h"
#include "locking/kept_python.h"
#include "locking/lock_conflict.h"
#include "locking/lock_question.h"
#include "locking/lock_run.h"
#include "locking/solution.h"
#include "locking/unknown_upgrades.h"
#include "project/conda_sources.h"
#include "project/edit_journal.h"
#include "solver/relock.h"
#include "solver/solve.h"
#include "universe/gpu_machine.h"
#include "universe/package_universe.h"
#include "universe/scout.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace envpm::locking {

namespace {

/// What a lock is made of, to see whether someone else wrote meanwhile.
struct ProjectFiles {
    std::string manifest;
    std::optional<std::string> lock;

    bool operator==(const ProjectFiles&) const = default;
};

ProjectFiles read_files(const project::Project& project);
void report_difference(LockReport& report, const std::optional<Lock>& previous);
std::vector<PackageName> known_names(const universe::Requests& requests,
                                     const std::optional<Lock>& previous);
std::map<PackageName, pypi::CandidateList> look_ahead(const Run& run, const Target& target,
                                                      const std::vector<TargetSolution>& solved);
bool is_kept(const Run& run, const Target& target, const LockedPackage& package);
std::variant<std::vector<TargetSolution>, advice::Explanation> ask_and_solve(const Run& run);
std::variant<std::vector<TargetSolution>, advice::Explanation> solve_targets(const Run& run);
std::variant<TargetSolution, advice::Explanation>
solve_target(const Run& run, const Target& target, const std::vector<TargetSolution>& solved);
Answer solve_in(universe::PackageUniverse& universe, const Run& run, const Target& target,
                const std::vector<TargetSolution>& solved);
TargetSolution solution_of(const Resolution& resolution, universe::PackageUniverse& universe,
                           const universe::UniverseRequest& wanted, const Run& run,
                           universe::CondaRecords* records);
void add_notes(const std::vector<std::string>& more, std::vector<std::string>& notes);
std::vector<CandidateId> preferred(const Run& run, const Target& target,
                                   const std::vector<TargetSolution>& solved,
                                   universe::PackageUniverse& universe);
void prefer(const LockedPackage& package, universe::PackageUniverse& universe,
            std::vector<CandidateId>& out);
bool is_same(const LockedPackage& package, CandidateId candidate,
             const universe::PackageUniverse& universe);
bool is_upgraded(const LockedPackage& package, const LockRequest& request);
bool upgrades_python(const LockRequest& request);

} // namespace

LockReport lock(const LockRequest& request, project::Services& services) {
    return lock(request, services, [&](const FileLock& /*alone*/, const Lock& made) {
        lockfiles::write(request.project.lock_file(), made);
    });
}

LockReport lock(const LockRequest& request, project::Services& services, const LockWriter& write) {
    constexpr int most_solves = 3;
    if (request.dry_run == DryRun::no) {
        check_may_rewrite(request.project.lock_file()); // sooner than after a solve
    }
    for (int solves = 1; true; ++solves) {
        const ProjectFiles before = read_files(request.project);
        const Manifest manifest = project::read_manifest(request.project);
        // A lock that was merged by hand is a good start, even if its digests are not yet right.
        const auto previous = lockfiles::read_for_update(request.project.lock_file());
        LockReport report = solve_manifest(manifest, previous, request, services);
        report.dry_run = request.dry_run;
        std::optional<FileLock> alone; // a project that nobody may write can be unchanged too
        const bool writes = report.outcome == LockReport::Outcome::locked;
        if (writes && request.dry_run == DryRun::no) {
            alone.emplace(project::edit_lock(request.project, services.progress()));
        }
        if (request.dry_run == DryRun::yes || read_files(request.project) == before) {
            if (alone) {
                write(std::move(*alone), *report.lock);
            }
            tell_notes(report, services.progress());
            return report;
        }
        if (solves == most_solves) {
            throw Error({"the manifest or the lock was changed each time that envpm solved it, so "
                         "nothing was written",
                         request.project.manifest_file.string(), "run `envpm lock` again"});
        }
    }
}

void tell_notes(const LockReport& report, Progress& progress) {
    for (const std::string& note : report.notes) {
        progress.note(note);
    }
}

LockReport solve_manifest(const Manifest& manifest, const std::optional<Lock>& previous,
                          const LockRequest& request, project::Services& services) {
    const auto start = std::chrono::steady_clock::now();
    LockQuestion question(manifest, previous, request, services);
    LockReport report;
    report.unknown_upgrades = unknown_upgrades(request.upgrade_packages, manifest, previous);
    if (auto known = question.known_notes()) {
        report.lock = previous;
        report.notes = std::move(*known);
        report.seconds = project::seconds_since(start);
        return report;
    }
    // From here on there is something to solve.

    for (const Target& target : manifest.targets) {
        (void)universe::gpu_machine(manifest, target,
                                    services.facts()); // its faults come before any request
    }

    WheelSources sources(services, question.policy(), question.indexes(), question.bindings());
    project::CondaSources conda(manifest, question.requests(), request.refresh,
                                question.inputs().exclude_newer, services);
    std::vector<std::string> notes;
    const Run run{.manifest = manifest,
                  .requests = question.requests(),
                  .request = request,
                  .previous = previous,
                  .inputs = question.inputs(),
                  .listings = sources.listings,
                  .conda = conda,
                  .services = services,
                  .notes = notes,
                  .first_look = question.first_look()};
    auto answer = ask_and_solve(run);
    if (auto* explanation = std::get_if<advice::Explanation>(&answer)) {
        report.outcome = LockReport::Outcome::impossible;
        report.explanation = std::move(*explanation);
        return report;
    }
    // From here on every target has an exact set of packages, each with name, size and sha256.

    report.lock = compose_lock(std::get<std::vector<TargetSolution>>(answer),
                               universe::manifest_digest(manifest, question.requests()), previous,
                               manifest.files);
    if (!previous) { // only now is it known what there is
        (void)unknown_upgrades(request.upgrade_packages, manifest, report.lock);
    }
    add_notes(notes_on_absent_winners(manifest.files, *report.lock), notes);
    add_notes(conda.notes_on_names(*report.lock), notes);
    report_difference(report, previous);
    add_notes(notes_on_open_python(run, *report.lock), notes);
    question.keep_answer(*report.lock, run);
    report.notes = std::move(notes);
    report.seconds = project::seconds_since(start);
    return report;
}

namespace {

ProjectFiles read_files(const project::Project& project) {
    return {read_file(project.manifest_file), read_file_if_present(project.lock_file())};
}

void report_difference(LockReport& report, const std::optional<Lock>& previous) {
    report.changes = lockfiles::difference(previous, *report.lock);
    report.target_changes = lockfiles::target_difference(previous, *report.lock);
    const bool is_same = previous && *previous == *report.lock;
    report.outcome = is_same ? LockReport::Outcome::unchanged : LockReport::Outcome::locked;
    if (previous) {
        report.unsealed = unsealed(*previous, *report.lock);
    }
}

/// Every name of the old lock and of the manifest: a re-lock is one round trip.
std::vector<PackageName> known_names(const universe::Requests& requests,
                                     const std::optional<Lock>& previous) {
    std::vector<PackageName> names;
    for (const universe::Request& request : requests.packages) {
        names.push_back(request.name);
    }
    if (previous) {
        for (const LockedPackage& package : previous->packages) {
            if (!package.is_conda()) {
                names.push_back(package.name);
            }
        }
    }
    return names;
}

/// The candidates on the pages. Most of what the solver will ask for is known when it asks then.
std::map<PackageName, pypi::CandidateList> look_ahead(const Run& run, const Target& target,
                                                      const std::vector<TargetSolution>& solved) {
    if (run.first_look != nullptr && solved.empty()) {
        return run.first_look->look(run, target, known_names(run.requests, run.previous));
    }
    std::map<PackageName, std::string> versions;
    if (run.previous) {
        for (const LockedPackage& package : run.previous->packages) {
            if (is_kept(run, target, package)) {
                versions.emplace(package.name, package.version);
            }
        }
    }
    for (const TargetSolution& other : solved) {
        for (const LockedPackage& package : other.packages) {
            versions.emplace(package.name, package.version);
        }
    }
    std::map<PackageName, pypi::CandidateList> found;
    universe::UniverseRequest wanted = wanted_universe(run, target, nullptr, PythonScope::asked);
    wanted.found = &found;
    universe::PackageUniverse universe(wanted, run.listings, nullptr);
    universe::Scout(universe, run.listings, std::move(versions))
        .run(known_names(run.requests, run.previous));
    return found;
}

bool is_kept(const Run& run, const Target& target, const LockedPackage& package) {
    return !run.request.upgrade_all && !is_upgraded(package, run.request) &&
           package.is_for(target.name);
}

/// Whoever waits for a slow index sees for what.
std::variant<std::vector<TargetSolution>, advice::Explanation> ask_and_solve(const Run& run) {
    const ProgressTask task(run.services.progress(), "asking for packages", 0, ProgressUnit::items);
    return solve_targets(run);
}

std::variant<std::vector<TargetSolution>, advice::Explanation> solve_targets(const Run& run) {
    std::vector<TargetSolution> solutions;
    for (const Target& target : run.manifest.targets) {
        run.services.throw_if_stopped();
        auto answer = solve_target(run, target, solutions);
        if (auto* explanation = std::get_if<advice::Explanation>(&answer)) {
            return std::move(*explanation);
        }
        solutions.push_back(std::move(std::get<TargetSolution>(answer)));
    }
    return solutions;
}

std::variant<TargetSolution, advice::Explanation>
solve_target(const Run& run, const Target& target, const std::vector<TargetSolution>& solved) {
    universe::CondaRecords* const records = run.conda.records_for(target.platform);
    std::map<PackageName, pypi::CandidateList> found;
    if (records == nullptr) {
        found = look_ahead(run, target, solved);
    } else if (!run.requests.packages.empty()) {
        run.listings.load(known_names(run.requests, run.previous));
    }
    universe::UniverseRequest wanted = wanted_universe(run, target, records, PythonScope::asked);
    const AskedAccelerator accelerator = universe::accelerator_for(run.manifest, target);
    if (accelerator.is_wish) {
        universe::UniverseRequest wished = wanted;
        wished.machine.accelerator = accelerator;
        universe::PackageUniverse universe(wished, run.listings, records);
        const Answer answer = solve_in(universe, run, target, solved);
        if (const auto* const resolution = std::get_if<Resolution>(&answer)) {
            return solution_of(*resolution, universe, wished, run, records);
        }
    }
    wanted.found = records == nullptr ? &found : nullptr;
    universe::PackageUniverse universe(wanted, run.listings, records);
    const Answer answer = solve_in(universe, run, target, solved);
    if (const auto* conflict = std::get_if<Conflict>(&answer)) {
        for (const universe::UniverseRequest& alone : for_each_alone(wanted, universe)) {
            universe::PackageUniverse other(alone, run.listings, records);
            const Answer one = solve_in(other, run, target, solved);
            if (const auto* const resolution = std::get_if<Resolution>(&one)) {
                return solution_of(*resolution, other, alone, run, records);
            }
        }
        return explain_conflict(*conflict, universe, run, target, records);
    }
    if (accelerator.is_wish) {
        const bool may_choose = run.manifest.gpu.chooses_torch_variants;
        add_notes({fmt::format("{}, and what you ask for has no builds without CUDA there{}",
                               accelerator.reason,
                               may_choose ? ""
                                          : "; `torch-variants = \"auto\"` under `[gpu]` looks at "
                                            "PyTorch's own")},
                  run.notes);
    }
    return solution_of(std::get<Resolution>(answer), universe, wanted, run, records);
}

Answer solve_in(universe::PackageUniverse& universe, const Run& run, const Target& target,
                const std::vector<TargetSolution>& solved) {
    const solver::SolveRequest question{universe.roots(), universe.constraints(),
                                        preferred(run, target, solved, universe)};
    solver::SolveStatistics statistics;
    Answer answer = solver::solve_again(question, universe, run.services.stop(), &statistics);
    run.services.progress().trace(
        fmt::format("solve {}: {} rounds, {} candidates described, solver {:.0f} ms", target.name,
                    statistics.rounds, statistics.described, statistics.solver_seconds * 1000));
    return answer;
}

TargetSolution solution_of(const Resolution& resolution, universe::PackageUniverse& universe,
                           const universe::UniverseRequest& wanted, const Run& run,
                           universe::CondaRecords* records) {
    add_notes(advice::notes_on_choice(resolution, universe), run.notes);
    add_notes(advice::notes_on_extras(resolution, universe, run.requests), run.notes);
    if (run.inputs.exclude_newer) {
        add_notes(advice::notes_on_upload_times(resolution, universe), run.notes);
    }
    add_notes(advice::notes_on_lag(resolution, universe,
                                   {wanted, run.listings, records, run.services.stop()}),
              run.notes);
    TargetSolution solution = to_solution(resolution, universe, run.requests, wanted.target);
    if (run.previous && !upgrades_python(run.request)) {
        keep_python(solution, *run.previous, resolution, universe, run.requests);
    }
    solution.gpu =
        gpu_needs(solution.packages, resolution, universe, wanted.machine, run.services.facts());
    return solution;
}

/// Each once: targets often have the same.
void add_notes(const std::vector<std::string>& more, std::vector<std::string>& notes) {
    for (const std::string& note : more) {
        if (std::find(notes.begin(), notes.end(), note) == notes.end()) {
            notes.push_back(note);
        }
    }
}

/// What the old lock has, and what the targets before this one got, strongest first: so that a lock
/// changes no more than it must, and targets agree where they can.
std::vector<CandidateId> preferred(const Run& run, const Target& target,
                                   const std::vector<TargetSolution>& solved,
                                   universe::PackageUniverse& universe) {
    std::vector<CandidateId> out;
    if (run.previous) {
        for (const LockedPackage& package : run.previous->packages) {
            if (is_kept(run, target, package)) {
                prefer(package, universe, out);
            }
        }
    }
    for (const TargetSolution& other : solved) {
        for (const LockedPackage& package : other.packages) {
            prefer(package, universe, out);
        }
    }
    return out;
}

void prefer(const LockedPackage& package, universe::PackageUniverse& universe,
            std::vector<CandidateId>& out) {
    if (package.is_conda() && !universe.has_channels()) {
        return; // the manifest dropped them since
    }
    const std::vector<SlotId> slot = {package.is_conda()
                                          ? universe.conda_slot(package.name.string())
                                          : universe.distribution_slot(package.name)};
    universe.list(slot);
    const std::span<const CandidateId> candidates = universe.candidates(slot.front());
    for (std::size_t i = candidates.size(); i-- > 0;) {
        if (is_same(package, candidates[i], universe)) {
            out.push_back(candidates[i]);
            return;
        }
    }
}

/// Of a wheel the version, for another file of it may fit now; of a conda package that very build.
bool is_same(const LockedPackage& package, CandidateId candidate,
             const universe::PackageUniverse& universe) {
    const universe::CondaCandidate* conda = universe.package(candidate);
    return package.is_conda()
               ? conda != nullptr && conda->record->file_name == package.file
               : conda == nullptr && universe.candidate(candidate).version == package.version;
}

/// `--upgrade-package` names a conda package by either spelling.
bool is_upgraded(const LockedPackage& package, const LockRequest& request) {
    const auto normal = PackageName::parse(package.name.string());
    return request.upgrade_packages.contains(package.name) ||
           (normal && request.upgrade_packages.contains(*normal));
}

bool upgrades_python(const LockRequest& request) {
    return request.upgrade_all || request.upgrade_packages.contains(*PackageName::parse("python"));
}

} // namespace

} // namespace envpm::locking
