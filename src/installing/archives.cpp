#include "installing/archives.h"

#include "base/error.h"
#include "base/files.h"
#include "installing/locate.h"
#include "installing/turn.h"
#include "project/archive_cache.h"
#include "project/room.h"
#include "store/sharing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <span>

namespace envpm::installing {

namespace {

/// Wheels of this size are unpacked while they arrive; smaller ones come at once anyway.
constexpr std::uint64_t least_early_bytes = 16U << 20U;

/// What is to come into which store.
struct Order {
    const std::vector<LockedPackage>& packages;
    const Manifest& manifest;
    const store::Store& store;
    AuditAhead* ahead; ///< may be none
};

struct Brought {
    std::uint64_t packages = 0;
    std::uint64_t bytes = 0;
};

Brought take_in(const Order& order, project::Services& services);
std::vector<std::optional<Tree>> trees_of(const std::vector<LockedPackage>& packages,
                                          const store::Store& store, ThreadPool& pool);
void drop_incomplete(std::vector<std::optional<Tree>>& trees, const store::Store& store,
                     ThreadPool& pool);
std::vector<LockedPackage> missing_of(const std::vector<LockedPackage>& packages,
                                      const std::vector<std::optional<Tree>>& present);
std::vector<Tree> whole(const std::vector<LockedPackage>& packages,
                        std::vector<std::optional<Tree>> present, const store::Store& store);
std::set<Sha256> digests_of(const std::vector<LockedPackage>& packages);
std::set<Sha256> take_from_lower(const std::filesystem::path& lower,
                                 const std::vector<LockedPackage>& missing, store::Intake& intake,
                                 project::Services& services);
std::vector<std::optional<Error>> download_into(store::Intake& intake,
                                                const std::vector<LockedPackage>& wanted,
                                                const Manifest& manifest,
                                                const std::filesystem::path& folder,
                                                project::Services& services);
std::vector<fetch::Download> downloads_of(const std::vector<LockedPackage>& wanted,
                                          std::vector<std::vector<std::string>> urls);
void throw_if_unreachable(const std::vector<LockedPackage>& wanted,
                          const std::vector<std::vector<std::string>>& urls,
                          const std::filesystem::path& folder);

} // namespace

Fetched fetch_missing(const std::vector<LockedPackage>& packages, const Manifest& manifest,
                      const store::Store& store, AuditAhead* ahead, project::Services& services) {
    std::vector<std::optional<Tree>> present = trees_of(packages, store, services.pool());
    const std::filesystem::path& cache_root = services.settings().cache_root;
    Fetched fetched;
    std::vector<LockedPackage> missing = missing_of(packages, present);
    while (!missing.empty()) {
        const UnpackTurn turn = turn_to_unpack(missing, store, services);
        const Brought brought = take_in({turn.packages, manifest, store, ahead}, services);
        fetched.packages += brought.packages;
        fetched.bytes += brought.bytes;
        ahead = nullptr; // the binaries of those that had to be waited for are read by the audit
        const std::set<Sha256> done = digests_of(turn.packages);
        std::erase_if(missing, [&](const auto& package) { return done.contains(package.sha256); });
        // What that needed goes back to the system, before the trees are held whole.
        ::malloc_trim(0);
    }
    // Published and durable: the archives have served. A run may have been killed before this.
    project::ArchiveCache::remove_stored(cache_root, store);
    fetched.trees = whole(packages, std::move(present), store);
    return fetched;
}

std::vector<std::optional<Error>> fetch_again(const Refetch& refetch, const Manifest& manifest,
                                              const store::Store& store,
                                              project::Services& services) {
    project::ArchiveCache cache(services.settings().cache_root);
    store::Intake intake(store, services.pool(), services.progress());
    intake.replace(refetch.damaged, refetch.quarantine);
    std::vector<std::optional<Error>> failures =
        download_into(intake, refetch.packages, manifest, cache.folder(), services);
    intake.publish();
    // Only those that came: the store has the trees of the others too, and what there is of their
    // archives is gone on with.
    for (std::size_t i = 0; i < refetch.packages.size(); ++i) {
        if (!failures[i]) {
            cache.remove_unpacked(refetch.packages[i].sha256);
        }
    }
    return failures;
}

namespace {

/// Brings the store what it has not.
Brought take_in(const Order& order, project::Services& services) {
    const std::vector<LockedPackage>& packages = order.packages;
    AuditAhead* const ahead = order.ahead;
    std::optional<project::ArchiveCache> cache(std::in_place, services.settings().cache_root);
    store::Intake intake(order.store, services.pool(), services.progress(),
                         [&cache, ahead](const Tree& tree) {
                             cache->remove_unpacked(tree.archive);
                             if (ahead != nullptr) {
                                 ahead->add(tree);
                             }
                         });
    std::set<Sha256> had = intake.take_over(digests_of(packages), services.stop());
    if (const auto& lower = services.settings().lower_store) {
        std::vector<LockedPackage> missing = packages;
        std::erase_if(missing,
                      [&had](const auto& package) { return had.contains(package.sha256); });
        had.merge(take_from_lower(*lower, missing, intake, services));
    }
    // After that, so that nothing goes unseen from another process's folder into the store.
    Brought brought;
    std::vector<LockedPackage> wanted;
    for (const LockedPackage& package :
         missing_of(packages, trees_of(packages, order.store, services.pool()))) {
        if (!had.contains(package.sha256)) {
            ++brought.packages;
            brought.bytes += package.size_bytes;
            wanted.push_back(package);
        }
    }
    std::vector<std::optional<Error>> failures;
    if (!wanted.empty()) {
        project::require_room(wanted, order.store.paths().root(), cache->folder());
        failures = download_into(intake, wanted, order.manifest, cache->folder(), services);
    }
    intake.publish([&] {
        if (ahead != nullptr) {
            ahead->begin(intake);
        }
    });
    if (ahead != nullptr) {
        ahead->wait();
    }
    for (const std::optional<Error>& failure : failures) {
        if (failure) {
            throw *failure; // and the next run goes on with what came of it
        }
    }
    return brought;
}

/// Nothing for those that are not in the store, or not whole.
std::vector<std::optional<Tree>> trees_of(const std::vector<LockedPackage>& packages,
                                          const store::Store& store, ThreadPool& pool) {
    std::vector<std::optional<Tree>> trees(packages.size());
    TaskGroup reading(pool);
    for (std::size_t i = 0; i < packages.size(); ++i) {
        // The largest first, or the last of them would keep one thread busy and the others idle.
        reading.run([&, i] { trees[i] = store.tree(packages[i].sha256); }, packages[i].size_bytes);
    }
    reading.wait();
    drop_incomplete(trees, store, pool);
    return trees;
}

void drop_incomplete(std::vector<std::optional<Tree>>& trees, const store::Store& store,
                     ThreadPool& pool) {
    constexpr std::size_t files_of_a_task = 512;
    std::vector<std::atomic<bool>> is_incomplete(trees.size());
    TaskGroup looking(pool);
    const auto look = [&](std::size_t i, std::span<const TreeFile> files) {
        looking.run([&, i, files] {
            if (!store.has_objects(files)) {
                is_incomplete[i] = true;
            }
        });
    };
    for (std::size_t i = 0; i < trees.size(); ++i) {
        std::span<const TreeFile> rest = trees[i] ? trees[i]->files : std::span<const TreeFile>();
        while (!rest.empty()) {
            const auto files = rest.first(std::min(rest.size(), files_of_a_task));
            look(i, files);
            rest = rest.subspan(files.size());
        }
    }
    looking.wait();
    for (std::size_t i = 0; i < trees.size(); ++i) {
        if (is_incomplete[i]) {
            trees[i].reset();
        }
    }
}

std::vector<LockedPackage> missing_of(const std::vector<LockedPackage>& packages,
                                      const std::vector<std::optional<Tree>>& present) {
    std::vector<LockedPackage> missing;
    for (std::size_t i = 0; i < packages.size(); ++i) {
        if (!present[i]) {
            missing.push_back(packages[i]);
        }
    }
    return missing;
}

/// With those that came since.
std::vector<Tree> whole(const std::vector<LockedPackage>& packages,
                        std::vector<std::optional<Tree>> present, const store::Store& store) {
    std::vector<Tree> trees;
    trees.reserve(packages.size());
    for (std::size_t i = 0; i < packages.size(); ++i) {
        std::optional<Tree> tree =
            present[i] ? std::move(present[i]) : store.tree(packages[i].sha256);
        if (!tree) {
            read_file_if_present(store.paths().tree(packages[i].sha256)); // a disk's fault says so
            throw Error({fmt::format("{} {} vanished from the store during the install",
                                     packages[i].name.string(), packages[i].version),
                         store.paths().root().string(), "run `envpm install` again"},
                        ExitCode::integrity);
        }
        trees.push_back(std::move(*tree));
    }
    return trees;
}

std::set<Sha256> digests_of(const std::vector<LockedPackage>& packages) {
    std::set<Sha256> digests;
    for (const LockedPackage& package : packages) {
        digests.insert(package.sha256);
    }
    return digests;
}

std::set<Sha256> take_from_lower(const std::filesystem::path& lower,
                                 const std::vector<LockedPackage>& missing, store::Intake& intake,
                                 project::Services& services) {
    if (std::filesystem::exists(lower)) {
        store::require_trusted(lower, services.settings().store_policy.sharing);
    }
    return intake.take_from(StorePaths(lower), digests_of(missing), services.stop());
}

/// Hands each archive on as it arrives, once.
std::vector<std::optional<Error>> download_into(store::Intake& intake,
                                                const std::vector<LockedPackage>& wanted,
                                                const Manifest& manifest,
                                                const std::filesystem::path& folder,
                                                project::Services& services) {
    std::vector<std::vector<std::string>> urls = locate(wanted, manifest, services);
    if (services.is_offline()) {
        throw_if_unreachable(wanted, urls, folder);
    }
    const std::vector<fetch::Download> downloads = downloads_of(wanted, std::move(urls));
    std::set<Sha256> added;
    fetch::DownloadEvents events;
    events.complete = [&](std::size_t index, const std::filesystem::path& file) {
        const fetch::Download& download = downloads[index];
        if (added.insert(download.sha256).second) {
            intake.add({file, download.sha256, download.label, wanted[index].file});
        }
    };
    std::set<Sha256> expected;
    events.arrived = [&](std::size_t index, const fetch::ArrivedBytes& bytes) {
        const fetch::Download& download = downloads[index];
        if (download.first != fetch::Download::First::end) {
            return;
        }
        if (expected.insert(download.sha256).second) {
            intake.expect({bytes.file, download.sha256, download.label, wanted[index].file},
                          download.size_bytes);
        }
        intake.arrived(download.sha256, bytes.first, bytes.count);
    };
    events.dropped = [&](std::size_t index) { intake.forget(downloads[index].sha256); };
    events.waiting_bytes = [&intake] { return intake.waiting_bytes(); };
    events.hash_pairs = &intake.hash_pairs();
    return services.network().download(downloads, folder, services.progress(), events);
}

std::vector<fetch::Download> downloads_of(const std::vector<LockedPackage>& wanted,
                                          std::vector<std::vector<std::string>> urls) {
    std::vector<fetch::Download> downloads;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const LockedPackage& package = wanted[i];
        const bool is_early = !package.is_conda() && package.size_bytes >= least_early_bytes;
        downloads.push_back(
            {package.label(), std::move(urls[i]), package.size_bytes, package.sha256,
             is_early ? fetch::Download::First::end : fetch::Download::First::beginning});
    }
    return downloads;
}

/// What an earlier run fetched needs no place.
void throw_if_unreachable(const std::vector<LockedPackage>& wanted,
                          const std::vector<std::vector<std::string>>& urls,
                          const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (urls[i].empty() && !std::filesystem::exists(folder / wanted[i].sha256.hex())) {
            names.push_back(wanted[i].name.string() + " " + wanted[i].version);
        }
    }
    if (!names.empty()) {
        throw Error(
            {fmt::format("the store lacks {}, and this run is offline", fmt::join(names, ", ")),
             "envpm.lock", "run once without `--offline`, or give a mirror that is a folder"},
            ExitCode::network);
    }
}

} // namespace

} // namespace envpm::installing
