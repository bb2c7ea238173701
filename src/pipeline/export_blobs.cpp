#include "pipeline/export_blobs.h"

#include "base/error.h"
#include "base/files.h"
#include "base/free_space.h"
#include "base/hash.h"
#include "base/progress_task.h"
#include "installing/locate.h"
#include "installing/target_choice.h"
#include "pipeline/export.h"
#include "project/room.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace envpm::pipeline {

namespace {

std::vector<LockedPackage> archives_of(const Lock& lock, const LockedTarget* target);
void require_folder(const std::filesystem::path& folder);
std::vector<LockedPackage> missing_of(const std::vector<LockedPackage>& archives,
                                      const std::filesystem::path& folder,
                                      project::Services& services);
bool is_there(const LockedPackage& archive, const std::filesystem::path& file);
void bring(const std::vector<LockedPackage>& missing, const Manifest& manifest,
           const std::filesystem::path& folder, project::Services& services);
std::filesystem::path unfinished_in(const std::filesystem::path& folder);
std::filesystem::path blob_path(const std::filesystem::path& folder, const Sha256& archive);
std::vector<std::string> sources_of(const std::vector<LockedPackage>& archives,
                                    const Manifest& manifest);

} // namespace

BlobExport export_blobs(const project::Project& project, const std::optional<std::string>& target,
                        const std::filesystem::path& folder, project::Services& services) {
    const Manifest manifest = project::read_manifest(project);
    const Lock lock = fresh_lock(project, manifest);
    const std::vector<LockedPackage> archives =
        archives_of(lock, target ? &installing::named_target(lock, *target) : nullptr);
    require_folder(folder);
    const std::vector<LockedPackage> missing = missing_of(archives, folder, services);
    BlobExport report{folder, archives.size(), missing.size(), 0, sources_of(archives, manifest)};
    for (const LockedPackage& archive : missing) {
        report.fetched_bytes += archive.size_bytes;
    }
    if (!missing.empty()) {
        require_space({project::bytes_missing(missing, unfinished_in(folder)), 2 * missing.size()},
                      space_left(folder), folder);
        bring(missing, manifest, folder, services);
    }
    return report;
}

namespace {

/// Each once: targets share archives.
std::vector<LockedPackage> archives_of(const Lock& lock, const LockedTarget* target) {
    std::vector<LockedPackage> archives;
    std::set<Sha256> known;
    for (const LockedPackage& package : lock.packages) {
        if ((target == nullptr || package.is_for(target->target.name)) &&
            known.insert(package.sha256).second) {
            archives.push_back(package);
        }
    }
    return archives;
}

void require_folder(const std::filesystem::path& folder) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) {
        throw_system_error("cannot make the folder", folder.string(), failure.value());
    }
}

std::vector<LockedPackage> missing_of(const std::vector<LockedPackage>& archives,
                                      const std::filesystem::path& folder,
                                      project::Services& services) {
    std::vector<LockedPackage> missing;
    ProgressTask task(services.progress(), "checking what is there", archives.size(),
                      ProgressUnit::items);
    for (const LockedPackage& archive : archives) {
        services.throw_if_stopped();
        if (!is_there(archive, blob_path(folder, archive.sha256))) {
            missing.push_back(archive);
        }
        task.advance(1);
    }
    return missing;
}

bool is_there(const LockedPackage& archive, const std::filesystem::path& file) {
    std::error_code failure;
    return std::filesystem::file_size(file, failure) == archive.size_bytes && !failure &&
           sha256_of_file(file) == archive.sha256;
}

void bring(const std::vector<LockedPackage>& missing, const Manifest& manifest,
           const std::filesystem::path& folder, project::Services& services) {
    std::vector<std::vector<std::string>> urls = installing::locate(missing, manifest, services);
    std::vector<fetch::Download> downloads;
    for (std::size_t i = 0; i < missing.size(); ++i) {
        if (urls[i].empty()) {
            throw Error({fmt::format("{} is in no folder that is configured, and this run is "
                                     "offline",
                                     missing[i].label()),
                         "envpm.lock", "run it without `--offline`"},
                        ExitCode::network);
        }
        downloads.push_back(
            {missing[i].label(), std::move(urls[i]), missing[i].size_bytes, missing[i].sha256});
    }
    const std::filesystem::path unfinished = unfinished_in(folder);
    fetch::DownloadEvents events;
    events.complete = [&](std::size_t index, const std::filesystem::path& file) {
        const std::filesystem::path blob = blob_path(folder, downloads[index].sha256);
        std::filesystem::create_directories(blob.parent_path());
        std::filesystem::rename(file, blob);
        sync_folder(blob.parent_path());
    };
    for (const std::optional<Error>& failure :
         services.network().download(downloads, unfinished, services.progress(), events)) {
        if (failure) {
            throw *failure;
        }
    }
    std::error_code in_use; // by another export into the same folder
    std::filesystem::remove(unfinished, in_use);
}

std::filesystem::path unfinished_in(const std::filesystem::path& folder) {
    return folder / ".unfinished";
}

std::filesystem::path blob_path(const std::filesystem::path& folder, const Sha256& archive) {
    const std::string digest = archive.hex();
    return folder / "sha256" / digest.substr(0, 2) / digest;
}

/// PyTorch's own indexes are mirrored together.
std::vector<std::string> sources_of(const std::vector<LockedPackage>& archives,
                                    const Manifest& manifest) {
    std::set<std::string> names;
    for (const LockedPackage& archive : archives) {
        const bool is_listed =
            std::any_of(manifest.indexes.begin(), manifest.indexes.end(),
                        [&](const IndexEntry& entry) { return entry.name == archive.source; });
        const bool is_torch = manifest.gpu.chooses_torch_variants && !archive.is_conda() &&
                              !is_listed && archive.source.starts_with("pytorch-");
        names.insert(is_torch ? "pytorch" : archive.source);
    }
    return {names.begin(), names.end()};
}

} // namespace

} // namespace envpm::pipeline
