#include "pipeline/repair.h"

#include "base/error.h"
#include "base/files.h"
#include "installing/archives.h"
#include "installing/layouts.h"
#include "installing/locked_target.h"
#include "pipeline/locked_projects.h"
#include "pipeline/verify.h"
#include "realize/mend.h"
#include "store/format.h"
#include "store/quarantine.h"
#include "store/restore.h"
#include "store/roots.h"
#include "store/sharing.h"
#include "store/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace envpm::pipeline {

namespace {

/// Why something cannot be made again, and the way out.
struct NoLock {
    const char* why;
    const char* hint;
};

constexpr NoLock in_no_lock = {
    "no lock of a project names what it was made from any more",
    "`envpm install` makes what is locked now; what no project uses, `envpm gc` removes"};
constexpr NoLock in_no_lock_seen = {
    "no lock that this user may read names what it was made from",
    "run `envpm repair` as root, or as somebody who may read all projects that use this store"};

std::vector<std::string> folders_of(const VerifyReport& report);
bool tell_unreadable(const StorePaths& paths, Progress& progress);
const char* how_mended(const realize::PrefixDamage& damage);
Repaired version_of(const StorePaths& paths);
RepairOutcome tell_version(const StorePaths& paths, project::Services& services);

/// Of the first archive that has something there.
template <class T>
const T* find_any(const std::map<Sha256, T>& all, const std::vector<Sha256>& archives) {
    for (const Sha256& archive : archives) {
        if (const auto found = all.find(archive); found != all.end()) {
            return &found->second;
        }
    }
    return nullptr;
}

/// One repair under way. Either tells what it would do or does it, by the same decisions.
class Repair {
  public:
    /// Without a store it is only told.
    Repair(VerifyReport report, const LockedProjects& projects, const NoLock& no_lock,
           std::optional<store::Store> store, project::Services& services)
        : report_(std::move(report)),
          projects_(projects),
          no_lock_(no_lock),
          services_(services),
          quarantine_(StorePaths(services.settings().store_root)),
          store_(std::move(store)) {
        outcome_.dry_run = store_ ? DryRun::no : DryRun::yes;
    }

    RepairOutcome run();

  private:
    using Needed = std::map<const LockedProject*, std::vector<LockedPackage>>;

    void mend_without_archives();
    void fetch_archives();
    Needed needed_archives();
    void fetch(const LockedProject& project, const std::vector<LockedPackage>& packages);
    std::vector<std::optional<Error>> try_fetch(const LockedProject& project,
                                                const std::vector<LockedPackage>& packages);
    void settle_objects();
    void settle_object(std::size_t index);
    bool put_aside(std::size_t index);
    void mend_environment(std::size_t index);
    std::optional<ErrorText> complete(std::size_t index, std::vector<realize::PrefixDamage>& left);
    void tell_environment(const DamagedEnvironment& environment);
    std::optional<Error> lay_out_anew(const LockedProjects::Environment& locked);
    void done(const std::filesystem::path& path, std::string how);
    void leave(std::size_t damage, const std::string& why, const std::string& hint);
    void leave(const DamagedEnvironment& environment, const realize::PrefixDamage& damage,
               const std::string& why, const std::string& hint);
    realize::Disposal disposal();

    [[nodiscard]] bool only_tells() const { return outcome_.dry_run == DryRun::yes; }

    VerifyReport report_;
    const LockedProjects& projects_;
    const NoLock& no_lock_;
    project::Services& services_;
    store::Quarantine quarantine_;
    std::optional<store::Store> store_;     ///< none if it is only told
    std::map<Sha256, std::string> fetched_; ///< archives, and what they are called
    std::map<Sha256, ErrorText> failed_;
    std::map<std::filesystem::path, ErrorText> unmoved_; ///< why
    std::map<std::size_t, ErrorText> broken_; ///< environments whose objects stay damaged
    RepairOutcome outcome_;
};

} // namespace

