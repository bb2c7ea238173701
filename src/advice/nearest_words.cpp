#include "advice/nearest_words.h"

#include "gpu/package_traits.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace envpm::advice {

namespace {

constexpr std::size_t most_packages = 4;

bool is_worth_telling(const universe::Asked& asked, universe::SlotKind kind);
std::string words_of(const universe::Asked& asked, CandidateId chosen,
                     const universe::PackageUniverse& universe);

} // namespace

std::string words_of_result(const std::vector<RequirementId>& asked, const Resolution& resolution,
                            const universe::PackageUniverse& universe) {
    std::vector<std::string> parts;
    for (const RequirementId one : asked) {
        const universe::Asked& entry = universe.asked(one);
        const SlotId slot = universe.requirement(one).slot;
        const auto chosen = chosen_in(slot, resolution, universe);
        const bool is_told = chosen && is_worth_telling(entry, universe.kind(slot));
        if (!is_told || parts.size() == most_packages) {
            continue;
        }
        std::string words = words_of(entry, *chosen, universe);
        if (std::find(parts.begin(), parts.end(), words) == parts.end()) { // extras are roots too
            parts.push_back(std::move(words));
        }
    }
    if (const auto runtime = chosen_in(universe.runtime_slot(), resolution, universe)) {
        parts.push_back("CUDA " + universe.candidate(*runtime).version);
    }
    if (const std::string cudnn = library_in("cudnn", resolution, universe); !cudnn.empty()) {
        parts.push_back("cuDNN " + cudnn);
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::optional<CandidateId> chosen_in(SlotId slot, const Resolution& resolution,
                                     const universe::PackageUniverse& universe) {
    const auto found =
        std::find_if(resolution.chosen.begin(), resolution.chosen.end(),
                     [&](CandidateId id) { return universe.candidate(id).slot == slot; });
    return found == resolution.chosen.end() ? std::nullopt : std::optional(*found);
}

std::string library_in(std::string_view library, const Resolution& resolution,
                       const universe::PackageUniverse& universe) {
    for (const CandidateId id : resolution.chosen) {
        const bool is_package = universe.package(id) != nullptr;
        const Candidate& candidate = universe.candidate(id);
        if (gpu::holds(gpu::traits_of({is_package ? gpu::World::conda : gpu::World::wheel,
                                       universe.slot(candidate.slot).name,
                                       candidate.version,
                                       {}}),
                       library)) {
            return candidate.version;
        }
    }
    return {};
}

namespace {

/// Not a Python of which nothing in particular is asked.
bool is_worth_telling(const universe::Asked& asked, universe::SlotKind kind) {
    if (asked.wheels == nullptr && asked.packages == nullptr) {
        return false;
    }
    const bool is_any =
        asked.wheels != nullptr ? asked.wheels->specifiers.is_any() : !asked.packages->spec.version;
    return kind != universe::SlotKind::python || !is_any;
}

std::string words_of(const universe::Asked& asked, CandidateId chosen,
                     const universe::PackageUniverse& universe) {
    const PackageName& name = asked.wheels != nullptr ? asked.wheels->name : asked.packages->name;
    const universe::CondaCandidate* package = universe.package(chosen);
    const bool names_build =
        package != nullptr && asked.packages != nullptr && asked.packages->spec.build;
    return fmt::format("{} {}{}", name.string(), universe.candidate(chosen).version,
                       names_build ? " " + package->record->build : "");
}

} // namespace

} // namespace envpm::advice
