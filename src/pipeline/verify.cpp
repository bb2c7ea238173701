#include "pipeline/verify.h"

#include "base/disk_fault.h"
#include "base/error.h"
#include "base/files.h"
#include "installing/package_owners.h"
#include "realize/prefix_manifest.h"
#include "store/environments.h"
#include "store/format.h"
#include "store/store.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace envpm::pipeline {

namespace {

std::vector<realize::PrefixDamage> check_prefix(const std::filesystem::path& prefix,
                                                const KnownFiles& known, store::VerifyDepth depth,
                                                project::Services& services);
std::map<std::string, std::string, std::less<>>
packages_of(const std::filesystem::path& prefix, const std::vector<realize::PrefixDamage>& damages);
bool is_made_with(const store::Environment& environment, const store::Damage& damage);
bool is_made_with_any(const store::Environment& environment,
                      const std::vector<store::Damage>& damages);
std::vector<std::vector<std::size_t>> users_of(const std::vector<store::Damage>& damages,
                                               const std::vector<store::Environment>& damaged);

} // namespace

std::size_t VerifyReport::damaged_files() const {
    std::size_t count = store.size();
    for (const DamagedEnvironment& environment : environments) {
        count += environment.files.size();
    }
    return count;
}

VerifyReport verify(store::VerifyDepth depth, project::Services& services) {
    const StorePaths paths(services.settings().store_root);
    store::require_format(paths); // before the lock is made: in another folder nothing is written
    const FileLock lock(paths.lock(), LockKind::shared,
                        store::tell_of_collection(paths.lock(), services.progress()));
    store::StoreVerdict verdict = store::verify(paths, depth, services.pool(), services.progress());
    services.throw_if_stopped();
    VerifyReport report;
    std::vector<store::Environment> damaged;
    for (store::Environment& environment : store::environments_of(paths)) {
        const std::filesystem::path prefix = paths.prefix(environment.name);
        std::vector<realize::PrefixDamage> files =
            check_prefix(prefix, verdict.sound, depth, services);
        services.throw_if_stopped();
        ++report.checked_environments;
        if (!files.empty() || is_made_with_any(environment, verdict.damages)) {
            auto packages = packages_of(prefix, files);
            report.environments.push_back({environment.name, prefix, environment.projects,
                                           std::move(files), std::move(packages)});
            damaged.push_back(std::move(environment));
        }
    }
    report.users = users_of(verdict.damages, damaged);
    report.store = std::move(verdict.damages);
    return report;
}

namespace {

std::vector<realize::PrefixDamage> check_prefix(const std::filesystem::path& prefix,
                                                const KnownFiles& known, store::VerifyDepth depth,
                                                project::Services& services) {
    return realize::check(prefix,
                          depth == store::VerifyDepth::full ? realize::CheckDepth::full
                                                            : realize::CheckDepth::quick,
                          services.pool(), services.progress(), known);
}

/// Without a file list that can be read nothing is known of them.
std::map<std::string, std::string, std::less<>>
packages_of(const std::filesystem::path& prefix,
            const std::vector<realize::PrefixDamage>& damages) {
    std::set<std::string, std::less<>> paths;
    for (const realize::PrefixDamage& damage : damages) {
        paths.insert(damage.path);
    }
    std::vector<std::string> records;
    try {
        (void)realize::read_manifest_files(prefix, [&](std::string_view path, realize::EntryKind) {
            if (!paths.empty() && installing::is_package_record(path)) {
                records.emplace_back(path);
            }
            return false;
        });
    } catch (const Error& error) {
        if (error.code() != ExitCode::integrity && !has_lost_bytes(manifest_path(prefix))) {
            throw;
        }
    }
    return installing::package_owners(prefix, records, paths);
}

bool is_made_with(const store::Environment& environment, const store::Damage& damage) {
    return std::any_of(damage.archives.begin(), damage.archives.end(), [&](const Sha256& archive) {
        return environment.archives.contains(archive);
    });
}

bool is_made_with_any(const store::Environment& environment,
                      const std::vector<store::Damage>& damages) {
    return std::any_of(damages.begin(), damages.end(), [&](const store::Damage& damage) {
        return is_made_with(environment, damage);
    });
}

std::vector<std::vector<std::size_t>> users_of(const std::vector<store::Damage>& damages,
                                               const std::vector<store::Environment>& damaged) {
    std::vector<std::vector<std::size_t>> users(damages.size());
    for (std::size_t i = 0; i < damages.size(); ++i) {
        for (std::size_t user = 0; user < damaged.size(); ++user) {
            if (is_made_with(damaged[user], damages[i])) {
                users[i].push_back(user);
            }
        }
    }
    return users;
}

} // namespace

} // namespace envpm::pipeline
