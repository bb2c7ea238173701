#include "realize/mend.h"

#include "base/disk_fault.h"
#include "base/error.h"
#include "base/files.h"
#include "realize/placer.h"
#include "realize/prefix_manifest.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace envpm::realize {

namespace {

using FilesByPath = std::map<std::string, RealisedFile, std::less<>>;

/// A file that stands ready, under a name of its own, to be renamed to its place.
struct Ready {
    std::filesystem::path made;
    std::filesystem::path place;
};

FilesByPath files_of(const std::filesystem::path& prefix, const std::vector<PrefixDamage>& damages);
bool is_object(const RealisedFile& file);
std::optional<LayoutEntry> entry_of(const StorePaths& store, const RealisedFile& file);
bool has_bytes(const std::filesystem::path& object, const Sha256& digest);
bool make_folders(const std::filesystem::path& prefix, const std::filesystem::path& folder);
bool make_empty_folder(const std::filesystem::path& prefix, const std::string& path,
                       const Disposal& disposal);
bool move_away(const std::filesystem::path& stranger, const Disposal& disposal);
void put_in_place(const Ready& ready, const Disposal& disposal);

} // namespace

std::set<std::string> mendable(const std::filesystem::path& prefix,
                               const std::vector<PrefixDamage>& damages) {
    const FilesByPath files = files_of(prefix, damages);
    std::set<std::string> paths;
    for (const PrefixDamage& damage : damages) {
        const auto file = files.find(damage.path);
        const bool is_in_store = file != files.end() && (file->second.kind == EntryKind::folder ||
                                                         is_object(file->second));
        if (damage.what == PrefixDamage::strange || is_in_store) {
            paths.insert(damage.path);
        }
    }
    return paths;
}

std::vector<PrefixDamage> mend(const StorePaths& store, const std::filesystem::path& prefix,
                               const std::vector<PrefixDamage>& damages, LinkMode link_mode,
                               const Disposal& disposal) {
    const FilesByPath files = files_of(prefix, damages);
    const Placer placer(store, link_mode, ObjectCheck::size, store.temporary());
    const TemporaryFolder folder(store.temporary());
    const Fd handle = open_file(folder.path(), O_RDONLY | O_DIRECTORY);
    std::vector<PrefixDamage> left;
    std::vector<Ready> ready;
    for (const PrefixDamage& damage : damages) {
        const auto file = files.find(damage.path);
        if (damage.what == PrefixDamage::strange) {
            if (!move_away(prefix / damage.path, disposal)) {
                left.push_back(damage);
            }
            continue;
        }
        if (file != files.end() && file->second.kind == EntryKind::folder &&
            make_empty_folder(prefix, damage.path, disposal)) {
            continue;
        }
        const auto entry = file == files.end() ? std::nullopt : entry_of(store, file->second);
        const std::filesystem::path place = prefix / damage.path;
        if (!entry || !make_folders(prefix, place.parent_path())) {
            left.push_back(damage);
            continue;
        }
        const std::string name = std::to_string(ready.size());
        placer.place_object(*entry, handle.get(), name);
        ready.push_back({folder.path() / name, place});
    }
    sync_file_system(handle.get(), folder.path());
    for (const Ready& one : ready) {
        put_in_place(one, disposal);
    }
    sync_file_system(handle.get(), folder.path());
    return left;
}

namespace {

/// What the manifest says of the damaged ones; nothing if that cannot be used.
FilesByPath files_of(const std::filesystem::path& prefix,
                     const std::vector<PrefixDamage>& damages) {
    std::set<std::string_view> wanted;
    for (const PrefixDamage& damage : damages) {
        wanted.insert(damage.path);
    }
    FilesByPath files;
    try {
        const auto found = read_manifest_files(
            prefix, [&](std::string_view path, EntryKind) { return wanted.contains(path); });
        for (const RealisedFile& file : found ? *found : std::vector<RealisedFile>()) {
            files.emplace(file.path, file);
        }
    } catch (const Error& error) {
        if (error.code() != ExitCode::integrity && !has_lost_bytes(manifest_path(prefix))) {
            throw;
        }
    }
    return files;
}

bool is_object(const RealisedFile& file) {
    return file.relocation.is_none() &&
           (file.kind == EntryKind::file || file.kind == EntryKind::executable);
}

/// With an object that has the bytes; nothing if the store has none. One without the executable bit
/// serves too: then it is copied.
std::optional<LayoutEntry> entry_of(const StorePaths& store, const RealisedFile& file) {
    if (!is_object(file)) {
        return std::nullopt;
    }
    const bool is_executable = file.kind == EntryKind::executable;
    LayoutEntry entry{RelativePath::parse(file.path),
                      ObjectFile{file.sha256, file.size_bytes, false, false}, is_executable,
                      "the environment"};
    if (has_bytes(store.object(file.sha256, is_executable), file.sha256)) {
        return entry;
    }
    if (is_executable && has_bytes(store.object(file.sha256, false), file.sha256)) {
        std::get<ObjectFile>(entry.content).becomes_executable = true;
        return entry;
    }
    return std::nullopt;
}

bool has_bytes(const std::filesystem::path& object, const Sha256& digest) {
    const auto type = std::filesystem::symlink_status(object).type();
    return type == std::filesystem::file_type::regular && sha256_unless_lost(object) == digest;
}

/// Those of the prefix that are missing above a file; false if something else is in the way.
bool make_folders(const std::filesystem::path& prefix, const std::filesystem::path& folder) {
    if (folder != prefix && !make_folders(prefix, folder.parent_path())) {
        return false;
    }
    const auto type = std::filesystem::symlink_status(folder).type();
    if (type == std::filesystem::file_type::directory) {
        return true;
    }
    return type == std::filesystem::file_type::not_found && ::mkdir(folder.c_str(), 0755) == 0 &&
           ::chmod(folder.c_str(), 0755) == 0;
}

bool make_empty_folder(const std::filesystem::path& prefix, const std::string& path,
                       const Disposal& disposal) {
    const std::filesystem::path folder = prefix / path;
    const auto type = std::filesystem::symlink_status(folder).type();
    if (type != std::filesystem::file_type::not_found &&
        type != std::filesystem::file_type::directory) {
        disposal.move(folder);
    }
    if (!make_folders(prefix, folder)) {
        return false;
    }
    set_store_time(AT_FDCWD, folder.c_str());
    set_store_time(AT_FDCWD, folder.parent_path().c_str());
    return true;
}

/// One that cannot be moved, as a mount point, costs the others nothing.
bool move_away(const std::filesystem::path& stranger, const Disposal& disposal) {
    try {
        disposal.move(stranger);
        set_store_time(AT_FDCWD, stranger.parent_path().c_str());
        return true;
    } catch (const Error&) {
        return false;
    }
}

/// If it is the object already (only its mode was wrong, and that has been set) the rename does
/// nothing, and is not needed.
void put_in_place(const Ready& ready, const Disposal& disposal) {
    disposal.keep(ready.place);
    if (::rename(ready.made.c_str(), ready.place.c_str()) != 0) {
        throw_system_error("cannot replace a damaged file", ready.place.string(), errno);
    }
    set_store_time(AT_FDCWD, ready.place.parent_path().c_str());
}

} // namespace

} // namespace envpm::realize
