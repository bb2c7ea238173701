#include "pipeline/archives.h"

#include "base/error.h"
#include "base/files.h"
#include "conda/channels.h"
#include "pipeline/archive_cache.h"
#include "pipeline/project.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <span>

namespace envpm::pipeline {

namespace {

/// Wheels of this size are unpacked while they arrive; smaller ones come at once anyway.
constexpr std::uint64_t least_early_bytes = 16U << 20U;

std::vector<std::optional<Tree>> trees_of(const std::vector<LockedPackage>& packages,
                                          const store::Store& store, ThreadPool& pool);
void drop_incomplete(std::vector<std::optional<Tree>>& trees, const store::Store& store,
                     ThreadPool& pool);
std::vector<LockedPackage> missing_of(const std::vector<LockedPackage>& packages,
                                      const std::vector<std::optional<Tree>>& present);
std::vector<Tree> whole(const std::vector<LockedPackage>& packages,
                        std::vector<std::optional<Tree>> present, const store::Store& store);
std::set<Sha256> digests_of(const std::vector<LockedPackage>& packages);
std::vector<std::optional<Error>>
download_into(store::Intake& intake, const std::vector<LockedPackage>& wanted,
              const Manifest& manifest, const std::filesystem::path& folder, Services& services);
std::vector<fetch::Download> locate(const std::vector<LockedPackage>& missing,
                                    const Manifest& manifest, Services& services);
void locate_conda(std::vector<fetch::Download>& downloads,
                  const std::vector<LockedPackage>& missing, const Manifest& manifest,
                  Services& services);
void locate_wheels(std::vector<fetch::Download>& downloads,
                   const std::vector<LockedPackage>& missing, const Manifest& manifest,
                   Services& services);
[[noreturn]] void throw_no_source(const LockedPackage& package);
void add_urls(std::vector<fetch::Download>& downloads, const std::vector<LockedPackage>& missing,
              const std::vector<pypi::Index>& indexes, pypi::IndexClient& client);
const pypi::Index& index_named(const std::vector<pypi::Index>& indexes,
                               const LockedPackage& package);
std::vector<std::vector<pypi::Index>> by_mirror(const std::vector<pypi::Index>& indexes);
void throw_if_not_located(const std::vector<fetch::Download>& downloads,
                          const std::vector<LockedPackage>& missing);
[[noreturn]] void throw_offline(const std::vector<LockedPackage>& missing);

} // namespace

Fetched fetch_missing(const std::vector<LockedPackage>& packages, const Manifest& manifest,
                      const store::Store& store, Services& services) {
    Fetched fetched;
    std::vector<std::optional<Tree>> present = trees_of(packages, store, services.pool());
    const std::filesystem::path& cache_root = services.settings().cache_root;
    if (missing_of(packages, present).empty()) {
        // A run may have been killed between publishing and this.
        ArchiveCache::remove_stored(cache_root, store);
        return {0, 0, whole(packages, std::move(present), store)};
    }
    std::optional<ArchiveCache> cache(std::in_place, cache_root);
    store::Intake intake(store, services.pool(), services.progress(),
                         [&cache](const Sha256& archive) { cache->remove_unpacked(archive); });
    const std::set<Sha256> had =
        intake.take_over(digests_of(missing_of(packages, present)), services.stop());
    // After that, so that nothing goes unseen from another process's folder into the store.
    present = trees_of(packages, store, services.pool());
    std::vector<LockedPackage> wanted;
    for (const LockedPackage& package : missing_of(packages, present)) {
        if (!had.contains(package.sha256)) {
            ++fetched.packages;
            fetched.bytes += package.size_bytes;
            wanted.push_back(package);
        }
    }
    std::vector<std::optional<Error>> failures;
    if (!wanted.empty()) {
        failures = download_into(intake, wanted, manifest, cache->folder(), services);
    }
    intake.publish();
    // Published and durable: the archives have served.
    cache.reset();
    ArchiveCache::remove_stored(cache_root, store);
    for (const std::optional<Error>& failure : failures) {
        if (failure) {
            throw *failure;
        }
    }
    fetched.trees = whole(packages, std::move(present), store);
    return fetched;
}

namespace {

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

/// Hands each archive on as it arrives, once.
std::vector<std::optional<Error>>
download_into(store::Intake& intake, const std::vector<LockedPackage>& wanted,
              const Manifest& manifest, const std::filesystem::path& folder, Services& services) {
    const bool all_here = std::all_of(wanted.begin(), wanted.end(), [&](const auto& package) {
        return std::filesystem::exists(folder / package.sha256.hex());
    });
    if (services.is_offline() && !all_here) {
        throw_offline(wanted);
    }
    const std::vector<fetch::Download> downloads = locate(wanted, manifest, services);
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
    return services.network().download(downloads, folder, services.progress(), events);
}

/// A lock has no URLs: where a file is today, its source knows.
std::vector<fetch::Download> locate(const std::vector<LockedPackage>& missing,
                                    const Manifest& manifest, Services& services) {
    std::vector<fetch::Download> downloads;
    bool has_wheels = false;
    for (const LockedPackage& package : missing) {
        const bool is_early = !package.is_conda() && package.size_bytes >= least_early_bytes;
        downloads.push_back(
            {fmt::format("{} {}", package.name.string(), package.version),
             {},
             package.size_bytes,
             package.sha256,
             is_early ? fetch::Download::First::end : fetch::Download::First::beginning});
        has_wheels |= !package.is_conda();
    }
    if (!services.is_offline()) {
        locate_conda(downloads, missing, manifest, services);
    }
    if (!services.is_offline() && has_wheels) {
        locate_wheels(downloads, missing, manifest, services);
    }
    return downloads;
}

void locate_conda(std::vector<fetch::Download>& downloads,
                  const std::vector<LockedPackage>& missing, const Manifest& manifest,
                  Services& services) {
    std::map<std::string, std::unique_ptr<conda::Channels>> channels; // by subdir
    for (std::size_t i = 0; i < missing.size(); ++i) {
        if (!missing[i].is_conda()) {
            continue;
        }
        std::unique_ptr<conda::Channels>& here = channels[missing[i].subdir];
        if (!here) {
            here = std::make_unique<conda::Channels>(
                services.network(), services.cache("channels"), cache_policy(services, false),
                channels_of(manifest, services.settings()),
                parse_platform(missing[i].subdir).value_or(Platform::linux_64));
        }
        auto urls = here->urls_of(missing[i].source, missing[i].subdir, missing[i].file);
        if (!urls) {
            throw_no_source(missing[i]);
        }
        downloads[i].urls = std::move(*urls);
    }
}

/// Where a wheel is stands on its project's page.
void locate_wheels(std::vector<fetch::Download>& downloads,
                   const std::vector<LockedPackage>& missing, const Manifest& manifest,
                   Services& services) {
    const std::vector<std::vector<pypi::Index>> mirrors =
        by_mirror(indexes_of(manifest, read_requests(manifest), services));
    std::optional<Error> failure;
    for (const std::vector<pypi::Index>& indexes : mirrors) {
        pypi::IndexClient client(services.network(), services.cache("index"),
                                 cache_policy(services, false));
        // One mirror's failure is not the end while another has the file.
        try {
            add_urls(downloads, missing, indexes, client);
        } catch (const Error& error) {
            if (error.code() == ExitCode::interrupted || mirrors.size() == 1) {
                throw;
            }
            services.progress().note(error.what());
            failure = error;
        }
    }
    const bool none_found =
        std::all_of(downloads.begin(), downloads.end(),
                    [](const fetch::Download& download) { return download.urls.empty(); });
    if (failure && none_found) {
        throw *failure;
    }
    throw_if_not_located(downloads, missing);
}

void add_urls(std::vector<fetch::Download>& downloads, const std::vector<LockedPackage>& missing,
              const std::vector<pypi::Index>& indexes, pypi::IndexClient& client) {
    std::vector<pypi::PageQuery> queries;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < missing.size(); ++i) {
        if (!missing[i].is_conda()) {
            queries.push_back({&index_named(indexes, missing[i]), missing[i].name});
            places.push_back(i);
        }
    }
    const std::vector<pypi::PageAnswer> answers = client.pages(queries);
    for (std::size_t query = 0; query < queries.size(); ++query) {
        if (!answers[query].page) {
            continue;
        }
        const std::size_t i = places[query];
        for (const pypi::WheelFile& wheel : answers[query].page->wheels) {
            if (wheel.file_name == missing[i].file &&
                (!wheel.sha256 || *wheel.sha256 == missing[i].sha256)) {
                downloads[i].urls.push_back(wheel.url);
            }
        }
    }
}

const pypi::Index& index_named(const std::vector<pypi::Index>& indexes,
                               const LockedPackage& package) {
    for (const pypi::Index& index : indexes) {
        if (index.name == package.source) {
            return index;
        }
    }
    throw_no_source(package);
}

void throw_no_source(const LockedPackage& package) {
    const bool is_conda = package.is_conda();
    throw Error({fmt::format("the lock takes {} {} from `{}`, and no {} has that name",
                             package.name.string(), package.version, package.source,
                             is_conda ? "channel" : "index"),
                 "envpm.lock",
                 fmt::format("name the {} under `[{}]`, or run `envpm lock`",
                             is_conda ? "channel" : "index", is_conda ? "channels" : "indexes")});
}

/// The n-th list has the n-th mirror of each index, or its last if it has fewer.
std::vector<std::vector<pypi::Index>> by_mirror(const std::vector<pypi::Index>& indexes) {
    std::size_t most = 0;
    for (const pypi::Index& index : indexes) {
        most = std::max(most, index.urls.size());
    }
    std::vector<std::vector<pypi::Index>> out;
    for (std::size_t mirror = 0; mirror < most; ++mirror) {
        std::vector<pypi::Index> list;
        for (const pypi::Index& index : indexes) {
            list.push_back({index.name,
                            {index.urls[std::min(mirror, index.urls.size() - 1)]},
                            index.is_explicit});
        }
        out.push_back(std::move(list));
    }
    return out;
}

void throw_if_not_located(const std::vector<fetch::Download>& downloads,
                          const std::vector<LockedPackage>& missing) {
    for (std::size_t i = 0; i < downloads.size(); ++i) {
        if (downloads[i].urls.empty()) {
            throw Error({fmt::format("index `{}` does not have {} with the locked sha256",
                                     missing[i].source, missing[i].file),
                         "envpm.lock",
                         "`envpm lock --refresh` finds what the index has now; a mirror may also "
                         "be behind"},
                        ExitCode::network);
        }
    }
}

void throw_offline(const std::vector<LockedPackage>& missing) {
    std::vector<std::string> names;
    for (const LockedPackage& package : missing) {
        names.push_back(package.name.string() + " " + package.version);
    }
    throw Error({fmt::format("the store lacks {}, and this run is offline", fmt::join(names, ", ")),
                 "envpm.lock", "run once without `--offline`"},
                ExitCode::network);
}

} // namespace

} // namespace envpm::pipeline
