#include "locking/nearest_targets.h"

#include "advice/nearest_words.h"
#include "solver/solve.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace envpm::locking {

namespace {

void apply(const advice::ManifestChange& change, Manifest& manifest);
void apply_to_pin(const advice::ManifestChange& change, GpuPolicy& gpu);
std::optional<std::string> result_for(const advice::ManifestChange& change, const Run& run,
                                      const Target& target, universe::Listings& listings);
bool has_solution(const Run& run, const Target& target, universe::Listings& listings);

/// Gives an entry another version, or takes it out.
template <class Entries> void give(Entries& entries, const advice::ManifestChange& change) {
    std::erase_if(entries, [&](const auto& entry) {
        return change.value.empty() && entry.name.string() == change.name;
    });
    for (auto& entry : entries) {
        if (entry.name.string() == change.name) {
            entry.specifier = change.value;
            if constexpr (requires { entry.build; }) {
                entry.build.clear();
            }
        }
    }
}

} // namespace

void keep_for_all_targets(std::vector<advice::NearestSolution>& nearest, const Run& run,
                          const Target& target, universe::Listings& listings) {
    if (run.manifest.targets.size() < 2) {
        return;
    }
    std::erase_if(nearest, [&](const advice::NearestSolution& offer) {
        Manifest manifest = run.manifest;
        for (const advice::ManifestChange& change : offer.changes) {
            apply(change, manifest);
        }
        const universe::Requests requests = universe::read_requests(manifest);
        const Run changed{manifest, requests,  run.request,  run.previous, run.inputs,
                          listings, run.conda, run.services, run.notes};
        return !std::all_of(
            manifest.targets.begin(), manifest.targets.end(), [&](const Target& other) {
                return other.name == target.name || has_solution(changed, other, listings);
            });
    });
}

std::vector<advice::NearestSolution> with_other_overrides(const Conflict& conflict,
                                                          const universe::PackageUniverse& universe,
                                                          const Run& run, const Target& target,
                                                          universe::Listings& listings) {
    std::vector<advice::NearestSolution> nearest;
    for (const Override& entry : run.manifest.overrides) {
        const auto is_behind = [&](const Reason& reason) {
            return advice::override_behind(reason, universe, run.manifest.overrides) == &entry;
        };
        if (std::none_of(conflict.reasons.begin(), conflict.reasons.end(), is_behind)) {
            continue;
        }
        const std::string& name = entry.name.string();
        advice::ManifestChange change{advice::ManifestChange::Table::overrides,
                                      name,
                                      {},
                                      fmt::format("without the override of `{}`", name),
                                      entry.location.text()};
        std::optional<std::string> result = result_for(change, run, target, listings);
        if (!result) { // it is there because packages do not go together without one
            change.value = "*";
            change.text = fmt::format("{} = \"*\"", name);
            result = result_for(change, run, target, listings);
        }
        if (result) {
            nearest.push_back({{std::move(change)}, std::move(*result)});
        }
    }
    return nearest;
}

namespace {

std::optional<std::string> result_for(const advice::ManifestChange& change, const Run& run,
                                      const Target& target, universe::Listings& listings) {
    Manifest manifest = run.manifest;
    apply(change, manifest);
    const universe::Requests requests = universe::read_requests(manifest);
    const Run changed{manifest, requests,  run.request,  run.previous, run.inputs,
                      listings, run.conda, run.services, run.notes};
    universe::CondaRecords* const records = run.conda.records_for(target.platform);
    universe::PackageUniverse universe(
        wanted_universe(changed, target, records, PythonScope::asked), listings, records);
    const Answer answer = solver::solve({universe.roots(), universe.constraints(), {}}, universe,
                                        run.services.stop());
    const auto* const resolution = std::get_if<Resolution>(&answer);
    if (resolution == nullptr) {
        return std::nullopt;
    }
    std::string words = advice::words_of_result(universe.roots(), *resolution, universe);
    const SlotId slot = universe.distribution_slot(*PackageName::parse(change.name));
    if (const auto chosen = advice::chosen_in(slot, *resolution, universe)) {
        words += fmt::format("{}{} {}", words.empty() ? "" : ", ", change.name,
                             universe.candidate(*chosen).version);
    }
    return words;
}

void apply(const advice::ManifestChange& change, Manifest& manifest) {
    switch (change.table) {
    case advice::ManifestChange::Table::wheels:
        give(manifest.pypi_dependencies, change);
        return;
    case advice::ManifestChange::Table::packages:
        give(manifest.dependencies, change);
        return;
    case advice::ManifestChange::Table::constraints:
        give(manifest.constraints, change);
        return;
    case advice::ManifestChange::Table::overrides:
        give(manifest.overrides, change);
        return;
    case advice::ManifestChange::Table::gpu:
        apply_to_pin(change, manifest.gpu);
        return;
    case advice::ManifestChange::Table::drivers:
        manifest.declared_gpus[change.name].driver = DriverVersion::parse(change.value);
        return;
    }
}

void apply_to_pin(const advice::ManifestChange& change, GpuPolicy& gpu) {
    std::optional<GpuPin>& pin = change.name == "cuda"    ? gpu.cuda
                                 : change.name == "cudnn" ? gpu.cudnn
                                                          : gpu.nccl;
    if (change.value.empty()) {
        pin.reset();
    } else if (pin) {
        pin->text = change.value;
    }
}

bool has_solution(const Run& run, const Target& target, universe::Listings& listings) {
    universe::CondaRecords* const records = run.conda.records_for(target.platform);
    // A change may be of python: which of them fit is for the solve.
    universe::PackageUniverse universe(wanted_universe(run, target, records, PythonScope::all),
                                       listings, records);
    const Answer answer = solver::solve({universe.roots(), universe.constraints(), {}}, universe,
                                        run.services.stop());
    return std::holds_alternative<Resolution>(answer);
}

} // namespace

} // namespace envpm::locking