RepairOutcome repair(const std::optional<project::Project>& own, DryRun dry_run,
                     project::Services& services) {
    const StorePaths paths(services.settings().store_root);
    std::optional<FileLock> alone;
    std::optional<store::Store> store; // until the end: what was found must stay to be mended
    const bool has_lost_version = store::has_lost_version(paths);
    if (has_lost_version && dry_run == DryRun::yes) {
        return tell_version(paths, services);
    }
    if (dry_run == DryRun::no) {
        // Before the lock is made: in another folder nothing is written.
        if (!has_lost_version) {
            store::require_format(paths);
        }
        store::require_trusted(paths.root(), services.settings().store_policy.sharing);
        if (has_lost_version) {
            store::restore_version(paths);
        }
        alone.emplace(paths.locks() / "repair", LockKind::exclusive);
        store.emplace(services.open_store());
    }
    VerifyReport report = verify(store::VerifyDepth::full, services);
    services.throw_if_stopped();
    const LockedProjects projects(own, folders_of(report), services);
    const bool are_all_seen = report.is_whole() || !tell_unreadable(paths, services.progress());
    RepairOutcome outcome =
        Repair(std::move(report), projects, are_all_seen ? in_no_lock : in_no_lock_seen,
               std::move(store), services)
            .run();
    if (has_lost_version) {
        outcome.repaired.insert(outcome.repaired.begin(), version_of(paths));
    }
    return outcome;
}

