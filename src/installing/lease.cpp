#include "installing/lease.h"

#include "base/error.h"
#include "base/files.h"
#include "installing/lower_prefix.h"
#include "store/leases.h"
#include "store/store.h"

#include <fmt/format.h>

#include <string>

namespace envpm::installing {

bool renew_lease(const project::Project& project, const std::filesystem::path& prefix,
                 const project::Services& services) {
    if (is_in_lower_store(prefix, services.settings())) {
        return true;
    }
    const StorePaths store(prefix.parent_path().parent_path());
    const std::string name = prefix.filename().string();
    const std::filesystem::path environment = project::generations_of(project).folder();
    const store::LeaseHolder holder = store::this_holder();
    try {
        if (store::renew_known_lease(store, name, environment, holder)) {
            return true;
        }
        const FileLock lock(store.lock(), LockKind::shared,
                            store::tell_of_collection(store.lock(), services.progress()));
        store::renew_lease(store, name, environment, holder);
        return false;
    } catch (const Error& failure) {
        services.progress().trace(fmt::format("lease: none: {}", failure.what()));
        return true;
    }
}

bool keep_root(const project::Project& project, const std::filesystem::path& prefix,
               const project::Services& services) {
    if (is_in_lower_store(prefix, services.settings())) {
        return true;
    }
    const StorePaths store(prefix.parent_path().parent_path());
    try {
        return project::generations_of(project).keep_alive(
            store, store::tell_of_collection(store.lock(), services.progress()));
    } catch (const Error& failure) {
        services.progress().trace(fmt::format("root: none: {}", failure.what()));
        return true;
    }
}

} // namespace envpm::installing
