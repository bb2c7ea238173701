#pragma once

#include "base/handle.h"
#include "base/hash.h"
#include "base/hash_pairs.h"
#include "fetch/gaps.h"
#include "fetch/part_map.h"
#include "fetch/rate_meter.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace envpm::fetch {

/// A file on its way: `folder/<sha256>.part` with the bytes at their places, and
/// `folder/<sha256>.map`, which says which of them are good. One thread at a time.
///
/// Crash rule: the map is replaced by rename after the bytes that it speaks of were written. A kill
/// therefore loses what came since the last map and nothing else; after a power cut the map may
/// speak of bytes that never reached the disk, so every block is checked against its crc32 when
/// the file is opened again. The sha256 of the whole decides in the end.
///
/// The lock is a flock on the `.part` itself: the map's inode changes with each rename, so a lock
/// on it would guard nothing.
class PartFile {
  public:
    /// Nothing if another process has it. Takes up what an earlier run left, checked; throws an
    /// Error on the disk's failures, and with code interrupted if `stop` is requested meanwhile.
    /// `pairs` outlives it.
    static std::optional<PartFile> open(const std::filesystem::path& folder, std::uint64_t size,
                                        const Sha256& sha256, HashPairs& pairs,
                                        const std::stop_token& stop);

    [[nodiscard]] std::uint64_t size() const { return map_.size; }

    [[nodiscard]] std::vector<Piece> present() const { return present_pieces(map_); }

    /// A number below 32 for who the bytes come from; kept across runs.
    std::uint32_t source_number(std::string_view name);

    /// The version of the file that this source sent, if bytes of it are there; else nothing.
    [[nodiscard]] std::string entity_tag(std::string_view name) const;

    /// For `entity_tag`, also in later runs. The next map that is saved has it.
    void keep_entity_tag(std::string_view name, std::string_view tag);

    /// Writes bytes at the end of what their block has; never across a block's end. Advances the
    /// hash if they continue it, and saves the map when it is due.
    void append(std::uint64_t offset, std::span<const std::byte> bytes, std::uint32_t source);

    /// Replaces the map now.
    void save();

    /// Which hosts' bytes are in it: bit i for source number i.
    [[nodiscard]] std::uint32_t sources() const;

    /// Drops every block with a byte from one of these sources. What they had sent is remembered as
    /// checksums.
    void drop(std::uint32_t sources);

    /// Once the file is proven: the sources whose dropped bytes were others than those that are
    /// there now. A block of several sources tells of none.
    [[nodiscard]] std::uint32_t liars() const;

    /// All bytes are there and their sha256 is right.
    bool is_proven(const std::stop_token& stop);

    /// Gives the proven file its final name and removes the map.
    void publish(const std::filesystem::path& target);

    /// Removes both files: nothing in them is good, or the whole file is there already.
    void discard() noexcept;

  private:
    PartFile(std::filesystem::path part, std::filesystem::path map_path, Fd file, PartMap map,
             HashPairs& pairs);

    void load(const std::stop_token& stop);
    [[nodiscard]] std::size_t place_of(std::string_view name) const;
    void remove_map() noexcept;
    void check_block(std::size_t index, std::vector<std::byte>& buffer);
    void write_at(std::uint64_t offset, std::span<const std::byte> bytes) const;
    void hash_anew();
    void catch_up(std::uint64_t budget_bytes);

    std::filesystem::path path_;
    std::filesystem::path map_path_;
    Fd file_;
    PartMap map_;
    std::unique_ptr<PairedHasher> hasher_;
    std::uint64_t hashed_ = 0;                               ///< the hasher has seen [0, hashed_)
    std::vector<std::pair<std::size_t, PartBlock>> dropped_; ///< by number of the block
    std::uint64_t unsaved_bytes_ = 0;
    Clock::time_point saved_at_;
    std::vector<std::byte> buffer_; ///< for reading back
};

/// A file with these bytes is there.
bool is_whole(const std::filesystem::path& path, std::uint64_t size, const Sha256& sha256);

/// Where the bytes of a file are until it has its final name.
std::filesystem::path part_path(const std::filesystem::path& folder, const Sha256& sha256);

/// The name of a file on its way in `folder`, without ".part" or ".map".
std::filesystem::path final_path(const std::filesystem::path& folder, const Sha256& sha256);

} // namespace envpm::fetch
