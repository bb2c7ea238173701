#include "store/collect_plan.h"

#include "base/disk_fault.h"
#include "base/disk_hints.h"
#include "base/error.h"
#include "base/files.h"
#include "base/handle.h"
#include "model/store_paths.h"
#include "store/environments.h"
#include "store/processes.h"
#include "store/tree_file.h"
#include "store/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

namespace envpm::store {

namespace {

constexpr int open_as_folder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/// Tells what is too young to be collected: something that is being made may not be named by
/// anything yet. Objects have a constant time, so the time of the last change of the inode counts.
class Grace {
  public:
    /// In seconds, and not before 1970: the clock's own unit overflows after 292 years.
    explicit Grace(const CollectRequest& request) {
        const std::time_t now = std::chrono::system_clock::to_time_t(request.now.value());
        oldest_kept_ = now - std::min<std::time_t>(now, request.grace.count());
    }

    [[nodiscard]] bool protects(const struct stat& status) const {
        return std::max(status.st_mtim.tv_sec, status.st_ctim.tv_sec) > oldest_kept_;
    }

  private:
    std::time_t oldest_kept_ = 0;
};

/// Adds up what removing files frees: a file with several names only when all of them go.
class Freed {
  public:
    explicit Freed(std::optional<std::uint64_t> most_bytes)
        : most_bytes_(most_bytes) {}

    /// No more need be removed.
    [[nodiscard]] bool is_enough() const { return most_bytes_ && bytes_ >= *most_bytes_; }

    void remove_name(const struct stat& status);

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    std::optional<std::uint64_t> most_bytes_;
    std::map<std::pair<dev_t, ino_t>, nlink_t> removed_names_;
    std::uint64_t bytes_ = 0;
};

struct Leased {
    std::map<std::string, std::string> hosts; ///< by the name of a prefix: who may use it
    /// Of projects that may lie where they cannot be seen from here.
    std::set<std::filesystem::path> environments;
};

struct stat status_of(const std::filesystem::path& path);
std::vector<Lease> leases_of(const StorePaths& paths, const CollectRequest& request);
Leased leased_out_of_sight(const std::vector<Lease>& leases);
bool may_be_unmounted(const std::filesystem::path& environment);
void keep_roots_of(const Leased& leased, Roots& roots);
void plan_leases(const std::vector<Lease>& leases, const StorePaths& paths, CollectPlan& plan);
int remove_names_below(const std::filesystem::path& path, Freed& freed);
int remove_names_in(Fd folder, unsigned depth, Freed& freed);
int remove_name_at(int folder, const char* name, unsigned depth, Freed& freed);
std::set<Sha256> plan_prefixes(const StorePaths& paths, const CollectRequest& request,
                               const Leased& leased, CollectPlan& plan, Freed& freed);
bool is_young(const std::filesystem::path& prefix, const Grace& grace);
void plan_removal(const std::filesystem::path& prefix, CollectPlan& plan, Freed& freed);
std::optional<std::set<Sha256>> archives_if(bool may_stay, const std::filesystem::path& prefix);
void add_archives(const std::filesystem::path& prefix, std::set<Sha256>& archives);
[[noreturn]] void throw_unreadable(const Error& root);
[[noreturn]] void throw_no_file_list(const std::filesystem::path& list);
void plan_trees(const std::vector<FoundTree>& trees, const std::set<Sha256>& archives,
                const Grace& grace, CollectPlan& plan, std::set<ObjectName>& alive);
std::vector<std::filesystem::path> lost_trees_of(const StorePaths& paths,
                                                 const std::set<Sha256>& archives);
void plan_leftovers(const StorePaths& paths, const Grace& grace, CollectPlan& plan, Freed& freed);
std::vector<std::string> own_names_in(const std::filesystem::path& prefixes, CollectPlan& plan);
bool is_leftover(const std::filesystem::path& path, const Grace& grace);

} // namespace

CollectPlan plan_collection(const StorePaths& paths, const CollectRequest& request) {
    const Grace grace(request);
    CollectPlan plan;
    Freed freed(request.most_freed_bytes);
    plan.roots = read_roots(paths);
    if (!plan.roots.unreadable.empty()) {
        throw_unreadable(plan.roots.unreadable.front());
    }
    const std::vector<Lease> leases = leases_of(paths, request);
    const Leased leased = leased_out_of_sight(leases);
    keep_roots_of(leased, plan.roots);
    const std::set<Sha256> archives = plan_prefixes(paths, request, leased, plan, freed);
    plan_leases(leases, paths, plan);
    const StoreContent content = list_content(paths);
    if (!content.lost_folders.empty()) {
        throw_system_error("cannot read a folder", content.lost_folders.front().string(), EIO);
    }
    std::set<ObjectName> alive;
    plan_trees(content.trees, archives, grace, plan, alive);
    plan.lost_trees = lost_trees_of(paths, archives);
    for (const std::filesystem::path& tree : plan.trees) {
        freed.remove_name(status_of(tree));
    }
    for (const FoundObject& object : content.objects) {
        const struct stat status = status_of(object.path);
        if (plan.lost_trees.empty() && !alive.contains(object.name) && !grace.protects(status) &&
            !freed.is_enough()) {
            plan.objects.push_back(object.path);
            freed.remove_name(status);
        }
    }
    plan_leftovers(paths, grace, plan, freed);
    plan.freed_bytes = freed.bytes();
    return plan;
}

bool is_outdated(const CollectPlan& plan, const StorePaths& paths, const CollectRequest& request) {
    std::vector<std::string> names;
    for (const std::filesystem::path& prefix : plan.prefixes) {
        names.push_back(prefix.filename().string());
    }
    Roots roots = read_roots(paths);
    const Leased leased = leased_out_of_sight(leases_of(paths, request));
    keep_roots_of(leased, roots);
    const std::set<std::string> running = prefixes_in_use(request.processes, names);
    const bool is_used = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return roots.prefixes.contains(name) || running.contains(name) ||
               leased.hosts.contains(name);
    });
    return is_used || !roots.unreadable.empty() || roots.stale != plan.roots.stale;
}

