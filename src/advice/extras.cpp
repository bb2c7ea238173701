#include "advice/extras.h"

#include "base/near_miss.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace envpm::advice {

namespace {

void add_notes(const universe::Request& request, const pypi::Metadata& metadata,
               std::vector<std::string>& notes);

} // namespace

std::vector<std::string> notes_on_extras(const Resolution& resolution,
                                         const universe::PackageUniverse& universe,
                                         const universe::Requests& requests) {
    std::vector<std::string> notes;
    for (const CandidateId chosen : resolution.chosen) {
        if (universe.wheel(chosen) == nullptr || universe.extra(chosen) != nullptr) {
            continue;
        }
        const std::optional<pypi::Metadata>& metadata = universe.description(chosen).metadata;
        for (const universe::Request& request : requests.packages) {
            if (metadata && request.name == metadata->name) {
                add_notes(request, *metadata, notes);
            }
        }
    }
    return notes;
}

namespace {

void add_notes(const universe::Request& request, const pypi::Metadata& metadata,
               std::vector<std::string>& notes) {
    std::vector<std::string> known;
    for (const PackageName& extra : metadata.provides_extra) {
        known.push_back(extra.string());
    }
    for (const PackageName& extra : request.extras) {
        if (std::find(known.begin(), known.end(), extra.string()) != known.end()) {
            continue;
        }
        const auto meant = near_miss(extra.string(), known);
        notes.push_back(fmt::format("{} {} has no extra `{}`: {}  [{}]", metadata.name.string(),
                                    metadata.version, extra.string(),
                                    meant ? fmt::format("did you mean `{}`?", *meant)
                                    : known.empty()
                                        ? std::string("it has none at all")
                                        : fmt::format("it has {}", fmt::join(known, ", ")),
                                    request.location.text()));
    }
}

} // namespace

} // namespace envpm::advice
