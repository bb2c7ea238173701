#pragma once

#include "base/variables.h"
#include "gpu/audit.h"

#include <filesystem>
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

/// Which of the prefix's libraries those hide. It says something of a machine, or a shell, and not
/// of the prefix, so `audit` does not look at it. `prefix` is its path: its own folders are fine.
std::vector<Finding> hidden_libraries(const std::vector<SearchFolder>& folders,
                                      const AuditRequest& request);

/// The folders that /etc/ld.so.conf names, with the files that it includes (ldconfig(8)). A file
/// that cannot be read names none.
std::vector<SearchFolder> configured_folders(const std::filesystem::path& configuration);

/// Which of the prefix's CUDA libraries those have too. The loader comes to them last: they are
/// taken only by what asks for a library by name alone and has no path of its own to the prefix.
std::vector<Finding> doubled_libraries(const std::vector<SearchFolder>& folders,
                                       const AuditRequest& request);

} // namespace envpm::gpu