namespace {

/// Of a store for a group: homes are often closed to the others of the group.
void throw_unreadable(const Error& root) {
    const ErrorText& text = root.text();
    if (text.hint != disk_hints::denied) {
        throw root;
    }
    throw Error({text.what, text.subject,
                 "nothing was collected, for it may use anything here: run it as root, or as "
                 "somebody who may read all projects that use this store"},
                root.code());
}

struct stat status_of(const std::filesystem::path& path) {
    struct stat status {};

    if (::lstat(path.c_str(), &status) != 0) {
        throw_system_error("cannot look at a part of the store", path.string(), errno);
    }
    return status;
}

std::vector<Lease> leases_of(const StorePaths& paths, const CollectRequest& request) {
    return read_leases(paths, {request.holder, process_namespaces(request.processes)},
                       request.now.value());
}

void Freed::remove_name(const struct stat& status) {
    if (!S_ISREG(status.st_mode)) {
        return;
    }
    const nlink_t removed = ++removed_names_[{status.st_dev, status.st_ino}];
    if (removed == status.st_nlink) {
        bytes_ += static_cast<std::uint64_t>(status.st_size);
    }
}

/// As far as they can be seen; an errno of what could not be, 0 if all was.
int remove_names_below(const std::filesystem::path& path, Freed& freed) {
    const struct stat status = status_of(path);
    if (!S_ISDIR(status.st_mode)) {
        freed.remove_name(status);
        return 0;
    }
    return remove_names_in(Fd(::open(path.c_str(), open_as_folder)), 0, freed);
}

/// Each by its folder: a whole path may be longer than the system takes at once.
int remove_names_in(Fd folder, unsigned depth, Freed& freed) {
    const std::unique_ptr<DIR, Deleter<closedir>> entries(folder ? ::fdopendir(folder.get())
                                                                 : nullptr);
    if (!entries) {
        // A closed one is opened to be removed; of one that went nothing is left.
        return errno == EACCES || errno == ENOENT ? 0 : errno;
    }
    const int descriptor = folder.release(); // it is the stream's now
    int failure = 0;
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): each call has a stream of its own.
    while (const dirent* entry = ::readdir(entries.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            failure = std::max(failure, remove_name_at(descriptor, entry->d_name, depth, freed));
        }
        errno = 0;
    }
    return std::max(failure, errno);
}

