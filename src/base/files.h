#pragma once

#include "base/handle.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct stat;

namespace envpm {

/// Opens with O_CLOEXEC; throws an Error that names the path.
Fd open_file(const std::filesystem::path& path, int flags, unsigned mode = 0666);

/// To be read, without waiting for whoever writes to a FIFO; none, with the reason in errno.
Fd open_to_read(const std::filesystem::path& path);

/// The whole of a regular file, a pipe without a name (`<(command)`) or `/dev/null`; a folder, a
/// FIFO, a socket or another device is an Error, and is not waited for. `limit_bytes` guards
/// against what is not the small file that it should be.
std::string read_file(const std::filesystem::path& path, std::size_t limit_bytes = 1U << 30U);

/// As read_file, but a file that does not exist is an answer and not a failure.
std::optional<std::string> read_file_if_present(const std::filesystem::path& path);

/// Writes every byte or throws naming `subject`.
void write_all(int descriptor, std::span<const std::byte> bytes, const std::string& subject);
void write_all(int descriptor, std::string_view text, const std::string& subject);

enum class Durability {
    cached,  ///< atomic for readers; after a power cut it may be the old file or an empty one
    durable, ///< file and folder are on disk when this returns: old or new, whatever happens
};

/// Replaces `path` by temporary file and rename: readers and crashes see the old content or the
/// new, never a part. Creates missing parent folders. A symbolic link to a file of the same
/// name stays one: what it leads to is replaced, or made; any other link is replaced. A durable
/// write removes what a crash left of earlier ones of the same file.
/// `mode` is what the umask leaves of it. `prepare` gets the new file's descriptor before the file
/// takes its name.
void write_file(const std::filesystem::path& path, std::string_view content,
                Durability durability = Durability::durable, unsigned mode = 0666,
                const std::function<void(int)>& prepare = {});

/// fsync on a folder, so that renames within it survive a power cut.
void sync_folder(const std::filesystem::path& folder);

/// syncfs on the file system that `descriptor` is of. Throws an Error that names `subject`; what
/// the disk did not take is not tried again by another sync.
void sync_file_system(int descriptor, const std::filesystem::path& subject);

/// A folder of a fresh, unpredictable name, removed with its content at the end of its life unless
/// kept.
class TemporaryFolder {
  public:
    explicit TemporaryFolder(const std::filesystem::path& parent);
    TemporaryFolder(TemporaryFolder&& other) noexcept;
    TemporaryFolder& operator=(TemporaryFolder&&) = delete;
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// The content has a new home (it was renamed): nothing is removed.
    void keep() noexcept { path_.clear(); }

  private:
    std::filesystem::path path_;
};

/// A site's folder: it has the set-group-id bit, and its group may write. Then the group may write
/// to all in it that is shared, whatever the umask of who makes it.
bool is_for_a_group(const struct stat& folder);

/// A file to take locks on, made with its folders if there is none: 0664 at most, and that in a
/// folder for a group. Never a link's target. Who may not write to it gets it for reading, which is
/// enough for flock(2), but for an exclusive lock on NFS.
Fd open_lock(const std::filesystem::path& path);

enum class LockKind { shared, exclusive };

/// flock(2) on `path`, a file as of open_lock, which is never removed. Held until destroyed; the
/// system drops it if the process dies.
class FileLock {
  public:
    /// Waits as long as it takes; `before_waiting` is called if there is somebody to wait for.
    FileLock(const std::filesystem::path& path, LockKind kind,
             const std::function<void()>& before_waiting = {});

    /// Nothing if another process holds it.
    static std::optional<FileLock> try_take(const std::filesystem::path& path, LockKind kind);

  private:
    explicit FileLock(Fd file)
        : file_(std::move(file)) {}

    Fd file_;
};

} // namespace envpm
