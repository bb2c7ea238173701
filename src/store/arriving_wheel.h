#pragma once

#include "store/intake.h"
#include "store/wheel_unpacking.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace envpm::store {

/// Sets of bytes of a file.
class ByteRanges {
  public:
    void add(std::uint64_t first, std::uint64_t end);

    /// Whether every byte of [first, end) is in it.
    [[nodiscard]] bool has(std::uint64_t first, std::uint64_t end) const;

    /// The end of those that are in it from `first` on without a hole; `first` if it is not.
    [[nodiscard]] std::uint64_t end_from(std::uint64_t first) const;

  private:
    std::map<std::uint64_t, std::uint64_t> ends_; ///< by beginning; disjoint, and none touch
};

/// A wheel that is unpacked while its bytes arrive, in any order. It is opened when its directory
/// has come, at its end, and each file of it is unpacked when its bytes have; a large one, in the
/// file's order, with its bytes.
///
/// Until `prove` nothing says that the bytes are right, so nothing that is wrong with them is an
/// error: the wheel is given up, and opened again from the beginning when it has been proven. Any
/// thread.
class ArrivingWheel {
  public:
    ArrivingWheel(Archive archive, std::uint64_t size_bytes);

    [[nodiscard]] const Archive& archive() const { return archive_; }

    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

    /// What can be done now, by whoever is told.
    struct Step {
        bool can_open = false;
        std::shared_ptr<WheelUnpacking> unpacking; ///< for the files
        std::vector<std::size_t> files{};          ///< to unpack; each is told once
    };

    /// For one who unpacks a large file and has come to that offset: how far the archive is there,
    /// if it is worth going on. Otherwise nothing, and a later Step names the file again; of a
    /// wheel that was given up none does.
    std::optional<std::uint64_t> available_or_wait(std::size_t file, std::uint64_t position);

    Step arrived(std::uint64_t first, std::uint64_t count);

    /// Of one who tries to open it: the directory begins there. False if it has not come yet; then
    /// another `can_open` will be told.
    bool note_directory(std::uint64_t offset);

    /// It has been opened.
    Step opened(std::shared_ptr<WheelUnpacking> unpacking);

    /// All bytes are there, and right. No unpacking if it had been given up, or not opened yet:
    /// then it counts as given up.
    Step prove();

    /// False if it has been proven: what is wrong then is wrong with the archive.
    bool give_up();

    [[nodiscard]] bool is_given_up() const;

    /// Adds to what has been unpacked, and gives how much of that may be shown: nothing before the
    /// proof, then what was kept back as well.
    std::uint64_t take_showable(std::uint64_t bytes);

  private:
    enum class State { closed, opening, open, proven, given_up };

    void take_if_there(std::size_t file, std::vector<std::size_t>& files);
    [[nodiscard]] bool is_worth_it(std::size_t file, std::uint64_t position) const;

    const Archive archive_;
    const std::uint64_t size_bytes_;
    mutable std::mutex mutex_;
    State state_ = State::closed;
    ByteRanges bytes_;
    std::uint64_t needed_from_; ///< for opening it
    std::shared_ptr<WheelUnpacking> unpacking_;
    std::vector<std::size_t> by_offset_;           ///< the files in the archive's order
    std::vector<bool> is_announced_;               ///< by file
    std::map<std::size_t, std::uint64_t> waiting_; ///< large files, and where each goes on
    std::uint64_t unshown_bytes_ = 0;
};

} // namespace envpm::store
