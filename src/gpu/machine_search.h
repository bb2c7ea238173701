#pragma once

#include "base/variables.h"
#include "gpu/audit.h"

#include <string>
#include <vector>

namespace envpm::gpu {

/// A folder that a variable puts before the libraries of every environment (ld.so(8)), and the file
/// names that it holds.
struct SearchFolder {
    std::string variable; ///< "LD_LIBRARY_PATH" or "LD_PRELOAD"
    std::string folder;   ///< of LD_PRELOAD, the library's
    std::vector<std::string> names;
};

/// Of this process's variables; folders that cannot be read are left out.
std::vector<SearchFolder> search_folders(const Variables& variables);

/// Which of the prefix's libraries those hide. It says something of a machine, or a shell, and not
/// of the prefix, so `audit` does not look at it. `prefix` is its path: its own folders are fine.
std::vector<Finding> hidden_libraries(const std::vector<SearchFolder>& folders,
                                      const AuditRequest& request);

} // namespace envpm::gpu
