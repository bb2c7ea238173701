#pragma once

#include "base/files.h"
#include "base/handle.h"
#include "base/hash.h"
#include "base/progress.h"
#include "model/store_paths.h"
#include "model/store_policy.h"
#include "model/tree.h"
#include "store/object_name.h"

#include <fcntl.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>

namespace envpm::store {

/// Tells the user that he has to wait for a collector: for the lock of a store.
std::function<void()> tell_of_collection(const std::filesystem::path& lock, Progress& progress);

/// The content-addressed store of one root (docs/store.md): objects and trees, valid because they
/// are present under their final names. Opening it writes VERSION and the folders if they are
/// missing and takes `store.lock` shared, so that no collector runs meanwhile. Throws an Error for
/// a root of a newer format, or one that cannot be written, that strangers may write to (see
/// sharing.h), or whose file system has no locks, and for a folder that holds what is not the
/// store's: that must not get lost in one. `cache` may lie in it.
class Store {
  public:
    /// `before_waiting` is called if a collector runs already, which is waited for.
    static Store open(const std::filesystem::path& root, const StorePolicy& policy = {},
                      const std::filesystem::path& cache = {},
                      const std::function<void()>& before_waiting = {});

    [[nodiscard]] const StorePaths& paths() const { return paths_; }

    [[nodiscard]] const StorePolicy& policy() const { return policy_; }

    /// The archive's tree if it is unpacked here, else nothing. A damaged tree file counts as
    /// absent.
    [[nodiscard]] std::optional<Tree> tree(const Sha256& archive) const;

    /// Whether there is a tree of that archive; it may be damaged.
    [[nodiscard]] bool has_tree(const Sha256& archive) const;

    /// By kind and size: what someone deleted, because `verify` named it, is brought in again by an
    /// intake of the archive.
    [[nodiscard]] bool has_object(const ObjectName& name, std::uint64_t size_bytes) const;

    /// Whether every object of these files is there.
    [[nodiscard]] bool has_objects(std::span<const TreeFile> files) const;

  private:
    Store(StorePaths paths, const StorePolicy& policy, FileLock lock)
        : paths_(std::move(paths)),
          policy_(policy),
          objects_(open_file(paths_.objects(), O_PATH | O_DIRECTORY)),
          lock_(std::move(lock)) {}

    StorePaths paths_;
    StorePolicy policy_;
    Fd objects_;
    FileLock lock_;
};

} // namespace envpm::store
