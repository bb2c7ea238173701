#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace envpm::fetch {

constexpr std::uint64_t mebibyte = 1U << 20U;

/// Bytes [first, first + count) of a file.
struct Piece {
    std::uint64_t first = 0;
    std::uint64_t count = 0;

    [[nodiscard]] std::uint64_t end() const { return first + count; }

    bool operator==(const Piece&) const = default;
};

/// What is missing of one file and not on its way, in file order.
class Gaps {
  public:
    Gaps() = default;

    /// `present`: sorted, disjoint.
    Gaps(std::uint64_t size, std::span<const Piece> present);

    [[nodiscard]] bool empty() const { return pieces_.empty(); }

    [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }

    /// The first missing bytes, at most `largest` of them, ending at a multiple of 1 MiB or at the
    /// gap's end, so that no block of the part file is ever written by two transfers.
    Piece take(std::uint64_t largest);

    /// The end of the file, of `least` bytes or more, from a multiple of 1 MiB on; nothing if some
    /// of that is there or on its way.
    std::optional<Piece> take_end(std::uint64_t size, std::uint64_t least);

    /// All of it, for a server that can only send the whole file.
    std::vector<Piece> take_all();

    /// What a transfer did not bring.
    void give_back(const Piece& piece);

  private:
    std::vector<Piece> pieces_;
};

/// How many bytes they are.
std::uint64_t sum(std::span<const Piece> pieces);

/// So many bytes at the front have come.
void forget_front(std::vector<Piece>& pieces, std::uint64_t bytes);

/// About so many bytes of the last piece, from a multiple of 1 MiB on, so that no block of the part
/// file is written by two transfers; the whole piece only if others are before it. `pieces` has
/// one at least.
Piece tail_of(const std::vector<Piece>& pieces, std::uint64_t bytes);

/// What lies from `at` on is taken out, the last piece first.
std::vector<Piece> cut_tail(std::vector<Piece>& pieces, std::uint64_t at);

} // namespace envpm::fetch
