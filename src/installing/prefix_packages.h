#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace envpm::installing {

/// Name and version of what a prefix has, by the names of the records of its packages
/// (`conda-meta`, `.dist-info`), and its Python. A conda package's version has its build behind it:
/// "1.2.3 h1_0". Nothing if the prefix is not there. Some listings, and where there are conda
/// packages a line for each `.dist-info`, which may be of one of them.
std::optional<std::map<std::string, std::string>> packages_in(const std::filesystem::path& prefix);

/// A package that one environment has and another has not, or in another version.
struct PackageChange {
    std::string name;
    std::optional<std::string> before; ///< its version; none: added
    std::optional<std::string> after;  ///< none: removed

    bool operator==(const PackageChange&) const = default;
};

/// Sorted by name. A build is told only where the version alone does not differ. Pure.
std::vector<PackageChange> changes_between(const std::map<std::string, std::string>& before,
                                           const std::map<std::string, std::string>& after);

} // namespace envpm::installing
