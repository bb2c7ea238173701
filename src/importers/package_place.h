#pragma once

#include <string>
#include <string_view>

namespace envpm::importers {

/// Where the URL of a conda package leads: channel, subdir, file. All empty if it is no such URL.
struct PackagePlace {
    std::string channel; ///< a URL
    std::string subdir;
    std::string file; ///< `%2B` and such as they stand there
};

PackagePlace place_of(std::string_view url);

/// The version in the name of the wheel that a URL leads to (`name-version-….whl`); empty if it is
/// none.
std::string version_of_wheel(std::string_view url);

} // namespace envpm::importers
