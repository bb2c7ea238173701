#include "base/assert.h"
#include "project/conda_settings.h"
#include "state_files.h"

namespace envpm::fuzz {

namespace {

void check_place(const project::Mirror& place, const std::string& file);

} // namespace

/// A condarc: a place that it has for a channel is a URL that envpm asks, with no token or variable
/// in it, and says where it was found. No error tells a password.
void read(std::string_view input) {
    const std::filesystem::path file = write_scratch("condarc", input);
    for (const std::string_view channel :
         {"https://conda.anaconda.org/conda-forge", "https://conda.anaconda.org/own/label/dev",
          "https://repo.anaconda.com/pkgs/main"}) {
        const auto place = if_accepted_discreetly(input, [&] {
            return project::CondaSettings::read({{file}, std::nullopt}).place_of(channel);
        });
        if (place && *place) {
            check_place(**place, file.string());
        }
    }
}

namespace {

void check_place(const project::Mirror& place, const std::string& file) {
    ENVPM_ASSERT(place.kind == project::MirrorKind::conda);
    ENVPM_ASSERT(place.origin.starts_with(file + ":"));
    ENVPM_ASSERT(!place.url.ends_with('/'));
    ENVPM_ASSERT(place.url.find_first_of("$\n") == std::string::npos);
    ENVPM_ASSERT(place.url.find("/t/") == std::string::npos);
    const auto begins = [&](std::string_view scheme) { return place.url.starts_with(scheme); };
    ENVPM_ASSERT(begins("http://") || begins("https://") || begins("file://"));
}

} // namespace

} // namespace envpm::fuzz