/// Each level holds a descriptor, so there is an end; environments have no folders so deep.
int remove_name_at(int folder, const char* name, unsigned depth, Freed& freed) {
    constexpr unsigned deepest_counted = 64;

    struct stat status {};

    if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? 0 : errno; // a program elsewhere may still write there
    }
    if (S_ISDIR(status.st_mode)) {
        return depth < deepest_counted
                   ? remove_names_in(Fd(::openat(folder, name, open_as_folder)), depth + 1, freed)
                   : 0;
    }
    freed.remove_name(status);
    return 0;
}

Leased leased_out_of_sight(const std::vector<Lease>& leases) {
    Leased leased;
    for (const Lease& lease : leases) {
        if (!lease.is_over && (lease.is_out_of_sight || may_be_unmounted(lease.environment))) {
            std::string& host = leased.hosts.emplace(lease.prefix, lease.host).first->second;
            host = std::min(host, lease.host);
            leased.environments.insert(lease.environment);
        }
    }
    return leased;
}

/// Whether the file system that a project of this host lay in may only not be mounted: what is
/// still there of the way to it is empty, as a place to mount at is. Where a project was deleted,
/// other things lie mostly.
bool may_be_unmounted(const std::filesystem::path& environment) {
    std::error_code failure;
    if (environment.empty() || std::filesystem::exists(environment, failure)) {
        return false;
    }
    // From the project up: within it the environment alone may have been removed.
    std::filesystem::path folder = environment.parent_path().parent_path().parent_path();
    while (!std::filesystem::exists(folder, failure) && folder.has_relative_path()) {
        folder = folder.parent_path();
    }
    return std::filesystem::is_empty(folder, failure) || failure;
}

/// A project that is not here may be on the disk of another host.
void keep_roots_of(const Leased& leased, Roots& roots) {
    std::erase_if(roots.stale, [&](const std::filesystem::path& link) {
        return leased.environments.contains(std::filesystem::read_symlink(link));
    });
}

/// Those that are over, and those of prefixes that are gone or go.
void plan_leases(const std::vector<Lease>& leases, const StorePaths& paths, CollectPlan& plan) {
    const std::set<std::filesystem::path> going(plan.prefixes.begin(), plan.prefixes.end());
    for (const Lease& lease : leases) {
        const std::filesystem::path prefix = paths.prefix(lease.prefix);
        if (lease.is_over || going.contains(prefix) || !std::filesystem::exists(prefix)) {
            plan.leases.push_back(lease.path);
        }
    }
}

/// Gives the archives that the prefixes which stay were made from.
std::set<Sha256> plan_prefixes(const StorePaths& paths, const CollectRequest& request,
                               const Leased& leased, CollectPlan& plan, Freed& freed) {
    const Grace grace(request);
    std::set<Sha256> archives;
    const std::vector<std::string> names = own_names_in(paths.prefixes(), plan);
    const std::set<std::string> running = prefixes_in_use(request.processes, names);
    for (const std::string& name : names) {
        const std::filesystem::path prefix = paths.prefix(name);
        const bool is_named = plan.roots.prefixes.contains(name) || is_young(prefix, grace);
        const auto lease = leased.hosts.find(name);
        if (!is_named && running.contains(name)) {
            plan.running.push_back(name);
        } else if (!is_named && lease != leased.hosts.end()) {
            plan.leased.push_back({name, lease->second});
        }
        if (is_named || running.contains(name)) {
            add_archives(prefix, archives);
        } else if (lease != leased.hosts.end()) {
            // A damaged one stays as it is: nobody here can make it anew.
            const auto own = archives_of_prefix(prefix).value_or(std::set<Sha256>());
            archives.insert(own.begin(), own.end());
        } else if (const auto own = archives_if(freed.is_enough(), prefix)) {
            archives.insert(own->begin(), own->end());
        } else {
            plan_removal(prefix, plan, freed);
        }
    }
    return archives;
}

/// One without a file list was left by a collector that was killed.
bool is_young(const std::filesystem::path& prefix, const Grace& grace) {
    return grace.protects(status_of(prefix)) && std::filesystem::exists(manifest_path(prefix));
}

void plan_removal(const std::filesystem::path& prefix, CollectPlan& plan, Freed& freed) {
    plan.prefixes.push_back(prefix);
    if (const int failure = remove_names_below(prefix, freed)) {
        throw_system_error("cannot look at all of a prefix", prefix.string(), failure);
    }
}

