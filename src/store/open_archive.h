#pragma once

#include "base/handle.h"
#include "base/relative_path.h"
#include "base/zip.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace envpm::store {

/// A file of an archive whose name, type and mode have been judged.
struct ArchiveFile {
    ZipMember member;
    std::uint64_t end_offset = 0; ///< where the next header or the directory begins
    bool is_executable = false;

    /// What the member's name says, which is held once for each of the many. A folder's too.
    [[nodiscard]] RelativePath path() const;
};

/// An archive (a wheel) opened for unpacking. The constructor reads its directory and throws an
/// Error of code 6 for anything that a wheel may not hold: paths that leave the folder, links and
/// devices, a file below another file (docs/store.md).
class OpenArchive {
  public:
    OpenArchive(const std::filesystem::path& file, std::string label)
        : OpenArchive(file, std::move(label), ArrivingFile()) {
        check_folders();
    }

    /// The same of a file of which only the directory is there: nothing else is read. What is said
    /// of folders must be looked at by `check_folders` when all is there.
    struct ArrivingFile {};

    OpenArchive(const std::filesystem::path& file, std::string label, ArrivingFile);

    /// Compares the headers of folders with the directory; throws as the constructor does.
    void check_folders() const;

    /// Where its directory begins, by its last `tail_bytes`, of which nothing else is read.
    static std::uint64_t directory_offset(const std::filesystem::path& file,
                                          const std::string& label);
    static constexpr std::uint64_t tail_bytes = (64U << 10U) + 98;

    [[nodiscard]] const std::vector<ArchiveFile>& files() const { return files_; }

    [[nodiscard]] const std::string& label() const { return label_; }

    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

    /// Exactly these bytes of the archive.
    void read(std::uint64_t offset, std::span<char> into) const;

    /// Nothing of it will be read any more.
    void close() noexcept { file_.reset(); }

  private:
    std::string label_;
    Fd file_;
    std::uint64_t size_bytes_ = 0;
    std::vector<ArchiveFile> files_; ///< sorted by path
    std::vector<ArchiveFile> folders_;
};

/// Reads one member's bytes piece by piece into a room of the caller's. Read, not mapped: a mapped
/// page counts as the process's memory, and costs as much to map as to copy.
class MemberReader {
  public:
    static constexpr std::size_t least_room_bytes = 256U << 10U;

    /// Compares the member's header with the directory; throws an Error of code 6. `room` holds
    /// `least_room_bytes` or more. Reads a member that fits into it as a whole, of any other that
    /// many bytes.
    MemberReader(const OpenArchive& archive, const ZipMember& member, std::uint64_t end_offset,
                 std::span<char> room);

    [[nodiscard]] const std::string& label() const { return archive_.label(); }

    /// Whether `next` gives all of it at once.
    [[nodiscard]] bool is_whole() const { return first_.size() == left_; }

    /// The next bytes, valid until the next call; none at the end. Of a member that is still
    /// arriving only those before the offset `there` of the archive, so none may mean not yet.
    std::string_view next(std::uint64_t there = std::numeric_limits<std::uint64_t>::max());

    /// Reads into this room from now on; the one before is not used any more.
    void move_to(std::span<char> room);

    /// Where in the archive the next bytes are.
    [[nodiscard]] std::uint64_t offset() const { return offset_; }

    /// Compares what stands behind the member with the directory; throws an Error of code 6.
    void check_end() const;

  private:
    const OpenArchive& archive_;
    const ZipMember& member_;
    std::uint64_t end_offset_;
    std::span<char> room_;
    std::string_view first_;   ///< came with the header
    std::uint64_t offset_ = 0; ///< in the archive, of what `next` gives next
    std::uint64_t left_ = 0;
};

} // namespace envpm::store
