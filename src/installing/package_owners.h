#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::installing {

/// Whether a file of a prefix tells which files a package brought: a wheel's RECORD (PEP 376), a
/// conda package's record in `conda-meta` (CEP 34).
bool is_package_record(std::string_view path);

/// Which package each of `files` came with, as "torch 2.9.0", by what the records of the prefix
/// say. Files that no record has are left out, and so is a record that cannot be read.
std::map<std::string, std::string, std::less<>>
package_owners(const std::filesystem::path& prefix, const std::vector<std::string>& records,
               const std::set<std::string, std::less<>>& files);

} // namespace envpm::installing
