#include "store/sharing.h"

#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

namespace envpm::store {

namespace {

struct FileSystem {
    std::uint64_t type;
    std::string_view name;
};

/// Magic numbers of <linux/magic.h> and of the file systems' own headers.
constexpr std::array network_file_systems = {
    FileSystem{0x6969, "NFS"},        FileSystem{0x0BD00BD0, "Lustre"},
    FileSystem{0xFF534D42, "CIFS"},   FileSystem{0xFE534D42, "SMB"},
    FileSystem{0x47504653, "GPFS"},   FileSystem{0x19830326, "BeeGFS"},
    FileSystem{0x00C36400, "Ceph"},   FileSystem{0x01021997, "9P"},
    FileSystem{0x5346414F, "AFS"},    FileSystem{0xAAD7AAEA, "PanFS"},
    FileSystem{0x18031977, "WekaFS"},
};

constexpr std::uint64_t fuse_type = 0x65735546;

/// What FUSE mounts are served by that implement no lock. Others have locks of their own, as
/// GlusterFS and JuiceFS, or a local disk below them.
constexpr std::array<std::string_view, 10> lockless_fuse = {
    "sshfs",    "s3fs",      "rclone",    "gcsfuse", "goofys",
    "blobfuse", "blobfuse2", "curlftpfs", "ossfs",   "smbnetfs"};

/// Takes the first part away from the text, and what ends it.
std::string_view take_until(std::string_view& text, char end) {
    const std::string_view part = text.substr(0, text.find(end));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    return part;
}

/// Which mount a file was opened by, as /proc tells; 0, which none has, if it does not.
int mount_of(int file) {
    constexpr std::string_view key = "mnt_id:\t";
    const auto text = read_file_if_present(fmt::format("/proc/self/fdinfo/{}", file));
    const std::size_t at = text ? text->find(key) : std::string::npos;
    int number = 0;
    if (at != std::string::npos) {
        std::from_chars(text->data() + at + key.size(), text->data() + text->size(), number);
    }
    return number;
}

/// The line of a mount in /proc/self/mountinfo.
std::string_view line_of(std::string_view mounts, int mount) {
    const std::string number = fmt::format("{} ", mount);
    while (!mounts.empty()) {
        const std::string_view line = take_until(mounts, '\n');
        if (line.starts_with(number)) {
            return line;
        }
    }
    return {};
}

std::uint64_t type_of(int file) {
    struct statfs status {};

    if (::fstatfs(file, &status) != 0) {
        throw_system_error("cannot ask for the file system", "a lock", errno);
    }
    return static_cast<std::uint64_t>(status.f_type) & 0xFFFFFFFFU;
}

} // namespace

std::optional<std::string> fault_of_root(const struct stat& root, uid_t user) {
    if (root.st_uid != user && root.st_uid != 0) {
        return fmt::format("the store belongs to user {}, who could change what runs", root.st_uid);
    }
    if ((root.st_mode & S_IWOTH) != 0) {
        return "everybody may write to the store, and so change what runs";
    }
    return std::nullopt;
}

void require_trusted(const std::filesystem::path& root, Sharing sharing) {
    struct stat status {};

    if (::stat(root.c_str(), &status) != 0) {
        throw_system_error("cannot look at the store", root.string(), errno);
    }
    if (!S_ISDIR(status.st_mode)) {
        throw Error({"a store is a folder, and this is none", root.string(),
                     "set ENVPM_ROOT, or `store` of the configuration, to a folder"});
    }
    if (sharing == Sharing::shared) {
        return;
    }
    if (const std::optional<std::string> fault = fault_of_root(status, ::geteuid())) {
        throw Error({*fault, root.string(),
                     "set ENVPM_ROOT to a folder of your own, or `shared-store = true` in your "
                     "configuration if you trust them"});
    }
}

void share_with_group(int made, int folder) {
    struct stat above {};

    struct stat status {};

    if (::fstat(folder, &above) != 0 || !is_for_a_group(above) || ::fstat(made, &status) != 0 ||
        status.st_uid != ::geteuid()) {
        return;
    }
    const mode_t rights = S_ISDIR(status.st_mode) ? S_IRWXG | S_ISGID : S_IRGRP | S_IWGRP;
    const mode_t mode = status.st_mode & 07777U;
    if ((mode & rights) != rights && ::fchmod(made, mode | rights) != 0) {
        throw_system_error("cannot let the group write to the store", "a folder", errno);
    }
}

void share_with_group(const std::filesystem::path& made) {
    const Fd file = open_file(made, O_RDONLY | O_NOFOLLOW);
    const Fd folder = open_file(made.parent_path(), O_RDONLY | O_DIRECTORY);
    share_with_group(file.get(), folder.get());
}

void make_shared_folder(const std::filesystem::path& folder) {
    if (::mkdir(folder.c_str(), 0775) == 0) {
        share_with_group(folder);
    } else if (errno != EEXIST) {
        throw_system_error("cannot create a folder of the store", folder.string(), errno);
    }
}

void require_locks(const std::filesystem::path& lock) {
    const Fd file = open_lock(lock);
    const std::uint64_t type = type_of(file.get());
    const std::optional<std::string> name =
        type == fuse_type ? "FUSE file system" : network_file_system(type);
    if (!name) {
        return;
    }
    constexpr const char* elsewhere = "set ENVPM_ROOT to a local folder, and `lower-store` to this "
                                      "one: it is then only read";
    // The lock below may go to the server though `flock`, of the same mount, stays here.
    if (const std::optional<LocalLocks> local = local_locks_at(file.get())) {
        const std::string option =
            local->option.empty() ? "" : fmt::format(" (mounted with `{}`)", local->option);
        throw Error(
            {fmt::format("locks on this {}{} say nothing to other machines, so a store "
                         "there cannot be written safely",
                         local->file_system, option),
             lock.parent_path().string(),
             fmt::format("{}{}", option.empty() ? "" : "mount it without that, or ", elsewhere)});
    }

    struct flock wanted {};

    wanted.l_type = F_RDLCK;
    wanted.l_whence = SEEK_SET;
    const int fault = ::fcntl(file.get(), F_OFD_SETLK, &wanted) == 0 ? 0 : errno;
    if (means_no_locks(fault)) {
        throw Error({fmt::format("files cannot be locked on this {}, so a store there cannot be "
                                 "written safely",
                                 *name),
                     lock.parent_path().string(), elsewhere});
    }
}

std::optional<LocalLocks> local_locks_at(int file) {
    const std::uint64_t type = type_of(file);
    const std::optional<std::string> name = network_file_system(type);
    if (!name && type != fuse_type) {
        return std::nullopt;
    }
    const std::string mounts = read_file_if_present("/proc/self/mountinfo").value_or(std::string());
    const int mount = mount_of(file);
    if (!name) {
        const std::optional<std::string> program = local_fuse_of(mounts, mount);
        return program ? std::optional(LocalLocks{*program, ""}) : std::nullopt;
    }
    const std::optional<std::string> option = local_locks_of(mounts, mount);
    return option ? std::optional(LocalLocks{*name, *option}) : std::nullopt;
}

std::optional<std::string> network_file_system(std::uint64_t type) {
    const auto found =
        std::find_if(network_file_systems.begin(), network_file_systems.end(),
                     [type](const FileSystem& system) { return system.type == type; });
    return found == network_file_systems.end() ? std::nullopt
                                               : std::optional(std::string(found->name));
}

std::optional<std::string> local_locks_of(std::string_view mounts, int mount) {
    constexpr std::array<std::string_view, 5> local = {"nolock", "local_lock=flock",
                                                       "local_lock=all", "localflock", "nobrl"};
    const std::string_view line = line_of(mounts, mount);
    std::string_view options = line.substr(line.rfind(' ') + 1); // the file system's own
    while (!options.empty()) {
        const std::string_view option = take_until(options, ',');
        if (std::find(local.begin(), local.end(), option) != local.end()) {
            return std::string(option);
        }
    }
    return std::nullopt;
}

std::optional<std::string> local_fuse_of(std::string_view mounts, int mount) {
    constexpr std::string_view before_type = " - "; // in paths blanks are escaped
    constexpr std::string_view prefix = "fuse.";
    std::string_view line = line_of(mounts, mount);
    line.remove_prefix(std::min(line.size(), line.find(before_type)));
    line.remove_prefix(std::min(line.size(), before_type.size()));
    std::string_view type = take_until(line, ' ');
    if (!type.starts_with(prefix)) {
        return std::nullopt;
    }
    type.remove_prefix(prefix.size());
    const bool is_lockless =
        std::find(lockless_fuse.begin(), lockless_fuse.end(), type) != lockless_fuse.end();
    return is_lockless ? std::optional(std::string(type)) : std::nullopt;
}

bool means_no_locks(int error_number) {
    constexpr std::array unsupported = {ENOLCK, ENOSYS, EOPNOTSUPP, EINVAL, EIO};
    return std::find(unsupported.begin(), unsupported.end(), error_number) != unsupported.end();
}

} // namespace envpm::store
