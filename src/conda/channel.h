#pragma once

#include <string>
#include <vector>

namespace envpm::conda {

/// A place that package files come from (CEP 26), by name, and its base URL on each of its mirrors
/// in order of preference: "https://example.org/conda-forge".
struct Channel {
    std::string name;
    std::vector<std::string> urls;
};

} // namespace envpm::conda
