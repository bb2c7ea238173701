#include "advice/nearest_driver.h"

#include "advice/nearest_words.h"
#include "solver/solve.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::advice {

namespace {

constexpr int last_minor = 9; ///< no toolkit has had more

universe::UniverseRequest with_driver(universe::UniverseRequest wanted,
                                      const std::optional<DriverVersion>& driver,
                                      universe::FactsTable& facts);
std::optional<CudaVersion> runtime_with_any_driver(const DriverQuestion& question,
                                                   const std::stop_token& stop);
std::vector<CandidateId> lowest_major_first(const universe::PackageUniverse& universe,
                                            int after_major);
std::optional<std::string> result_with(const DriverVersion& driver, const DriverQuestion& question,
                                       const std::stop_token& stop);

} // namespace

std::optional<NearestSolution> with_newer_driver(const DriverQuestion& question,
                                                 const std::stop_token& stop) {
    const std::optional<CudaVersion> runtime = runtime_with_any_driver(question, stop);
    if (!runtime) {
        return std::nullopt;
    }
    // The least one of the major does, unless a GPU is served by PTX of the toolkit alone.
    const gpu::Facts& facts = question.facts.get();
    for (const auto& least :
         {facts.least_driver(runtime->major, gpu::DriverSystem::linux_kernel),
          facts.least_driver(ToolkitVersion{*runtime, -1}, gpu::DriverSystem::linux_kernel)}) {
        if (!least || least->value <= *question.wanted.machine.driver) {
            continue;
        }
        if (auto result = result_with(least->value, question, stop)) {
            const std::string value = least->value.text();
            return NearestSolution{
                {{ManifestChange::Table::drivers, question.wanted.target.name, value,
                  fmt::format("driver = \"{}\"", value), question.place.text()}},
                std::move(*result)};
        }
    }
    return std::nullopt;
}

namespace {

universe::UniverseRequest with_driver(universe::UniverseRequest wanted,
                                      const std::optional<DriverVersion>& driver,
                                      universe::FactsTable& facts) {
    wanted.machine.driver = driver;
    wanted.machine.cuda.reset();
    if (driver) {
        const auto newest = facts.get().newest_cuda(*driver, gpu::DriverSystem::linux_kernel);
        if (newest) {
            wanted.machine.cuda = newest->value;
        }
    }
    return wanted;
}

std::optional<CudaVersion> runtime_with_any_driver(const DriverQuestion& question,
                                                   const std::stop_token& stop) {
    const std::optional<CudaVersion>& declared = question.wanted.machine.cuda;
    const int known = declared ? declared->major : 0;
    universe::PackageUniverse universe(with_driver(question.wanted, std::nullopt, question.facts),
                                       question.listings, question.records);
    const Answer answer = solver::solve(
        {universe.roots(), universe.constraints(), lowest_major_first(universe, known)}, universe,
        stop);
    const auto* const resolution = std::get_if<Resolution>(&answer);
    const auto runtime = resolution == nullptr
                             ? std::nullopt
                             : chosen_in(universe.runtime_slot(), *resolution, universe);
    return runtime ? CudaVersion::parse(universe.candidate(*runtime).version) : std::nullopt;
}

/// Of each major the newest minor first; only some, as each is tried.
std::vector<CandidateId> lowest_major_first(const universe::PackageUniverse& universe,
                                            int after_major) {
    std::vector<std::pair<CudaVersion, CandidateId>> versions;
    for (const CandidateId id : universe.candidates(universe.runtime_slot())) {
        const auto version = CudaVersion::parse(universe.candidate(id).version);
        const bool is_near = version && version->major > after_major &&
                             version->major <= after_major + 2 && version->minor <= last_minor;
        if (is_near && universe.is_usable(id)) {
            versions.emplace_back(*version, id);
        }
    }
    std::sort(versions.begin(), versions.end(), [](const auto& a, const auto& b) {
        return std::pair(a.first.major, -a.first.minor) < std::pair(b.first.major, -b.first.minor);
    });
    std::vector<CandidateId> out;
    for (const auto& [version, id] : versions) {
        out.push_back(id);
    }
    return out;
}

std::optional<std::string> result_with(const DriverVersion& driver, const DriverQuestion& question,
                                       const std::stop_token& stop) {
    universe::PackageUniverse universe(with_driver(question.wanted, driver, question.facts),
                                       question.listings, question.records);
    const Answer answer =
        solver::solve({universe.roots(), universe.constraints(), {}}, universe, stop);
    const auto* const resolution = std::get_if<Resolution>(&answer);
    return resolution == nullptr
               ? std::nullopt
               : std::optional(words_of_result(universe.roots(), *resolution, universe));
}

} // namespace

} // namespace envpm::advice
