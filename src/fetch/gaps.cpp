#include "fetch/gaps.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace envpm::fetch {

Gaps::Gaps(std::uint64_t size, std::span<const Piece> present) {
    std::uint64_t position = 0;
    for (const Piece& piece : present) {
        if (piece.first > position) {
            pieces_.push_back({position, piece.first - position});
        }
        position = std::max(position, piece.end());
    }
    if (position < size) {
        pieces_.push_back({position, size - position});
    }
}

Piece Gaps::take(std::uint64_t largest) {
    Piece& gap = pieces_.front();
    Piece taken{gap.first, gap.count};
    if (taken.count > largest) {
        const std::uint64_t end = (gap.first + largest) / mebibyte * mebibyte;
        taken.count = end > gap.first ? end - gap.first : largest;
    }
    gap.first += taken.count;
    gap.count -= taken.count;
    if (gap.count == 0) {
        pieces_.erase(pieces_.begin());
    }
    return taken;
}

std::optional<Piece> Gaps::take_end(std::uint64_t size, std::uint64_t least) {
    const std::uint64_t first = size > least ? (size - least) / mebibyte * mebibyte : 0;
    if (pieces_.empty() || pieces_.back().first > first || pieces_.back().end() != size) {
        return std::nullopt;
    }
    pieces_.back().count = first - pieces_.back().first;
    if (pieces_.back().count == 0) {
        pieces_.pop_back();
    }
    return Piece{first, size - first};
}

std::vector<Piece> Gaps::take_all() {
    return std::exchange(pieces_, {});
}

void Gaps::give_back(const Piece& piece) {
    if (piece.count == 0) {
        return;
    }
    auto after = std::lower_bound(pieces_.begin(), pieces_.end(), piece,
                                  [](const Piece& a, const Piece& b) { return a.first < b.first; });
    after = pieces_.insert(after, piece);
    if (const auto next = std::next(after); next != pieces_.end() && after->end() == next->first) {
        after->count += next->count;
        after = std::prev(pieces_.erase(next));
    }
    if (after != pieces_.begin() && std::prev(after)->end() == after->first) {
        std::prev(after)->count += after->count;
        pieces_.erase(after);
    }
}

std::uint64_t sum(std::span<const Piece> pieces) {
    return std::accumulate(
        pieces.begin(), pieces.end(), std::uint64_t{0},
        [](std::uint64_t total, const Piece& piece) { return total + piece.count; });
}

void forget_front(std::vector<Piece>& pieces, std::uint64_t bytes) {
    while (bytes > 0 && !pieces.empty()) {
        Piece& front = pieces.front();
        const std::uint64_t count = std::min(bytes, front.count);
        front = {front.first + count, front.count - count};
        bytes -= count;
        if (front.count == 0) {
            pieces.erase(pieces.begin());
        }
    }
}

Piece tail_of(const std::vector<Piece>& pieces, std::uint64_t bytes) {
    const Piece& last = pieces.back();
    const std::uint64_t from = last.end() - std::min(bytes, last.count);
    const std::uint64_t border = (from + mebibyte - 1) / mebibyte * mebibyte;
    const std::uint64_t first = from == last.first && pieces.size() > 1 ? last.first : border;
    const bool leaves_some = first > last.first || pieces.size() > 1;
    return first < last.end() && leaves_some ? Piece{first, last.end() - first} : Piece{};
}

std::vector<Piece> cut_tail(std::vector<Piece>& pieces, std::uint64_t at) {
    std::vector<Piece> tail;
    while (!pieces.empty() && pieces.back().end() > at) {
        const Piece last = pieces.back();
        pieces.pop_back();
        const std::uint64_t first = std::max(last.first, at);
        tail.push_back({first, last.end() - first});
        if (first > last.first) {
            pieces.push_back({last.first, first - last.first});
        }
    }
    return tail;
}

} // namespace envpm::fetch
