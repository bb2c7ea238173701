#include "pipeline/seal.h"

#include "base/error.h"
#include "installing/generations.h"
#include "lockfiles/lock_file.h"
#include "project/edit_journal.h"
#include "realize/check.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <vector>

namespace envpm::pipeline {

namespace {

LockedTarget& target_of(std::optional<Lock>& lock, const Sha256& env,
                        const project::Project& project);
[[noreturn]] void throw_damaged(const std::vector<realize::PrefixDamage>& damages,
                                const std::filesystem::path& prefix);

} // namespace

SealReport seal(const project::Project& project, const std::optional<std::string>& target,
                project::Services& services) {
    const realize::Generation current = installing::present_generation(project);
    std::optional<Lock> lock = project::read_lock(project);
    const LockedTarget before = target_of(lock, current.env, project);
    if (target && *target != before.target.name) {
        throw Error(
            {fmt::format("what is installed is target `{}`, not `{}`", before.target.name, *target),
             project.lock_file().string(),
             fmt::format("run `envpm install --target {}`, then seal", *target)},
            ExitCode::lock_out_of_date);
    }
    const auto damages = realize::check(current.prefix, realize::CheckDepth::full, services.pool(),
                                        services.progress());
    if (!damages.empty()) {
        throw_damaged(damages, current.prefix);
    }
    services.throw_if_stopped();
    const Sha256 contents =
        realize::contents_digest_of_prefix(current.prefix, services.pool(), services.progress());
    SealReport report{before.target.name, contents, before.contents == contents};
    if (!report.was_sealed) {
        // Others may have written another lock while the prefix was read.
        const FileLock alone = project::edit_lock(project, services.progress());
        lock = project::read_lock(project);
        target_of(lock, current.env, project).contents = contents;
        lockfiles::write(project.lock_file(), *lock);
    }
    return report;
}

namespace {

/// The one that was installed.
LockedTarget& target_of(std::optional<Lock>& lock, const Sha256& env,
                        const project::Project& project) {
    if (lock) {
        for (LockedTarget& target : lock->targets) {
            if (target.env == env) {
                return target;
            }
        }
    }
    throw Error({"what is installed is not what envpm.lock says", project.lock_file().string(),
                 "run `envpm install`, then seal"},
                ExitCode::lock_out_of_date);
}

void throw_damaged(const std::vector<realize::PrefixDamage>& damages,
                   const std::filesystem::path& prefix) {
    std::string files;
    for (const realize::PrefixDamage& damage : damages) {
        files += fmt::format("{}{} ({})", files.empty() ? "" : ", ", damage.path,
                             realize::words_of(damage.kind));
    }
    throw Error({fmt::format("the environment is damaged: {}", files), prefix.string(),
                 "`envpm repair` makes it anew, then seal"},
                ExitCode::integrity);
}

} // namespace

} // namespace envpm::pipeline
