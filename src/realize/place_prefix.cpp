#include "realize/place_prefix.h"

#include "base/error.h"
#include "base/files.h"
#include "base/remove_tree.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace envpm::realize {

PrefixReport report_of(const PrefixRequest& request, const std::filesystem::path& prefix) {
    PrefixReport report{prefix, false, request.layout.entries.size(), 0, request.link_mode};
    for (const LayoutEntry& entry : request.layout.entries) {
        if (const auto* object = std::get_if<ObjectFile>(&entry.content)) {
            report.size_bytes += object->size_bytes;
        } else if (const auto* relocated = std::get_if<Boxed<RelocatedFile>>(&entry.content)) {
            report.size_bytes += (*relocated)->object.size_bytes;
        } else if (const auto* text = std::get_if<GeneratedFile>(&entry.content)) {
            report.size_bytes += text->content.size();
        }
    }
    return report;
}

void create_folders(const std::filesystem::path& folder) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) {
        throw_system_error("cannot create a folder", folder.string(), failure.value());
    }
}

bool rename_to_free_place(const std::filesystem::path& made, const std::filesystem::path& place) {
    if (::rename(made.c_str(), place.c_str()) == 0) {
        return true;
    }
    if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR) {
        throw_system_error("cannot move an environment to its place", place.string(), errno);
    }
    return false;
}

bool exchange(const std::filesystem::path& made, const std::filesystem::path& place) {
    if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, place.c_str(), RENAME_EXCHANGE) == 0) {
        return true;
    }
    if (errno == EXDEV) {
        return false;
    }
    // Network file systems cannot exchange: for a moment nothing is there, and a crash in it leaves
    // nothing there, which the next run makes anew.
    const std::filesystem::path old = made.parent_path() / "old";
    const bool is_unsupported = errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
    if (!is_unsupported || ::rename(place.c_str(), old.c_str()) != 0) {
        throw_system_error("cannot replace an environment", place.string(), errno);
    }
    if (::rename(made.c_str(), place.c_str()) != 0) {
        const int fault = errno;
        ::rename(old.c_str(), place.c_str());
        throw_system_error("cannot replace an environment", place.string(), fault);
    }
    return true;
}

void move_to_freed_place(const std::filesystem::path& made, const std::filesystem::path& place) {
    if (!remove_tree(place) || !rename_to_free_place(made, place)) {
        throw_system_error("cannot replace an environment", place.string(), errno);
    }
}

} // namespace envpm::realize
