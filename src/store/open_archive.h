#pragma once

#include "base/relative_path.h"
#include "base/zip.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::store {

/// A whole file in memory, read-only; pages come from the page cache when they are touched.
class MappedFile {
  public:
    explicit MappedFile(const std::filesystem::path& path);
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    ~MappedFile() { release(); }

    [[nodiscard]] std::string_view bytes() const {
        return {static_cast<const char*>(start_), size_};
    }

    /// Gives the pages of a part back to the system, which keeps them cached: what was read shall
    /// not count as this process's memory.
    void forget(std::string_view part) const noexcept;

    /// Unmaps; `bytes` is empty from then on.
    void release() noexcept;

  private:
    void* start_ = nullptr;
    std::size_t size_ = 0;
};

/// A file of an archive whose name, type and mode have been judged.
struct ArchiveFile {
    RelativePath path;
    ZipMember member;
    std::uint64_t end_offset = 0; ///< where the next header or the directory begins
    bool is_executable = false;
};

/// An archive (a wheel) opened for unpacking. The constructor reads its directory and throws an
/// Error of code 6 for anything that a wheel may not hold: paths that leave the folder, links and
/// devices, a file below another file (docs/store.md).
class OpenArchive {
  public:
    OpenArchive(const std::filesystem::path& file, std::string label);

    [[nodiscard]] const std::vector<ArchiveFile>& files() const { return files_; }

    /// The file's bytes in the archive, after its header was compared with the directory.
    [[nodiscard]] std::string_view data(const ArchiveFile& file) const;

    [[nodiscard]] const std::string& label() const { return label_; }

    [[nodiscard]] const MappedFile& map() const { return map_; }

    /// Nothing of it will be read any more.
    void close() noexcept { map_.release(); }

  private:
    std::string label_;
    MappedFile map_;
    std::vector<ArchiveFile> files_; ///< sorted by path
};

} // namespace envpm::store
