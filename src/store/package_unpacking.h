#pragma once

#include "base/tar.h"
#include "model/tree.h"
#include "store/intake.h"
#include "store/object_stage.h"
#include "store/package_archive.h"
#include "store/space.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

namespace envpm::store {

/// What an unpacking works with.
struct UnpackingTools {
    ObjectStage& stage;
    SpaceLedger& space;
    /// Contents that wait in memory for a thread, of all archives of the intake.
    std::atomic<std::uint64_t>& waiting_bytes;
    /// Lets another thread run the task; heavier ones first.
    std::function<void(std::function<void()> task, std::uint64_t weight)> run;
    std::function<void(std::uint64_t compressed_bytes)> show;
    std::function<bool()> is_dropped;
    std::function<void(Tree)> finish; ///< last, on the thread of whichever task ends last
};

/// A conda package on its way into the store. A tar is one stream, so one thread reads and inflates
/// it; small files go to other threads for hashing and writing as long as few bytes wait, all else
/// it does itself, so memory stays bounded however large the package is. No name of the archive
/// becomes a path that is written to.
///
/// An Error of code 6 names package and entry for all that docs/store.md refuses: what TarReader
/// does not accept, a path twice, a path below a file or link, a hard link to anything but an
/// earlier file, what is in the wrong tar of a `.conda`, more content than is plausible.
class PackageUnpacking {
  public:
    PackageUnpacking(const Archive& archive, UnpackingTools tools);
    PackageUnpacking(const PackageUnpacking&) = delete;
    PackageUnpacking& operator=(const PackageUnpacking&) = delete;
    PackageUnpacking(PackageUnpacking&&) = delete;
    PackageUnpacking& operator=(PackageUnpacking&&) = delete;
    ~PackageUnpacking() = default;

    /// Once. The tasks that it handed to others may still run when it returns.
    void unpack();

  private:
    struct File {
        RelativePath path;
        std::uint64_t size_bytes = 0;
        bool is_executable = false;
        std::optional<Sha256> object;  ///< written by one task only
        const File* same_as = nullptr; ///< a hard link's file
    };

    /// What is known of a path.
    struct Place {
        bool is_folder = false;
        bool holds_something = false;
        const File* file = nullptr;
    };

    [[nodiscard]] Tree tree() const;
    void end_task();
    void unpack_stream(const PackageStream& stream);
    void take(const TarEntry& entry, TarReader& reader, const PackageStream& stream);
    void take_place(const TarEntry& entry);
    void take_file(const TarEntry& entry, TarReader& reader);
    void put(File& file, const std::string& content);
    void stream(File& file, TarReader& reader);
    [[nodiscard]] const File& earlier_file(const TarEntry& entry) const;
    [[noreturn]] void refuse(std::string what, const RelativePath& path) const;

    Sha256 sha256_;
    std::string label_;
    PackageArchive archive_;
    UnpackingTools tools_;
    std::deque<File> files_; ///< their addresses stay
    std::vector<TreeLink> links_;
    std::unordered_map<std::string, Place> places_;
    std::atomic<std::size_t> tasks_left_ = 1; ///< with the unpacking itself
};

} // namespace envpm::store
