#pragma once

#include "base/hash.h"
#include "base/inflate.h"
#include "model/tree.h"
#include "store/object_stage.h"
#include "store/open_archive.h"
#include "store/space.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace envpm::store {

/// What a thread needs to unpack a file, kept from one file to the next.
struct Bench {
    Bench();

    Inflater inflater;
    Sha256Hasher hasher;
    std::vector<char> room; ///< for a member that is inflated at once, with its header
};

/// A wheel on its way into the store. Its files are unpacked one by one, by any threads.
class WheelUnpacking {
  public:
    /// Reserves the space of all files; throws if that does not fit.
    WheelUnpacking(OpenArchive archive, const Sha256& sha256, SpaceLedger& space);
    WheelUnpacking(const WheelUnpacking&) = delete;
    WheelUnpacking& operator=(const WheelUnpacking&) = delete;
    WheelUnpacking(WheelUnpacking&&) = delete;
    WheelUnpacking& operator=(WheelUnpacking&&) = delete;
    ~WheelUnpacking(); ///< what was not written is not reserved any more

    [[nodiscard]] const std::vector<ArchiveFile>& files() const { return archive_.files(); }

    /// See OpenArchive.
    void check_folders() const { archive_.check_folders(); }

    /// Of the archive's bytes, those that are no file's: headers and directory.
    [[nodiscard]] std::uint64_t overhead_bytes() const;

    /// Inflates, checks, hashes and writes one file in one pass, piece by piece while it is in the
    /// processor's cache. An Error of code 6 names member and archive. Each file once.
    void unpack(std::size_t index, Bench& bench, ObjectStage& stage);

    /// To be called once after each file, and once for all: true for the last of these calls, after
    /// which nothing of the archive is read.
    [[nodiscard]] bool end_part();

    /// When all files have been unpacked.
    [[nodiscard]] Tree tree() const;

  private:
    void unpack_at_once(Bench& bench, MemberReader& reader, std::size_t index, ObjectStage& stage);
    void unpack_in_pieces(Bench& bench, MemberReader& reader, std::size_t index,
                          ObjectStage& stage);

    OpenArchive archive_;
    Sha256 sha256_;
    SpaceLedger& space_;
    std::vector<std::optional<Sha256>> objects_; ///< each written by one thread only
    std::atomic<std::size_t> parts_left_;
};

/// What the files claim to take.
Space space_of(const OpenArchive& archive);

} // namespace envpm::store
