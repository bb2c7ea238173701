#include "fetch/schedule.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

namespace envpm::fetch {

namespace {

/// More than this is not skipped over if another mirror serves ranges.
constexpr std::uint64_t most_skipped = 8 * mebibyte;

} // namespace

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

Host& Hosts::at(std::string_view name) {
    const auto found = hosts_.find(name);
    if (found != hosts_.end()) {
        return found->second;
    }
    Host& host = hosts_[std::string(name)];
    host.name = name;
    host.most = host.limit = most_per_host_;
    return host;
}

MirrorChoice choose_mirror(std::span<const Mirror> mirrors, Clock::time_point now,
                           std::uint64_t bytes_present) {
    const auto rank = [&](std::size_t i) {
        const Mirror& mirror = mirrors[i];
        const bool must_skip = !mirror.can_ranges && bytes_present > most_skipped;
        return std::tuple(mirror.trust, must_skip, mirror.failures + mirror.host->failures, i);
    };
    std::optional<std::size_t> best;
    std::optional<Clock::time_point> earliest;
    for (std::size_t i = 0; i < mirrors.size(); ++i) {
        const Clock::time_point from = std::max(mirrors[i].retry_at, mirrors[i].host->parked_until);
        if (mirrors[i].trust == Trust::barred) {
            continue;
        }
        if (from > now) {
            earliest = earliest ? std::min(*earliest, from) : from;
        } else if (!best || rank(i) < rank(*best)) {
            best = i;
        }
    }
    if (!best) {
        return earliest ? MirrorChoice(WaitForMirror{earliest}) : MirrorChoice(NoMirror{});
    }
    const Host& host = *mirrors[*best].host;
    if (host.in_flight >= host.most) {
        return WaitForMirror{std::nullopt};
    }
    return UseMirror{*best};
}

void take_failure(Mirror& mirror, const Failure& failure, AskedFor asked, Clock::time_point now,
                  Clock::duration pause) {
    mirror.reason = failure.reason;
    mirror.last_failure = failure.kind;
    switch (failure.kind) {
    case FailureClass::transient:
    case FailureClass::unreachable:
        ++mirror.failures;
        ++mirror.host->failures;
        mirror.retry_at = now + pause;
        break;
    case FailureClass::no_ranges:
        // If the whole file was asked for, not even that can be had.
        mirror.trust = asked == AskedFor::whole ? Trust::barred : mirror.trust;
        mirror.can_ranges = false;
        break;
    case FailureClass::absent:
    case FailureClass::poison:
        mirror.trust = Trust::barred;
        break;
    }
    if (failure.retry_after && mirror.trust != Trust::barred) {
        mirror.host->parked_until = now + *failure.retry_after;
        mirror.host->most = 1;
    }
}

void take_success(Mirror& mirror) {
    mirror.failures = 0;
    mirror.host->failures = 0;
    mirror.host->most = std::min(mirror.host->most + 1, mirror.host->limit);
}

bool all_barred(std::span<const Mirror> mirrors) {
    return std::all_of(mirrors.begin(), mirrors.end(),
                       [](const Mirror& mirror) { return mirror.trust == Trust::barred; });
}

std::vector<std::size_t> order_files(std::span<const OpenFile> files) {
    std::vector<std::size_t> order;
    bool small_on_its_way = false;
    bool large_on_its_way = false;
    for (std::size_t i = 0; i < files.size(); ++i) {
        const bool is_small = files[i].size < smallest_split_file;
        small_on_its_way = small_on_its_way || (is_small && files[i].in_flight > 0);
        large_on_its_way = large_on_its_way || (!is_small && files[i].in_flight > 0);
        if (files[i].has_gaps) {
            order.push_back(i);
        }
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return files[a].size > files[b].size; });
    if (large_on_its_way && !small_on_its_way) {
        const auto small = std::find_if(order.begin(), order.end(), [&](std::size_t i) {
            return files[i].size < smallest_split_file;
        });
        if (small != order.end()) {
            std::rotate(order.begin(), small, std::next(small));
        }
    }
    return order;
}

std::uint64_t largest_piece(std::uint64_t size) {
    return size < smallest_split_file ? std::numeric_limits<std::uint64_t>::max() : piece_bytes;
}

} // namespace envpm::fetch
