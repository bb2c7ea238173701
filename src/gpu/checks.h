#pragma once

#include "gpu/audit.h"
#include "gpu/library_search.h"

#include <string>
#include <vector>

namespace envpm::gpu {

/// What the parts of an audit share: the question, the prefix to search in, and what was found.
struct Audit {
    const AuditRequest& request;
    const LibrarySearch& search;
    std::vector<Finding> findings;

    [[nodiscard]] bool is_allowed(std::string_view name) const;

    /// Unless the user vouches for the file, by its name or soname.
    void add(Severity severity, Rule rule, const PrefixBinary& binary, std::string text,
             std::string hint);
};

/// Libraries, symbol versions and copies, of any environment.
void check_linking(Audit& audit);
void check_copies(Audit& audit);
void check_versions(Audit& audit);

/// What only CUDA's libraries can have wrong.
void check_device_code(Audit& audit);
void check_cuda_libraries(Audit& audit);
void check_cudnn(Audit& audit);
void check_runtimes(Audit& audit);

} // namespace envpm::gpu
