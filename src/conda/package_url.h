#pragma once

#include <string>
#include <string_view>

namespace envpm::conda {

/// The parts of `https://example.org/channel/linux-64/name-1.0-build.conda#hash`, which is a match
/// spec too and a line of an explicit list.
struct PackageUrl {
    std::string url;     ///< without what follows `#`
    std::string channel; ///< a URL; empty if no known subdir stands before the file name
    std::string subdir;
    std::string file_name; ///< `%2B` and such decoded, as in what follows
    std::string name;
    std::string version;
    std::string build;
    std::string hash; ///< hexadecimal digits: a sha256 if 64, an md5 if 32; may be empty

    /// Whether a text is meant as the file of a package, be it a URL or not, and as nothing else
    /// that a match spec can be.
    static bool is_meant_by(std::string_view text);

    static bool is_file(std::string_view name); ///< ends in `.conda` or `.tar.bz2`

    /// Throws an Error whose `what` is the fault alone.
    static PackageUrl parse(std::string_view text);
};

} // namespace envpm::conda
