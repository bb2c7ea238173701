#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace envpm::gpu {

/// What a product's name comes to without case, spaces and what does not tell products apart:
/// makers' words, sizes of memory, shapes of boards. "NVIDIA A100-SXM4-40GB" is "a100".
std::string normal_product(std::string_view name);

/// "GB10 (DGX Spark)" is "GB10" and "DGX Spark".
std::vector<std::string> names_in(std::string_view text);

/// Of `known`, those that `name` may mean: the one that is misspelt least, then those that contain
/// it or that it contains; six at most.
std::vector<std::string> near_products(std::string_view name,
                                       const std::vector<std::string>& known);

} // namespace envpm::gpu
