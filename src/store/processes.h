#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace envpm::store {

/// Which of these prefixes (names below a `p/`) programs run in: their executable, their working
/// folder or a mapped file lies there, or their arguments or variables name it, by whatever path
/// the store was reached. `processes` is `/proc`. Programs of others that this user may not look at
/// are not known, nor those of other machines (leases.h); one that ends meanwhile counts for
/// nothing.
std::set<std::string> prefixes_in_use(const std::filesystem::path& processes,
                                      const std::vector<std::string>& names);

/// The namespaces of all processes of this kernel, as links of `processes` name them
/// ("pid:[4026531836]"). Nothing unless all are seen from here: by root, in the first namespace.
std::optional<std::set<std::string>> process_namespaces(const std::filesystem::path& processes);

} // namespace envpm::store
