#include "installing/lock_in_use.h"

#include "base/error.h"

#include <fmt/format.h>

#include <utility>

namespace envpm::installing {

LockInUse lock_in_use(const InstallRequest& request, const Manifest& manifest,
                      project::Services& services) {
    std::optional<Lock> lock = project::read_lock(request.project);
    if (request.lock_use == LockUse::frozen) {
        if (!lock) {
            throw Error({"there is no envpm.lock to install from",
                         request.project.lock_file().string(),
                         "run `envpm lock`, or install without `--frozen`"},
                        ExitCode::lock_out_of_date);
        }
        return {std::move(lock), std::nullopt};
    }
    const locking::LockCheck check = locking::check_lock(manifest, lock);
    if (check.is_fresh) {
        return {std::move(lock), std::nullopt};
    }
    if (request.lock_use == LockUse::locked) {
        throw Error({fmt::format("envpm.lock is out of date: {}", check.reasons.front()),
                     request.project.lock_file().string(), "run `envpm lock`"},
                    ExitCode::lock_out_of_date);
    }
    locking::LockReport report = locking::lock({.project = request.project}, services);
    std::optional<Lock> made = report.lock;
    return {std::move(made), std::move(report)};
}

} // namespace envpm::installing