/// The others are strangers.
std::vector<std::string> own_names_in(const std::filesystem::path& prefixes, CollectPlan& plan) {
    std::vector<std::string> names;
    for (std::string& name : names_in(prefixes)) {
        if (is_foreign(prefixes / name)) {
            plan.strangers.push_back(prefixes / name);
        } else {
            names.push_back(std::move(name));
        }
    }
    return names;
}

/// Of a prefix that nobody uses. One without a file list that says what it needs cannot stay.
std::optional<std::set<Sha256>> archives_if(bool may_stay, const std::filesystem::path& prefix) {
    return may_stay ? archives_of_prefix(prefix) : std::nullopt;
}

void add_archives(const std::filesystem::path& prefix, std::set<Sha256>& archives) {
    const std::optional<std::set<Sha256>> own = archives_of_prefix(prefix);
    if (!own) {
        throw_no_file_list(manifest_path(prefix));
    }
    archives.insert(own->begin(), own->end());
}

/// Says which of the three it is: where a disk fails, a new environment is not all that it needs.
void throw_no_file_list(const std::filesystem::path& list) {
    const std::optional<int> loss = loss_of(list);
    const bool is_there = std::filesystem::exists(std::filesystem::symlink_status(list));
    const std::string fault = loss ? "cannot be read: " + std::generic_category().message(*loss)
                                   : std::string(is_there ? "is damaged" : "is missing");
    throw Error({"the file list of a prefix in use " + fault, list.string(),
                 fmt::format("nothing was collected; {}`envpm repair` makes that environment anew",
                             loss ? "see to the disk, of which `dmesg` may say more; then " : "")});
}

/// A tree that stays keeps its objects. A damaged one cannot (`lost_trees_of`).
void plan_trees(const std::vector<FoundTree>& trees, const std::set<Sha256>& archives,
                const Grace& grace, CollectPlan& plan, std::set<ObjectName>& alive) {
    for (const FoundTree& found : trees) {
        if (!archives.contains(found.archive) && !grace.protects(status_of(found.path))) {
            plan.trees.push_back(found.path);
            continue;
        }
        const std::optional<std::string> text = read_file_unless_lost(found.path);
        if (const auto tree = text ? parse_tree(*text, found.archive) : std::nullopt) {
            for (const TreeFile& file : tree->files) {
                alive.insert({file.object, file.is_executable});
            }
        }
    }
}

/// Trees that the prefixes which stay need, and that are damaged: what they named is not known,
/// though a repair needs it. One that is missing is fetched again with all that it names.
std::vector<std::filesystem::path> lost_trees_of(const StorePaths& paths,
                                                 const std::set<Sha256>& archives) {
    std::vector<std::filesystem::path> lost;
    for (const Sha256& archive : archives) {
        const std::filesystem::path tree = paths.tree(archive);
        const std::optional<std::string> text = read_file_unless_lost(tree);
        const bool is_damaged = text ? !parse_tree(*text, archive) : has_lost_bytes(tree);
        if (is_damaged) {
            lost.push_back(tree);
        }
    }
    return lost;
}

void plan_leftovers(const StorePaths& paths, const Grace& grace, CollectPlan& plan, Freed& freed) {
    for (const std::filesystem::path& folder : {paths.temporary(), paths.quarantine()}) {
        for (const std::string& name : names_in(folder)) {
            const std::filesystem::path path = folder / name;
            if (is_leftover(path, grace)) {
                plan.leftovers.push_back(path);
                static_cast<void>(remove_names_below(path, freed)); // who removes it tells why not
            }
        }
    }
}

/// A folder with a `lock` lives as long as someone holds that, and not a moment longer. Of others
/// only the age tells. What another user keeps closed is that one's to collect, or root's.
bool is_leftover(const std::filesystem::path& path, const Grace& grace) {
    const bool is_folder = std::filesystem::is_directory(std::filesystem::symlink_status(path));
    if (is_folder && ::access(path.c_str(), R_OK | X_OK) != 0) {
        return false;
    }
    const std::filesystem::path lock = path / "lock";
    if (std::filesystem::is_regular_file(std::filesystem::symlink_status(lock))) {
        return ::access(lock.c_str(), R_OK) == 0 &&
               FileLock::try_take(lock, LockKind::exclusive).has_value();
    }
    return !grace.protects(status_of(path));
}

} // namespace

} // namespace envpm::store
