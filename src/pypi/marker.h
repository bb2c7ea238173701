#pragma once

#include "model/package_name.h"
#include "model/python.h"
#include "model/target.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// The values of PEP 508's environment variables for one target and one Python. What a target does
/// not say (platform_release, platform_version), or a map leaves out, is the empty string.
using MarkerEnvironment = std::map<std::string, std::string, std::less<>>;

MarkerEnvironment marker_environment(const Target& target, const PythonAbi& abi,
                                     const std::string& python_version);

/// An environment marker (PEP 508). Default: always true.
class Marker {
  public:
    Marker() = default;

    /// Throws an Error (code 1) that quotes the marker and names the column of the fault.
    static Marker parse(std::string_view text);

    /// `extras`: those asked for; `extra == "x"` holds if x is among them. What PEP 508 leaves
    /// undefined, such as `os_name < "x"`, does not hold.
    [[nodiscard]] bool evaluate(const MarkerEnvironment& environment,
                                const std::vector<PackageName>& extras) const;

    /// It names `extra`.
    [[nodiscard]] bool names_extra() const;

    [[nodiscard]] bool is_always() const { return !root_; }

    [[nodiscard]] std::string text() const; ///< normalised

    struct Node;

  private:
    std::shared_ptr<const Node> root_; ///< immutable, so copies may share it
};

} // namespace envpm::pypi
