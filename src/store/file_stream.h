#pragma once

#include "base/hash_pairs.h"
#include "base/inflate.h"
#include "store/object_stage.h"
#include "store/open_archive.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace envpm::store {

/// A member of an archive on its way into a stage, piece by piece, with all that a pause needs: its
/// bytes may still be arriving, and another thread may go on. One thread at a time; 160 KB.
class FileStream {
  public:
    /// `reader` stands at the member's beginning. Archive, file, stage and pairs outlive this.
    FileStream(const MemberReader& reader, const ArchiveFile& file, ObjectStage& stage,
               HashPairs& pairs);

    /// Inflates, hashes and writes what is before the offset `there` of the archive, by way of the
    /// caller's `room` (`MemberReader::least_room_bytes` or more) and `piece`; tells `used` how
    /// many bytes of the archive that took. Throws an Error of code 6 for what is damaged.
    void go_on(std::uint64_t there, std::span<char> room, std::span<std::byte> piece,
               const std::function<void(std::uint64_t)>& used);

    /// Where in the archive it goes on.
    [[nodiscard]] std::uint64_t offset() const { return reader_.offset(); }

    /// After the last byte: checks its end, size and checksum, and stages it.
    Sha256 finish(ObjectStage& stage);

  private:
    void take(std::span<const std::byte> content);

    MemberReader reader_;
    const ArchiveFile& file_;
    std::optional<InflateStream> inflated_; ///< nothing for one that is stored
    PairedHasher hasher_;
    std::uint32_t crc32_ = 0;
    StagedFile staged_;
};

/// Throws an Error of code 6 unless that is the checksum which the archive gives for the file.
void check_member(std::uint32_t crc32, const ArchiveFile& file);

} // namespace envpm::store
