#pragma once

#include "base/variables.h"
#include "gpu/audit.h"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace envpm::gpu {

/// A folder that the loader searches besides those of an environment (ld.so(8)), and the file names
/// that it holds.
struct SearchFolder {
    std::string origin; ///< "LD_LIBRARY_PATH", "LD_PRELOAD", or a file of the loader's
    std::string folder; ///< of LD_PRELOAD, the library's
    std::vector<std::string> names;
};

/// Of this process's variables; folders that cannot be read are left out.
std::vector<SearchFolder> search_folders(const Variables& variables);

/// What of a prefix can be hidden.
struct OwnLibraries {
    std::string prefix; ///< its path: its own folders hide nothing
    std::set<std::string, std::less<>> sonames;

    bool operator==(const OwnLibraries&) const = default;
};

OwnLibraries own_libraries(const AuditRequest& request);

/// Which of the prefix's libraries those hide. It says something of a machine, or a shell, and not
/// of the prefix, so `audit` does not look at it.
std::vector<Finding> hidden_libraries(const std::vector<SearchFolder>& folders,
                                      const OwnLibraries& own);

/// The folders that /etc/ld.so.conf names, with the files that it includes (ldconfig(8)). A file
/// that cannot be read names none. Of what they hold, only CUDA's libraries that are the prefix's
/// too are looked for, because the system's own folders are large.
std::vector<SearchFolder> configured_folders(const std::filesystem::path& configuration,
                                             const OwnLibraries& own);

/// Which of the prefix's CUDA libraries those have too. The loader comes to them last: they are
/// taken only by what asks for a library by name alone and has no path of its own to the prefix.
std::vector<Finding> doubled_libraries(const std::vector<SearchFolder>& folders,
                                       const OwnLibraries& own);

} // namespace envpm::gpu
