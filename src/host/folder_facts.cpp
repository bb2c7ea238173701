#include "host/folder_facts.h"

#include "base/error.h"
#include "base/files.h"

#include <sys/statvfs.h>
#include <unistd.h>

namespace envpm::host {

namespace {

namespace fs = std::filesystem;

fs::path nearest_existing(fs::path path);
std::optional<bool> try_hard_link(const fs::path& folder);

} // namespace

FolderFacts examine_folder(const fs::path& folder) {
    FolderFacts facts;
    facts.folder = folder;
    facts.existing = nearest_existing(folder);
    std::error_code failure;
    facts.is_folder = fs::is_directory(facts.existing, failure);
    facts.may_write = ::access(facts.existing.c_str(), W_OK | X_OK) == 0;
    struct statvfs system = {};
    if (::statvfs(facts.existing.c_str(), &system) == 0) {
        facts.is_read_only = (system.f_flag & ST_RDONLY) != 0;
        facts.runs_programs = (system.f_flag & ST_NOEXEC) == 0;
        facts.free_bytes = std::uint64_t{system.f_bavail} * system.f_frsize;
        facts.free_files = system.f_favail;
        facts.limits_files = system.f_files != 0;
    }
    if (facts.existing == folder && facts.is_folder && facts.may_write && !facts.is_read_only) {
        facts.has_hard_links = try_hard_link(folder);
    }
    return facts;
}

namespace {

fs::path nearest_existing(fs::path path) {
    std::error_code failure;
    while (!fs::exists(path, failure) && path.has_relative_path()) {
        path = path.parent_path();
    }
    return path;
}

std::optional<bool> try_hard_link(const fs::path& folder) {
    try {
        const TemporaryFolder place(folder);
        write_file(place.path() / "one", "", Durability::cached);
        std::error_code failure;
        fs::create_hard_link(place.path() / "one", place.path() / "two", failure);
        return !failure;
    } catch (const Error&) {
        return std::nullopt; // a full disk: `free_bytes` says so
    }
}

} // namespace

} // namespace envpm::host
