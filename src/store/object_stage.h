#pragma once

#include "base/files.h"
#include "base/handle.h"
#include "base/thread_pool.h"
#include "model/store_paths.h"
#include "store/flusher.h"
#include "store/object_name.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace envpm::store {

/// A file of a stage that is being written. Its number is its name within the stage's folder.
class StagedFile {
  public:
    /// Begins its way to the disk with `flusher` while it is written.
    StagedFile(int folder, std::uint32_t number, Flusher& flusher);

    void write(std::span<const std::byte> bytes);

    /// Sets mode and time and closes it, checking each.
    void finish(mode_t mode);

    [[nodiscard]] std::uint32_t number() const { return number_; }

    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

  private:
    std::uint32_t number_;
    Fd file_;
    Flusher* flusher_;
    std::uint64_t size_bytes_ = 0;
    std::uint64_t flushed_bytes_ = 0; ///< given to the disk early
};

/// A folder below `tmp/` in which one intake gathers objects and trees before all of them become
/// visible together. The folder is locked while the stage lives, and removed with it.
///
/// Crash rule: nothing here is under a final name before `make_durable` has returned; objects are
/// published and durable before the first tree that names them is.
class ObjectStage {
  public:
    explicit ObjectStage(const StorePaths& paths);

    /// Stages a small file whose digest is known, unless it is already in the store or here. Any
    /// thread. True if it was written.
    bool put(const ObjectName& name, std::span<const std::byte> content);

    /// For a file whose digest is known only when it has been written.
    StagedFile begin();

    /// The begun file is that object. True if it was needed. Any thread.
    bool adopt(StagedFile file, const ObjectName& name);

    void put_tree(const Sha256& archive, std::string_view text);

    /// Everything staged is on disk when this returns.
    void make_durable();

    /// Objects, then trees, each lot durable under its final name.
    void publish();

    [[nodiscard]] std::size_t objects() const { return staged_; }

  private:
    struct Needed {
        std::uint64_t size_bytes = 0;
        std::optional<std::uint32_t> number; ///< nothing: the store has it
    };

    [[nodiscard]] bool is_in_store(const ObjectName& name, std::uint64_t size_bytes) const;
    bool claim(const ObjectName& name, const Needed& needed);
    void publish_objects();
    void publish_trees();
    void publish_object(int folder, const ObjectName& name, const Needed& needed) const;

    StorePaths paths_;
    TemporaryFolder folder_;
    FileLock lock_;
    Fd folder_handle_;
    Fd objects_handle_;
    std::atomic<std::uint32_t> next_number_ = 0;
    std::atomic<std::size_t> staged_ = 0;
    Guarded<std::map<ObjectName, Needed>> needed_;
    std::map<Sha256, std::uint32_t> trees_;
    Flusher flusher_;
};

} // namespace envpm::store
