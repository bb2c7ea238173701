#include "realize/placer.h"

#include "base/error.h"
#include "base/files.h"
#include "model/store_paths.h"
#include "realize/copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace envpm::realize {

namespace {

constexpr const char* install_again = "run `envpm install` again, which fetches the package anew";

/// Where an object is, and what it must be.
struct Source {
    std::string name; ///< below the folder of objects
    std::uint64_t size_bytes = 0;
    bool is_executable = false;

    /// For errors.
    [[nodiscard]] std::string subject() const { return "objects/sha256/" + name; }
};

/// Where it goes.
struct Place {
    int folder = -1;
    const std::string& name;
};

/// What a way of placing a file came to: 0 or errno.
int hard_link(int store, const Source& source, const Place& place);
int clone(int store, const Source& source, const Place& place);
/// Throws unless nothing failed, or a copy is the answer to what did.
void throw_unless_copy_helps(int fault, LinkMode wanted, const Source& source,
                             const LayoutEntry& entry);
void copy(int store, const Source& source, const Place& place);
void throw_if_damaged(int folder, const std::string& name, const Source& source,
                      const LayoutEntry& entry);
[[noreturn]] void throw_missing(const Source& source, const LayoutEntry& entry);
Fd create(const Place& place);
void finish(int file, bool is_executable, const Place& place);
std::string_view words(LinkMode mode);

} // namespace

std::optional<LinkMode> parse_link_mode(std::string_view text) {
    for (const LinkMode mode :
         {LinkMode::automatic, LinkMode::reflink, LinkMode::hard_link, LinkMode::copy}) {
        if (text == words(mode)) {
            return mode;
        }
    }
    return std::nullopt;
}

