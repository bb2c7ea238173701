#pragma once

#include "pypi/marker.h"
#include "pypi/specifier.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::pypi {

/// One variable against one text: `python_version >= "3.8"`, or reversed `"3.8" <= python_version`.
struct MarkerComparison {
    std::string variable; ///< in its present spelling: os_name, not os.name
    std::string op;
    std::string literal; ///< in the normal form of names if the variable is `extra`
    bool is_reversed = false;
    std::optional<SpecifierSet> specifier; ///< operator and literal, where they compare versions
};

/// A marker's tree. `and` and `or` have two children at least, none of their own kind.
struct Marker::Node {
    enum class Kind { comparison, all_of, any_of };

    Kind kind = Kind::comparison;
    MarkerComparison comparison; ///< of that kind only
    std::vector<Node> children;
};

/// Variables whose values are versions and are compared as such.
bool is_version_variable(std::string_view variable);

} // namespace envpm::pypi