namespace {

RepairOutcome Repair::run() {
    mend_without_archives();
    fetch_archives();
    settle_objects();
    for (std::size_t i = 0; i < report_.environments.size(); ++i) {
        services_.throw_if_stopped();
        if (only_tells()) {
            tell_environment(report_.environments[i]);
        } else if (!report_.environments[i].files.empty()) {
            mend_environment(i);
        }
    }
    outcome_.quarantine = quarantine_.folder();
    return std::move(outcome_);
}

/// First strangers, which may be in the way of what belongs there.
void Repair::mend_without_archives() {
    for (std::size_t i = 0; i < report_.store.size(); ++i) {
        const store::Damage& damage = report_.store[i];
        if (damage.kind == store::DamageKind::stranger) {
            if (put_aside(i)) {
                done(damage.path, "put aside");
            }
        } else if (damage.kind == store::DamageKind::looks) {
            if (!only_tells()) {
                store::restore_looks(damage);
            }
            done(damage.path, "mode and time set");
        }
    }
}

void Repair::fetch_archives() {
    for (const auto& [project, packages] : needed_archives()) {
        services_.throw_if_stopped();
        if (!only_tells()) {
            fetch(*project, packages);
            continue;
        }
        for (const LockedPackage& package : packages) {
            fetched_.emplace(package.sha256, package.label());
        }
    }
}

/// Of an object that several archives have, one that some lock names is enough; of a tree its own.
Repair::Needed Repair::needed_archives() {
    Needed needed;
    std::set<Sha256> chosen;
    for (const store::Damage& damage : report_.store) {
        if (damage.kind == store::DamageKind::looks) {
            continue;
        }
        const bool is_covered =
            std::any_of(damage.archives.begin(), damage.archives.end(),
                        [&chosen](const Sha256& archive) { return chosen.contains(archive); });
        for (const Sha256& archive : damage.archives) {
            const auto found = projects_.package(archive);
            if (found && !is_covered && chosen.insert(archive).second) {
                needed[found->project].push_back(*found->package);
                break;
            }
        }
    }
    return needed;
}

/// Together; if not even their places can be had, each alone, so that one does not cost the others.
void Repair::fetch(const LockedProject& project, const std::vector<LockedPackage>& packages) {
    const std::vector<std::optional<Error>> failures = try_fetch(project, packages);
    for (std::size_t i = 0; i < packages.size(); ++i) {
        const Sha256& archive = packages[i].sha256;
        if (!failures[i]) {
            fetched_.emplace(archive, packages[i].label());
        } else if (packages.size() > 1) {
            fetch(project, {packages[i]});
        } else {
            failed_.emplace(archive, failures[i]->text());
        }
    }
}

std::vector<std::optional<Error>> Repair::try_fetch(const LockedProject& project,
                                                    const std::vector<LockedPackage>& packages) {
    std::set<store::ObjectName> damaged;
    std::vector<std::filesystem::path> trees;
    for (const store::Damage& damage : report_.store) {
        const auto object = store::object_of(damage);
        if (object && damage.kind == store::DamageKind::object) {
            damaged.insert(*object);
        }
        const bool is_replaced =
            damage.kind == store::DamageKind::tree &&
            std::any_of(packages.begin(), packages.end(), [&](const LockedPackage& package) {
                return package.sha256 == damage.archives.front();
            });
        if (is_replaced) {
            trees.push_back(damage.path);
        }
    }
    try {
        std::for_each(trees.begin(), trees.end(),
                      [this](const std::filesystem::path& tree) { quarantine_.keep(tree); });
        return installing::fetch_again({packages, damaged, quarantine_}, project.manifest, *store_,
                                       services_);
    } catch (const Error& error) {
        if (error.code() == ExitCode::interrupted) {
            throw;
        }
        return std::vector<std::optional<Error>>(packages.size(), error);
    }
}

/// What became of the objects and trees whose archives were needed.
void Repair::settle_objects() {
    for (std::size_t i = 0; i < report_.store.size(); ++i) {
        const store::DamageKind kind = report_.store[i].kind;
        if (kind != store::DamageKind::looks && kind != store::DamageKind::stranger) {
            settle_object(i);
        }
    }
}

void Repair::settle_object(std::size_t index) {
    const store::Damage& damage = report_.store[index];
    if (const std::string* const label = find_any(fetched_, damage.archives)) {
        done(damage.path, fmt::format("unpacked again from {}", *label));
        return;
    }
    if (const ErrorText* const failure = find_any(failed_, damage.archives)) {
        leave(index, failure->what, failure->hint);
        return;
    }
    if (!report_.users[index].empty() || damage.kind == store::DamageKind::missing) {
        leave(index, no_lock_.why, no_lock_.hint);
        return;
    }
    if (put_aside(index)) {
        done(damage.path, "put aside: no environment uses it");
    }
}

/// What cannot be moved, as a mount point, is left, and costs nothing else.
bool Repair::put_aside(std::size_t index) {
    const store::Damage& damage = report_.store[index];
    try {
        if (!only_tells()) {
            quarantine_.move(damage.path);
        }
        return true;
    } catch (const Error& error) {
        leave(index, error.text().what, error.text().hint);
        return false;
    }
}

void Repair::mend_environment(std::size_t index) {
    const DamagedEnvironment& environment = report_.environments[index];
    std::vector<realize::PrefixDamage> left = environment.files;
    std::optional<ErrorText> failure;
    try {
        left = realize::mend(store_->paths(), environment.prefix, environment.files,
                             services_.settings().link_mode, disposal());
    } catch (const Error& error) {
        failure = error.text(); // of one file: perhaps all of it can be made anew
    }
    // All of it made anew would take what cannot be moved, as a mount, along into the quarantine.
    const bool holds_unmoved = std::any_of(left.begin(), left.end(), [&](const auto& damage) {
        return unmoved_.contains(environment.prefix / damage.path);
    });
    if (!holds_unmoved) {
        if (const std::optional<ErrorText> other = complete(index, left)) {
            failure = other;
        }
    }
    std::set<std::string> still;
    for (const realize::PrefixDamage& damage : left) {
        still.insert(damage.path);
    }
    for (const realize::PrefixDamage& damage : environment.files) {
        if (!still.contains(damage.path)) {
            done(environment.prefix / damage.path, how_mended(damage));
            continue;
        }
        const auto unmoved = unmoved_.find(environment.prefix / damage.path);
        if (unmoved != unmoved_.end()) {
            leave(environment, damage, unmoved->second.what, unmoved->second.hint);
        } else if (failure) {
            leave(environment, damage, failure->what, failure->hint);
        } else {
            leave(environment, damage, no_lock_.why, no_lock_.hint);
        }
    }
}

/// Lays out anew what has damage left, if a lock describes it and the store is whole for it: what
/// is damaged there would come into the new one too. Gives why it was not done.
std::optional<ErrorText> Repair::complete(std::size_t index,
                                          std::vector<realize::PrefixDamage>& left) {
    const auto locked = projects_.environment(report_.environments[index].name);
    if (left.empty() || !locked) {
        return std::nullopt;
    }
    if (const auto broken = broken_.find(index); broken != broken_.end()) {
        return broken->second;
    }
    if (const std::optional<Error> failure = lay_out_anew(*locked)) {
        return failure->text();
    }
    left.clear();
    return std::nullopt;
}

void Repair::tell_environment(const DamagedEnvironment& environment) {
    const bool is_locked = projects_.environment(environment.name).has_value();
    const std::set<std::string> mendable =
        is_locked ? std::set<std::string>()
                  : realize::mendable(environment.prefix, environment.files);
    for (const realize::PrefixDamage& damage : environment.files) {
        if (is_locked || mendable.contains(damage.path)) {
            done(environment.prefix / damage.path, how_mended(damage));
        } else {
            leave(environment, damage, no_lock_.why, no_lock_.hint);
        }
    }
}

/// The whole prefix, from its lock; what the store lacks for it is fetched.
std::optional<Error> Repair::lay_out_anew(const LockedProjects::Environment& locked) {
    const LockedTarget& target = *locked.target;
    const Manifest& manifest = locked.project->manifest;
    try {
        const std::vector<LockedPackage> packages =
            installing::packages_of(locked.project->lock, target);
        installing::Fetched fetched =
            installing::fetch_missing(packages, manifest, *store_, nullptr, services_);
        const Layout layout = installing::layout_of({packages, target, manifest},
                                                    std::move(fetched.trees), *store_, services_);
        realize::rebuild(store_->paths(),
                         {.env = target.env,
                          .layout = layout,
                          .interpreter = installing::interpreter_for(target, services_),
                          .archives = installing::archives_of(packages),
                          .link_mode = services_.settings().link_mode,
                          .syncing = store_->policy().syncing},
                         disposal(), services_.pool(), services_.progress());
        return std::nullopt;
    } catch (const Error& error) {
        if (error.code() == ExitCode::interrupted) {
            throw;
        }
        return error;
    }
}

void Repair::done(const std::filesystem::path& path, std::string how) {
    outcome_.repaired.push_back({path, std::move(how)});
}

void Repair::leave(std::size_t damage, const std::string& why, const std::string& hint) {
    std::set<std::string> projects;
    for (const std::size_t user : report_.users[damage]) {
        const std::vector<std::string>& more = report_.environments[user].projects;
        projects.insert(more.begin(), more.end());
        broken_.emplace(user, ErrorText{why, {}, hint});
    }
    outcome_.left.push_back({report_.store[damage].path,
                             report_.store[damage].what,
                             why,
                             hint,
                             {projects.begin(), projects.end()}});
}

void Repair::leave(const DamagedEnvironment& environment, const realize::PrefixDamage& damage,
                   const std::string& why, const std::string& hint) {
    outcome_.left.push_back({environment.prefix / damage.path,
                             std::string(realize::words_of(damage.kind)), why, hint,
                             environment.projects});
}

realize::Disposal Repair::disposal() {
    return {[this](const std::filesystem::path& path) { quarantine_.keep(path); },
            [this](const std::filesystem::path& path) {
                try {
                    quarantine_.move(path);
                } catch (const Error& error) {
                    unmoved_.insert_or_assign(path, error.text());
                    throw;
                }
            }};
}

const char* how_mended(const realize::PrefixDamage& damage) {
    return damage.kind == realize::FileDamage::strange ? "put aside"
                                                       : "made anew in the environment";
}

Repaired version_of(const StorePaths& paths) {
    return {paths.root() / "VERSION", "made anew"};
}

/// A store without one is not looked into.
RepairOutcome tell_version(const StorePaths& paths, project::Services& services) {
    services.progress().note("what else is damaged shows once the store has its `VERSION` again");
    RepairOutcome outcome;
    outcome.dry_run = DryRun::yes;
    outcome.repaired.push_back(version_of(paths));
    return outcome;
}

/// Projects that may have a lock which would help. False if there are none.
bool tell_unreadable(const StorePaths& paths, Progress& progress) {
    const std::vector<Error> unreadable = store::read_roots(paths).unreadable;
    for (const Error& root : unreadable) {
        progress.note(fmt::format("`{}` cannot help: {}", root.text().subject, root.text().what));
    }
    return !unreadable.empty();
}

std::vector<std::string> folders_of(const VerifyReport& report) {
    std::set<std::string> folders;
    for (const DamagedEnvironment& environment : report.environments) {
        folders.insert(environment.projects.begin(), environment.projects.end());
    }
    return {folders.begin(), folders.end()};
}

} // namespace

} // namespace envpm::pipeline