void set_store_time(int folder, const char* name) {
    const timespec time{store_time, 0};
    const std::array<timespec, 2> times = {time, time};
    if (::utimensat(folder, name, times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
        throw_system_error("cannot set the time of a file", name, errno);
    }
}

void throw_not_placed(const std::string& what, const std::string& path, int fault) {
    if (fault == EEXIST) {
        throw Error({"the file system takes a name for that of another file beside it", path,
                     "it ignores case or changes names: put the environment, and the store "
                     "(ENVPM_ROOT), on one that does not"});
    }
    throw_system_error(what, path, fault);
}

Placer::Placer(const StorePaths& store, LinkMode wanted, ObjectCheck check,
               const std::filesystem::path& target_folder)
    : store_(store),
      wanted_(wanted),
      check_(check),
      objects_(open_file(store.objects(), O_PATH | O_DIRECTORY)),
      mode_(probe(target_folder)) {}

void Placer::place_object(const LayoutEntry& entry, int folder, const std::string& name) const {
    const ObjectFile& object = std::get<ObjectFile>(entry.content);
    const Source source{name_of(entry, object), object.size_bytes, entry.is_executable};
    const Place place{folder, name};
    // Thousands of packages share the empty file, and file systems limit the links of one.
    const bool is_own =
        object.size_bytes == 0 || object.becomes_executable || object.is_always_copied;
    int fault = 0;
    if (mode_ == LinkMode::hard_link && !is_own) {
        fault = hard_link(objects_.get(), source, place);
        if (fault == 0) { // the link is looked at, of which the system has all at hand now
            if (check_ == ObjectCheck::size) {
                throw_if_damaged(place.folder, name, source, entry);
            }
            return;
        }
    }
    if (check_ == ObjectCheck::size) {
        throw_if_damaged(objects_.get(), source.name, source, entry);
    }
    if (object.size_bytes == 0) {
        finish(create(place).get(), source.is_executable, place);
        return;
    }
    if (mode_ == LinkMode::reflink && !is_own) {
        fault = clone(objects_.get(), source, place);
        if (fault == 0) {
            return;
        }
    }
    throw_unless_copy_helps(fault, wanted_, source, entry);
    copy(objects_.get(), source, place);
}

Fd Placer::open_object(const LayoutEntry& entry, const ObjectFile& object) const {
    const Source source{name_of(entry, object), object.size_bytes, entry.is_executable};
    throw_if_damaged(objects_.get(), source.name, source, entry);
    Fd file(::openat(objects_.get(), source.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) {
        throw_system_error("cannot open an object of the store", source.subject(), errno);
    }
    return file;
}

void Placer::place_text(std::string_view text, const LayoutEntry& entry, int folder,
                        const std::string& name) {
    const auto next_part = [&text] { return std::exchange(text, {}); };
    place_parts(next_part, entry, folder, name);
}

/// The write-back of large ones starts at once: less is left for the barrier at the end.
void Placer::place_parts(const std::function<std::string_view()>& next_part,
                         const LayoutEntry& entry, int folder, const std::string& name) {
    constexpr std::size_t early_bytes = 256U << 10U;
    const Place place{folder, name};
    const Fd file = create(place);
    std::size_t bytes = 0;
    for (std::string_view part = next_part(); !part.empty(); part = next_part()) {
        write_all(file.get(), part, entry.path.string());
        bytes += part.size();
    }
    finish(file.get(), entry.is_executable, place);
    if (bytes >= early_bytes) {
        ::sync_file_range(file.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    }
}

void Placer::place_link(const std::string& target, int folder, const std::string& name) {
    if (::symlinkat(target.c_str(), folder, name.c_str()) != 0) {
        throw_not_placed("cannot make a link", name, errno);
    }
    set_store_time(folder, name.c_str());
}

std::string Placer::name_of(const LayoutEntry& entry, const ObjectFile& object) {
    const bool was_executable = entry.is_executable && !object.becomes_executable;
    return StorePaths::object_below(object.object, was_executable);
}

/// With a file of its own in the store's `tmp`, so that it tells of the file systems and not of
/// one object.
LinkMode Placer::probe(const std::filesystem::path& target_folder) const {
    if (wanted_ == LinkMode::copy) {
        return LinkMode::copy;
    }
    const TemporaryFolder from(store_.temporary());
    const TemporaryFolder to(target_folder);
    constexpr std::size_t block = 4096;
    write_file(from.path() / "probe", std::string(block, 'x'), Durability::cached);
    const Fd store = open_file(from.path(), O_PATH | O_DIRECTORY);
    const Fd target = open_file(to.path(), O_PATH | O_DIRECTORY);
    const std::string name = "probe";
    const Source source{name, block, false};
    if (wanted_ != LinkMode::hard_link && clone(store.get(), source, {target.get(), name}) == 0) {
        return LinkMode::reflink;
    }
    if (wanted_ != LinkMode::reflink && hard_link(store.get(), source, {target.get(), name}) == 0) {
        return LinkMode::hard_link;
    }
    if (wanted_ != LinkMode::automatic) {
        throw Error({fmt::format("files cannot get there from the store by {}", words(wanted_)),
                     target_folder.string(), "use link mode `auto` or `copy`"});
    }
    return LinkMode::copy;
}

namespace {

void throw_unless_copy_helps(int fault, LinkMode wanted, const Source& source,
                             const LayoutEntry& entry) {
    if (fault == ENOENT || fault == ENOTDIR) {
        throw_missing(source, entry);
    }
    // EPERM: the object is another user's, and the kernel protects it from links.
    const bool may_copy = fault == 0 || fault == EMLINK || fault == EPERM ||
                          (wanted == LinkMode::automatic && means_impossible(fault));
    if (!may_copy) {
        throw_not_placed("cannot link a file", entry.path.string(), fault);
    }
}

int hard_link(int store, const Source& source, const Place& place) {
    const bool linked =
        ::linkat(store, source.name.c_str(), place.folder, place.name.c_str(), 0) == 0;
    return linked ? 0 : errno;
}

int clone(int store, const Source& source, const Place& place) {
    const Fd from(::openat(store, source.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!from) {
        return errno;
    }
    const Fd file = create(place);
    if (::ioctl(file.get(), FICLONE, from.get()) != 0) {
        const int fault = errno;
        ::unlinkat(place.folder, place.name.c_str(), 0);
        return fault;
    }
    finish(file.get(), source.is_executable, place);
    return 0;
}

void copy(int store, const Source& source, const Place& place) {
    const Fd from(::openat(store, source.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!from) {
        throw_system_error("cannot open an object of the store", source.subject(), errno);
    }
    const Fd to = create(place);
    copy_bytes(from.get(), to.get(), source.size_bytes, place.name);

    struct stat status {};

    if (::fstat(to.get(), &status) != 0 ||
        static_cast<std::uint64_t>(status.st_size) != source.size_bytes) {
        throw Error({"an object of the store changed while it was copied", source.subject(), {}},
                    ExitCode::integrity);
    }
    finish(to.get(), source.is_executable, place);
}

void throw_if_damaged(int folder, const std::string& name, const Source& source,
                      const LayoutEntry& entry) {
    struct stat status {};

    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            throw_system_error("cannot read the store", source.subject(), errno);
        }
        throw_missing(source, entry);
    }
    if (!S_ISREG(status.st_mode) ||
        static_cast<std::uint64_t>(status.st_size) != source.size_bytes) {
        throw Error({fmt::format("`{}` of {} is damaged in the store: {} bytes instead of {}",
                                 entry.path.string(), entry.owner.string(), status.st_size,
                                 source.size_bytes),
                     source.subject(), install_again},
                    ExitCode::integrity);
    }
}

void throw_missing(const Source& source, const LayoutEntry& entry) {
    throw Error({fmt::format("`{}` of {} is missing from the store", entry.path.string(),
                             entry.owner.string()),
                 source.subject(), install_again},
                ExitCode::integrity);
}

Fd create(const Place& place) {
    constexpr unsigned mode = 0600;
    Fd file(::openat(place.folder, place.name.c_str(),
                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!file) {
        throw_not_placed("cannot create a file", place.name, errno);
    }
    return file;
}

/// Modes as the store's, whatever the umask.
void finish(int file, bool is_executable, const Place& place) {
    const timespec time{store_time, 0};
    const std::array<timespec, 2> times = {time, time};
    if (::fchmod(file, is_executable ? 0555 : 0444) != 0 || ::futimens(file, times.data()) != 0) {
        throw_system_error("cannot finish a file", place.name, errno);
    }
}

std::string_view words(LinkMode mode) {
    switch (mode) {
    case LinkMode::automatic:
        return "auto";
    case LinkMode::reflink:
        return "reflink";
    case LinkMode::hard_link:
        return "hardlink";
    case LinkMode::copy:
        break;
    }
    return "copy";
}

} // namespace

} // namespace envpm::realize
