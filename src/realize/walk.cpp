#include "realize/walk.h"

#include "base/error.h"
#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

namespace envpm::realize {

namespace {

std::vector<FoundEntry> entries_of(const Fd& root, const std::string& folder);
std::vector<std::string> names_in(const Fd& root, const std::string& folder);
FoundEntry look_at(const Fd& root, std::string path);

} // namespace

std::vector<FoundEntry> walk(const std::filesystem::path& prefix) {
    Walk walk = walk_readable(prefix);
    if (!walk.unreadable.empty()) {
        throw walk.unreadable.begin()->second;
    }
    return std::move(walk.found);
}

Walk walk_readable(const std::filesystem::path& prefix) {
    const Fd root = open_file(prefix, O_RDONLY | O_DIRECTORY);
    Walk walk;
    std::vector<std::string> folders = {""};
    while (!folders.empty()) {
        const std::string folder = std::move(folders.back());
        folders.pop_back();
        std::vector<FoundEntry> entries;
        try {
            entries = entries_of(root, folder);
        } catch (const Error& error) {
            walk.unreadable.emplace(folder.empty() ? "." : folder, error);
        }
        for (FoundEntry& entry : entries) {
            if (entry.kind == EntryKind::folder) {
                folders.push_back(entry.path);
            }
            walk.found.push_back(std::move(entry));
        }
    }
    return walk;
}

namespace {

std::vector<FoundEntry> entries_of(const Fd& root, const std::string& folder) {
    std::vector<FoundEntry> entries;
    std::string path = folder.empty() ? std::string() : folder + "/";
    const std::size_t begin = path.size();
    for (const std::string& name : names_in(root, folder)) {
        path.replace(begin, std::string::npos, name);
        if (path != ".envpm") {
            entries.push_back(look_at(root, path));
        }
    }
    return entries;
}

/// `.` and `..` left out.
std::vector<std::string> names_in(const Fd& root, const std::string& folder) {
    Fd handle(::openat(root.get(), folder.empty() ? "." : folder.c_str(),
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    const std::unique_ptr<DIR, Deleter<closedir>> entries(handle ? ::fdopendir(handle.get())
                                                                 : nullptr);
    if (!entries) {
        throw_system_error("cannot read a folder", folder, errno);
    }
    static_cast<void>(handle.release()); // The stream owns it now.
    std::vector<std::string> names;
    const auto next = [&entries] {
        errno = 0;
        // NOLINTNEXTLINE(concurrency-mt-unsafe): each call has a stream of its own.
        return ::readdir(entries.get());
    };
    while (const dirent* entry = next()) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            names.emplace_back(name);
        }
    }
    if (errno != 0) { // or what the disk does not give would count as missing
        throw_system_error("cannot read a folder", folder, errno);
    }
    return names;
}

FoundEntry look_at(const Fd& root, std::string path) {
    struct stat status {};

    if (::fstatat(root.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        throw_system_error("cannot read a file", path, errno);
    }
    FoundEntry found{std::move(path), std::nullopt, static_cast<std::uint64_t>(status.st_size),
                     status.st_mtim.tv_sec, FileIdentity{status.st_dev, status.st_ino}};
    if (S_ISREG(status.st_mode)) {
        found.kind = (status.st_mode & 0111U) != 0 ? EntryKind::executable : EntryKind::file;
    } else if (S_ISLNK(status.st_mode)) {
        found.kind = EntryKind::link;
    } else if (S_ISDIR(status.st_mode)) {
        found.kind = EntryKind::folder;
    }
    return found;
}

} // namespace

} // namespace envpm::realize
