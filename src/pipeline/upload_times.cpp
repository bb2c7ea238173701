#include "pipeline/upload_times.h"

#include <fmt/format.h>

#include <set>

namespace envpm::pipeline {

std::vector<std::string> notes_on_upload_times(const Resolution& resolution,
                                               const PackageUniverse& universe) {
    std::set<std::string> indexes;
    for (const CandidateId chosen : resolution.chosen) {
        const pypi::WheelCandidate* const wheel = universe.wheel(chosen);
        if (wheel != nullptr && !wheel->file->upload_time) {
            indexes.insert(universe.listing(chosen).origin(*wheel->file).name);
        }
    }
    std::vector<std::string> notes;
    for (const std::string& index : indexes) {
        notes.push_back(fmt::format("index `{}` does not say when its files were uploaded, "
                                    "so `exclude-newer` keeps none of them out",
                                    index));
    }
    return notes;
}

} // namespace envpm::pipeline
