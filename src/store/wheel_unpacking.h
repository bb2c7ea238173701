#pragma once

#include "base/error.h"
#include "base/hash.h"
#include "base/hash_pairs.h"
#include "base/inflate.h"
#include "base/thread_pool.h"
#include "model/tree.h"
#include "store/file_stream.h"
#include "store/object_stage.h"
#include "store/open_archive.h"
#include "store/space.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace envpm::store {

/// What a thread needs to unpack a file, kept from one file to the next. The pairs outlive it.
struct Bench {
    explicit Bench(HashPairs& pairs);

    Inflater inflater;
    PairedHasher hasher;
    std::span<char> room;       ///< for a member that is inflated at once, with its header
    std::span<std::byte> piece; ///< of what a larger one gives

  private:
    /// Not filled with zeros, so that only what a member has needed takes memory.
    std::unique_ptr<char[]> room_;
    std::unique_ptr<std::byte[]> piece_;
};

using IdleBenches = Guarded<std::vector<std::unique_ptr<Bench>>>;

/// One of the idle benches, or a new one, while this lives.
class BenchLoan {
  public:
    BenchLoan(IdleBenches& idle, HashPairs& pairs);
    BenchLoan(const BenchLoan&) = delete;
    BenchLoan& operator=(const BenchLoan&) = delete;
    ~BenchLoan();

    Bench& operator*() const { return *bench_; }

  private:
    IdleBenches& idle_;
    std::unique_ptr<Bench> bench_;
};

/// A wheel on its way into the store. Its files are unpacked one by one, by any threads.
class WheelUnpacking {
  public:
    /// Reserves the space of all files; throws if that does not fit.
    WheelUnpacking(OpenArchive archive, const Sha256& sha256, SpaceLedger& space, HashPairs& pairs);
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

    /// A file so large that it is worth beginning before all of it is there.
    [[nodiscard]] bool is_large(std::size_t index) const {
        return files()[index].member.compressed_bytes >= large_bytes;
    }

    static constexpr std::uint64_t large_bytes = 4U << 20U;

    /// Called with the number of the archive's bytes that were used since the call before.
    using OnUsed = std::function<void(std::uint64_t)>;

    /// Inflates, checks, hashes and writes one file in one pass, piece by piece while it is in the
    /// processor's cache. An Error of code 6 names member and archive. Each file once.
    void unpack(std::size_t index, Bench& bench, ObjectStage& stage, const OnUsed& used);

    /// The same for a large file, as far as the archive is there, which is to the offset `there`:
    /// at first `MemberReader::least_room_bytes` from its header or more. True when it was all;
    /// until then the file is to be gone on with, by one thread at a time.
    bool unpack_until(std::size_t index, std::uint64_t there, Bench& bench, ObjectStage& stage,
                      const OnUsed& used);

    /// Where in the archive a large file goes on.
    [[nodiscard]] std::uint64_t position(std::size_t index) const;

    /// To be called once after each file, and once for all: true for the last of these calls, after
    /// which nothing of the archive is read.
    [[nodiscard]] bool end_part();

    /// When all files have been unpacked.
    [[nodiscard]] Tree tree() const;

  private:
    struct Tools {
        Bench& bench;
        ObjectStage& stage;
        const OnUsed& used;
    };

    void unpack_at_once(Bench& bench, MemberReader& reader, std::size_t index, ObjectStage& stage);
    bool go_on(FileStream& stream, std::size_t index, std::uint64_t there, const Tools& tools);
    void name_member(Error& failure, const ArchiveFile& file) const;
    void end_file(std::size_t index);

    OpenArchive archive_;
    Sha256 sha256_;
    SpaceLedger& space_;
    HashPairs& pairs_;
    std::vector<std::optional<Sha256>> objects_; ///< each written by one thread only
    /// Of the large files those that have begun; the places never change.
    std::map<std::size_t, std::unique_ptr<FileStream>> large_;
    std::atomic<std::size_t> parts_left_;
};

/// What the files claim to take.
Space space_of(const OpenArchive& archive);

} // namespace envpm::store
