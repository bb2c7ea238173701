#pragma once

#include "base/hash.h"
#include "project/project.h"
#include "project/services.h"

#include <optional>
#include <string>

namespace envpm::pipeline {

struct SealReport {
    std::string target;
    Sha256 contents;
    bool was_sealed = false; ///< the lock had this very digest already
};

/// Writes the contents digest of the current prefix's real bytes into the lock. An Error of code 3
/// if the prefix is not that of the lock, of code 6 if it is damaged. The lock is the old one or
/// the new one, never half; of what others write into it meanwhile nothing is lost.
SealReport seal(const project::Project& project, const std::optional<std::string>& target,
                project::Services& services);

} // namespace envpm::pipeline
