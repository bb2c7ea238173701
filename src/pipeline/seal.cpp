#include "pipeline/seal.h"

#include "base/error.h"
#include "lockfiles/lock_file.h"
#include "pipeline/generations.h"
#include "realize/prefix.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

namespace envpm::pipeline {

namespace {

[[noreturn]] void throw_damaged(const std::vector<realize::PrefixDamage>& damages,
                                const std::filesystem::path& prefix);

} // namespace

SealReport seal(const Project& project, Services& services) {
    std::optional<Lock> lock = read_lock(project);
    const realize::Generation current = current_generation(project);
    const auto target =
        lock ? std::find_if(lock->targets.begin(), lock->targets.end(),
                            [&](const auto& candidate) { return candidate.env == current.env; })
             : std::vector<LockedTarget>::iterator();
    if (!lock || target == lock->targets.end()) {
        throw Error({"what is installed is not what envpm.lock says", project.lock_file().string(),
                     "run `envpm install`, then seal"},
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
    SealReport report{target->target.name, contents, target->contents == contents};
    if (!report.was_sealed) {
        target->contents = contents;
        lockfiles::write(project.lock_file(), *lock);
    }
    return report;
}

namespace {

void throw_damaged(const std::vector<realize::PrefixDamage>& damages,
                   const std::filesystem::path& prefix) {
    std::string files;
    for (const realize::PrefixDamage& damage : damages) {
        files += fmt::format("{}{} ({})", files.empty() ? "" : ", ", damage.path, damage.what);
    }
    throw Error({fmt::format("the environment is damaged: {}", files), prefix.string(),
                 "`envpm repair` makes it anew, then seal"},
                ExitCode::integrity);
}

} // namespace

} // namespace envpm::pipeline
