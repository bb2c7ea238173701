#pragma once

#include "base/files.h"
#include "base/handle.h"
#include "base/thread_pool.h"
#include "model/store_paths.h"
#include "model/store_policy.h"
#include "model/tree.h"
#include "store/flusher.h"
#include "store/object_name.h"
#include "store/quarantine.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>

namespace envpm::store {

/// A file of a stage that is being written.
class StagedFile {
  public:
    /// `name` is its name within the stage's folder, whose `path` errors name and which outlives
    /// this; `mode` what it is created with, less the umask. Begins its way to the disk with
    /// `flusher` while it is written.
    StagedFile(int folder, const std::filesystem::path& path, std::string name, mode_t mode,
               Flusher& flusher);
    StagedFile(StagedFile&&) noexcept = default;
    StagedFile& operator=(StagedFile&&) = delete;
    StagedFile(const StagedFile&) = delete;
    StagedFile& operator=(const StagedFile&) = delete;
    ~StagedFile(); ///< one that was not finished goes

    void write(std::span<const std::byte> bytes);

    /// Sets its time, and its mode unless it was created with just that, and closes it, checking
    /// each.
    void finish(std::optional<mode_t> mode);

    [[nodiscard]] const std::string& name() const { return name_; }

    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

  private:
    [[nodiscard]] std::string subject() const { return (*path_ / name_).string(); }

    const std::filesystem::path* path_; ///< of its folder
    std::string name_;
    Fd file_;
    Flusher* flusher_;
    std::uint64_t size_bytes_ = 0;
    std::uint64_t flushed_bytes_ = 0; ///< given to the disk early
};

/// What a tree is called in a stage's folder, and in the store.
std::string staged_tree_file(const Sha256& archive);

/// A folder below `tmp/` in which one intake gathers objects and trees before all of them become
/// visible together. The folder is locked while the stage lives, and removed with it unless it is
/// bequeathed. An object stands there under its name (`ObjectName::file`), a tree as
/// `<archive>.json`; what else there is is unfinished.
///
/// Crash rule: nothing here is under a final name before `make_durable` has returned; objects are
/// published and durable before the first tree that names them is. A tree enters the stage when all
/// its objects have been written, so that after a kill it can be taken over (OtherStages).
/// Nothing here is synced before the barrier: after a power cut any file may be empty or missing.
class ObjectStage {
  public:
    explicit ObjectStage(const StorePaths& paths, Syncing syncing = Syncing::batch);
    ObjectStage(const ObjectStage&) = delete;
    ObjectStage& operator=(const ObjectStage&) = delete;
    ObjectStage(ObjectStage&&) = delete;
    ObjectStage& operator=(ObjectStage&&) = delete;
    ~ObjectStage();

    /// Before anything is staged: as `Intake::replace`.
    void replace(std::set<ObjectName> damaged, Quarantine& quarantine);

    /// Stages a small file whose digest is known, unless it is already in the store or here. Any
    /// thread. True if it was written.
    bool put(const ObjectName& name, std::span<const std::byte> content);

    /// For a file whose digest is known only when it has been written.
    StagedFile begin();

    /// The begun file is that object. True if it was needed. Any thread.
    bool adopt(StagedFile file, const ObjectName& name);

    /// Takes the object from another stage or store, where it stays as well, unless it is in the
    /// store or here: linked, or copied where that cannot be. False if what stands there is not it:
    /// every byte is hashed. `file` is below `folder`. Any thread.
    bool take_over(int folder, const std::string& file, const ObjectName& name,
                   std::uint64_t size_bytes);

    /// False, and nothing is done, if one of its objects is still being written, for another
    /// archive. Any thread.
    bool put_tree(const Tree& tree);

    /// From now on the folder stays when the stage ends without having published, for a later one
    /// to take over its trees.
    void bequeath() { is_bequeathed_ = true; }

    /// Everything staged is on disk when this returns. If it fails nothing can be taken over: what
    /// the disk did not take may still look whole.
    void make_durable();

    /// The trees and their objects: objects, then trees, each lot durable under its final name.
    void publish();

    [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

    [[nodiscard]] std::size_t objects() const { return staged_; }

  private:
    enum class Where { store, stage };

    struct Needed {
        Needed(std::uint64_t size, Where place)
            : size_bytes(size),
              where(place),
              is_written(place == Where::store) {}

        std::uint64_t size_bytes;
        Where where;
        std::atomic<bool> is_written;
        bool is_named = false; ///< by a tree of the stage
    };

    [[nodiscard]] bool is_in_store(const ObjectName& name, std::uint64_t size_bytes) const;
    Needed* claim(const ObjectName& name, std::uint64_t size_bytes);
    bool name_objects(const Tree& tree);
    [[nodiscard]] bool bring(int folder, const std::string& file, const std::string& to,
                             const ObjectName& name);
    void rename_within(const std::string& from, const std::string& to) const;
    void publish_objects();
    void publish_trees();
    void publish_object(int folder, const ObjectName& name, const Needed& needed) const;

    StorePaths paths_;
    Syncing syncing_;
    TemporaryFolder folder_;
    FileLock lock_;
    Fd folder_handle_;
    Fd objects_handle_;
    bool keeps_modes_; ///< the umask, or a default ACL, takes nothing from an object's mode
    std::set<ObjectName> damaged_;
    Quarantine* quarantine_ = nullptr; ///< set if any is damaged
    std::atomic<std::uint32_t> next_number_ = 0;
    std::atomic<std::size_t> staged_ = 0;
    std::atomic<bool> is_bequeathed_ = false;
    Guarded<std::map<ObjectName, Needed>> needed_;
    Guarded<std::set<Sha256>> trees_;
    Flusher flusher_;
};

} // namespace envpm::store
