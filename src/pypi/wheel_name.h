#pragma once

#include "model/package_name.h"
#include "pypi/tags.h"
#include "pypi/version.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// A wheel's file name (PEP 427): name-version[-build]-python-abi-platform.whl.
struct WheelName {
    PackageName name;
    Version version;
    std::uint64_t build_number = 0; ///< PEP 427: sorts by number, then by the rest
    std::string build_rest;
    std::vector<Tag> tags; ///< the compressed set, expanded

    /// Nothing for what is not a wheel's name.
    static std::optional<WheelName> parse(std::string_view file_name);
};

/// The same for the many of one page: a wheel whose project and version are written as those of the
/// one before has them from there.
class WheelNameReader {
  public:
    std::optional<WheelName> read(std::string_view file_name);

  private:
    struct Release {
        PackageName name;
        Version version;
    };

    bool take_release(std::string_view written);

    std::string written_; ///< "demo-1.0", of `release_`
    std::optional<Release> release_;
};

} // namespace envpm::pypi
