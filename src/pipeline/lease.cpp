#include "pipeline/lease.h"

#include "base/error.h"
#include "pipeline/lower_prefix.h"
#include "store/leases.h"

#include <fmt/format.h>

namespace envpm::pipeline {

void renew_lease(const Project& project, const std::filesystem::path& prefix,
                 const Services& services) {
    if (is_in_lower_store(prefix, services.settings())) {
        return;
    }
    const StorePaths store(prefix.parent_path().parent_path());
    try {
        store::renew_lease(store, prefix.filename().string(), generations_of(project).folder(),
                           store::this_holder());
    } catch (const Error& failure) {
        services.progress().trace(fmt::format("lease: none: {}", failure.what()));
    }
}

} // namespace envpm::pipeline
