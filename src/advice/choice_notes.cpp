#include "advice/choice_notes.h"

#include "pypi/wheel_name.h"

#include <fmt/format.h>

#include <span>

namespace envpm::advice {

namespace {

std::vector<std::string> notes_on_passed_over(const Resolution& resolution,
                                              const universe::PackageUniverse& universe);
std::vector<std::string> notes_on_unreadable(const Resolution& resolution,
                                             const universe::PackageUniverse& universe);
std::vector<std::string> notes_on_yanked(const Resolution& resolution,
                                         const universe::PackageUniverse& universe);

} // namespace

std::vector<std::string> notes_on_choice(const Resolution& resolution,
                                         const universe::PackageUniverse& universe) {
    std::vector<std::string> notes = notes_on_passed_over(resolution, universe);
    for (const auto& more :
         {notes_on_unreadable(resolution, universe), notes_on_yanked(resolution, universe)}) {
        notes.insert(notes.end(), more.begin(), more.end());
    }
    return notes;
}

namespace {

/// A newer wheel whose metadata cannot be used is no candidate; nobody should have to wonder why an
/// older one was taken.
std::vector<std::string> notes_on_passed_over(const Resolution& resolution,
                                              const universe::PackageUniverse& universe) {
    std::vector<std::string> notes;
    for (const CandidateId chosen : resolution.chosen) {
        const SlotId slot = universe.candidate(chosen).slot;
        const std::span<const CandidateId> candidates = universe.candidates(slot);
        for (std::size_t i = candidates.size(); i-- > 0 && candidates[i] != chosen;) {
            const bool is_package =
                universe.wheel(chosen) != nullptr || universe.package(chosen) != nullptr;
            if (is_package && !universe.is_usable(candidates[i]) &&
                !universe.is_unfit(candidates[i])) {
                notes.push_back(fmt::format("{} {} was passed over: {}", universe.slot(slot).name,
                                            universe.candidate(candidates[i]).version,
                                            universe.problem(candidates[i])));
            }
        }
    }
    return notes;
}

/// Of wheels that are newer than the ones chosen.
std::vector<std::string> notes_on_unreadable(const Resolution& resolution,
                                             const universe::PackageUniverse& universe) {
    std::vector<std::string> notes;
    for (const CandidateId chosen : resolution.chosen) {
        const pypi::WheelCandidate* const wheel = universe.wheel(chosen);
        if (wheel == nullptr) {
            continue;
        }
        const SlotId slot = universe.candidate(chosen).slot;
        for (const std::string& entry : universe.exclusions(slot).unreadable) {
            const auto name = pypi::WheelName::parse(entry.substr(0, entry.find(": ")));
            if (name && name->version > wheel->file->wheel.version) {
                notes.push_back(fmt::format("its index's entry of {} was passed over", entry));
            }
        }
    }
    return notes;
}

/// PEP 592: whoever takes one is to be told.
std::vector<std::string> notes_on_yanked(const Resolution& resolution,
                                         const universe::PackageUniverse& universe) {
    std::vector<std::string> notes;
    for (const CandidateId chosen : resolution.chosen) {
        const pypi::WheelCandidate* const wheel = universe.wheel(chosen);
        if (wheel != nullptr && wheel->file->is_yanked) {
            notes.push_back(fmt::format("{} {} is yanked from its index, and pinned",
                                        universe.slot(universe.candidate(chosen).slot).name,
                                        universe.candidate(chosen).version));
        }
    }
    return notes;
}

} // namespace

} // namespace envpm::advice
