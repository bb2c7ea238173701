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

/// A file or folder that stands ready, under a name of its own, to be renamed to its place.
struct Ready {
    std::filesystem::path made;
    std::filesystem::path place;
    const PrefixDamage& damage;
};

/// What damaged ones are made anew from.
struct Source {
    const StorePaths& store;
    const Placer& placer;
    const FilesByPath& files;
};

FilesByPath files_of(const std::filesystem::path& prefix, const std::vector<PrefixDamage>& damages);
bool is_object(const RealisedFile& file);
std::optional<LayoutEntry> entry_of(const StorePaths& store, const RealisedFile& file);
bool has_bytes(const std::filesystem::path& object, const Sha256& digest);
bool make_folders(const std::filesystem::path& prefix, const std::filesystem::path& folder);
bool is_in(std::string_view folder, std::string_view path);
std::vector<RealisedFile> files_in(const FilesByPath& files, const std::string& folder);
bool is_of_objects(const FilesByPath& files, const std::string& folder);
bool make_ready(const Source& source, const std::filesystem::path& prefix, const Ready& ready);
bool make_folder_anew(const Source& source, const Ready& ready);
bool make_file_anew(const Source& source, const RealisedFile& file,
                    const std::filesystem::path& made);
bool make_if_empty_folder(const Source& source, const std::filesystem::path& prefix,
                          const PrefixDamage& damage, const Disposal& disposal);
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
        const bool is_folder_in_store =
            damage.kind == FileDamage::unreadable && is_of_objects(files, damage.path);
        if (damage.kind == FileDamage::strange || is_in_store || is_folder_in_store) {
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
    const Source source{store, placer, files};
    std::vector<PrefixDamage> left;
    std::vector<Ready> ready;
    for (const PrefixDamage& damage : damages) {
        const Ready one{folder.path() / std::to_string(ready.size() + left.size()),
                        prefix / damage.path, damage};
        const bool is_settled = damage.kind == FileDamage::strange
                                    ? move_away(one.place, disposal)
                                    : make_if_empty_folder(source, prefix, damage, disposal);
        if (is_settled) {
            continue;
        }
        if (make_ready(source, prefix, one)) {
            ready.push_back(one);
        } else {
            left.push_back(damage);
        }
    }
    sync_file_system(handle.get(), folder.path());
    for (const Ready& one : ready) {
        if (one.damage.kind == FileDamage::unreadable && !move_away(one.place, disposal)) {
            left.push_back(one.damage);
        } else {
            put_in_place(one, disposal);
        }
    }
    sync_file_system(handle.get(), folder.path());
    return left;
}

namespace {

/// What the file list says of the damaged ones and of what they hold; nothing if that cannot be
/// used.
FilesByPath files_of(const std::filesystem::path& prefix,
                     const std::vector<PrefixDamage>& damages) {
    std::set<std::string_view> wanted;
    std::vector<std::string_view> folders;
    for (const PrefixDamage& damage : damages) {
        wanted.insert(damage.path);
        if (damage.kind == FileDamage::unreadable) {
            folders.push_back(damage.path);
        }
    }
    const auto is_wanted = [&](std::string_view path, EntryKind) {
        return wanted.contains(path) ||
               std::any_of(folders.begin(), folders.end(),
                           [path](std::string_view folder) { return is_in(folder, path); });
    };
    FilesByPath files;
    try {
        const auto found = read_manifest_files(prefix, is_wanted);
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

bool is_in(std::string_view folder, std::string_view path) {
    return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

/// Of it and below it.
std::vector<RealisedFile> files_in(const FilesByPath& files, const std::string& folder) {
    std::vector<RealisedFile> found;
    for (const auto& [path, file] : files) {
        if (is_in(folder, path)) {
            found.push_back(file);
        }
    }
    return found;
}

/// And of folders that are empty.
bool is_of_objects(const FilesByPath& files, const std::string& folder) {
    const std::vector<RealisedFile> found = files_in(files, folder);
    return !found.empty() && std::all_of(found.begin(), found.end(), [](const RealisedFile& file) {
        return file.kind == EntryKind::folder || is_object(file);
    });
}

/// False if the store lacks it, or it is not the store's to give.
bool make_ready(const Source& source, const std::filesystem::path& prefix, const Ready& ready) {
    if (ready.damage.kind == FileDamage::unreadable) {
        return make_folder_anew(source, ready);
    }
    const auto file = source.files.find(ready.damage.path);
    return file != source.files.end() && make_folders(prefix, ready.place.parent_path()) &&
           make_file_anew(source, file->second, ready.made);
}

/// With all that it holds, so that one rename puts it in its place; false if the store lacks one of
/// its files, or one is no object.
bool make_folder_anew(const Source& source, const Ready& ready) {
    const std::vector<RealisedFile> files = files_in(source.files, ready.damage.path);
    const std::filesystem::path above = ready.made.parent_path();
    std::set<std::filesystem::path> folders;
    for (const RealisedFile& file : files) {
        const std::filesystem::path made =
            ready.made.native() + file.path.substr(ready.damage.path.size());
        const bool is_folder = file.kind == EntryKind::folder;
        const std::filesystem::path folder = is_folder ? made : made.parent_path();
        if (!make_folders(above, folder) || !(is_folder || make_file_anew(source, file, made))) {
            return false;
        }
        for (std::filesystem::path one = folder; one != above; one = one.parent_path()) {
            folders.insert(one);
        }
    }
    for (const std::filesystem::path& folder : folders) {
        set_store_time(AT_FDCWD, folder.c_str());
    }
    return !files.empty();
}

/// False if it is no object, or the store lacks it.
bool make_file_anew(const Source& source, const RealisedFile& file,
                    const std::filesystem::path& made) {
    const std::optional<LayoutEntry> entry = entry_of(source.store, file);
    if (entry) {
        const Fd folder = open_file(made.parent_path(), O_RDONLY | O_DIRECTORY);
        source.placer.place_object(*entry, folder.get(), made.filename());
    }
    return entry.has_value();
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

/// False if it is none, or cannot be made.
bool make_if_empty_folder(const Source& source, const std::filesystem::path& prefix,
                          const PrefixDamage& damage, const Disposal& disposal) {
    const auto file = source.files.find(damage.path);
    if (file == source.files.end() || file->second.kind != EntryKind::folder ||
        damage.kind == FileDamage::unreadable) {
        return false;
    }
    const std::filesystem::path folder = prefix / damage.path;
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
