#include "advice/upload_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace envpm::advice {

namespace {

bool has_times(const universe::Listing& listing, const std::string& index);

} // namespace

std::vector<std::string> notes_on_upload_times(const Resolution& resolution,
                                               const universe::PackageUniverse& universe) {
    std::set<std::string> notes;
    for (const CandidateId chosen : resolution.chosen) {
        const pypi::WheelCandidate* const wheel = universe.wheel(chosen);
        if (wheel == nullptr || wheel->file->upload_time) {
            continue;
        }
        const universe::Listing& listing = universe.listing(chosen);
        const std::string& index = listing.origin(*wheel->file).name;
        notes.insert(has_times(listing, index)
                         ? fmt::format("index `{}` does not say when {} was uploaded, so "
                                       "`exclude-newer` does not keep it out",
                                       index, wheel->file->file_name)
                         : fmt::format("index `{}` does not say when its files were uploaded, so "
                                       "`exclude-newer` keeps none of them out",
                                       index));
    }
    return {notes.begin(), notes.end()};
}

namespace {

bool has_times(const universe::Listing& listing, const std::string& index) {
    return std::any_of(listing.page.wheels.begin(), listing.page.wheels.end(),
                       [&](const pypi::WheelFile& wheel) {
                           return wheel.upload_time && listing.origin(wheel).name == index;
                       });
}

} // namespace

} // namespace envpm::advice
