#pragma once

#include "model/store_policy.h"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

struct stat;

namespace envpm::store {

/// What speaks against using a folder as a store: it belongs to someone who is neither this user
/// nor root, or everybody may write there. Whoever may write to a store decides what runs. Nothing
/// if all is well; a group that may write is trusted, as the folder's owner set it so.
std::optional<std::string> fault_of_root(const struct stat& root, uid_t user);

/// Throws an Error with the reason and the way out, unless the store is shared.
void require_trusted(const std::filesystem::path& root, Sharing sharing);

/// Gives a folder or file that was made in `folder` the group's rights, if that one is for a group.
/// What belongs to another user is left as it is.
void share_with_group(int made, int folder);
void share_with_group(const std::filesystem::path& made);

/// Makes a folder of the store that there is only when it is needed, never open to everybody, and
/// with the group's rights in a store for a group. One that is there stays as it is.
void make_shared_folder(const std::filesystem::path& folder);

/// Throws an Error for a network file system on which files cannot be locked, or only for this
/// machine: nothing would keep the collector of one machine from what another installs. Makes the
/// file if there is none.
void require_locks(const std::filesystem::path& lock);

/// "NFS", "Lustre", …, or nothing for a file system of this machine. `type` as in `statfs`.
std::optional<std::string> network_file_system(std::uint64_t type);

/// The option by which a mount (its number, and the text of /proc/self/mountinfo) keeps `flock`
/// from other machines, though it succeeds: "nolock", "local_lock=all", …; nothing if none does.
std::optional<std::string> local_locks_of(std::string_view mounts, int mount);

/// Which program serves a FUSE mount, if it is one that leaves `flock` to the kernel of this
/// machine though its files are elsewhere: "sshfs", "s3fs", …
std::optional<std::string> local_fuse_of(std::string_view mounts, int mount);

/// Locks that succeed, and say nothing to other machines which have the same files.
struct LocalLocks {
    std::string file_system; ///< "NFS", "sshfs"
    std::string option;      ///< of the mount, which makes it so; empty if no option changes it
};

/// Nothing if those on the open file reach whoever has it, as on a disk of this machine.
std::optional<LocalLocks> local_locks_at(int file);

/// Whether an attempt to lock that ended so says that there are no locks; `error_number` 0: got it.
bool means_no_locks(int error_number);

} // namespace envpm::store
