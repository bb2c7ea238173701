#include "fetch/schedule.h"

#include "fetch/url.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>

namespace envpm::fetch {

namespace {

/// More than this is not skipped over if another mirror serves ranges.
constexpr std::uint64_t most_skipped = 8 * mebibyte;

/// The order given is the user's, so it takes a clear difference to overrule it.
constexpr double much_slower = 0.25;

/// One failure is an accident; a mirror that goes on failing comes after the others.
constexpr int patient_failures = 2;

constexpr std::chrono::seconds first_pause{1};
constexpr int most_doublings = 5;

constexpr double piece_seconds = 2;
constexpr std::uint64_t growth = 4;

using Rank = std::tuple<Trust, bool, int, int, double, std::size_t>;

bool forbids_part(const Failure& failure, AskedFor asked);
bool may_choose(const Mirror& mirror, const ChoiceRules& rules, std::size_t index);
Rank rank(std::span<const Mirror> mirrors, std::size_t index, const ChoiceRules& rules);
bool is_much_slower(std::span<const Mirror> mirrors, const Mirror& mirror);

} // namespace

bool is_barred(const Mirror& mirror) {
    const Host& host = *mirror.host;
    return mirror.trust == Trust::barred || host.poisonings >= most_poisonings ||
           !host.refusal.empty();
}

MirrorChoice choose_mirror(std::span<const Mirror> mirrors, const ChoiceRules& rules) {
    std::optional<std::size_t> best;
    std::optional<Clock::time_point> earliest;
    std::optional<Trust> full_trust; ///< of the most trusted that is only busy
    for (std::size_t i = 0; i < mirrors.size(); ++i) {
        const Mirror& mirror = mirrors[i];
        if (!may_choose(mirror, rules, i)) {
            continue;
        }
        const Clock::time_point from = std::max(mirror.retry_at, mirror.host->parked_until);
        if (from > rules.now) {
            earliest = std::min(earliest.value_or(from), from);
        } else if (!has_place_for_file(*mirror.host, rules.is_small)) {
            full_trust = std::min(full_trust.value_or(mirror.trust), mirror.trust);
        } else if (!best || rank(mirrors, i, rules) < rank(mirrors, *best, rules)) {
            best = i;
        }
    }
    if (best && full_trust.value_or(Trust::barred) >= mirrors[*best].trust) {
        return UseMirror{*best};
    }
    if (full_trust) {
        return WaitForMirror{std::nullopt};
    }
    return earliest ? MirrorChoice(WaitForMirror{earliest}) : MirrorChoice(NoMirror{});
}

void take_failure(Mirror& mirror, const Failure& failure, AskedFor asked, Clock::time_point now,
                  Clock::duration pause) {
    // Why it is barred is what the user needs; what else was on its way there ends for any reason.
    const bool was_barred = mirror.trust == Trust::barred;
    const bool is_about_part = forbids_part(failure, asked);
    if (!was_barred) {
        mirror.reason = failure.reason;
        mirror.last_failure = failure.kind;
    }
    ++mirror.host->failed_transfers;
    const bool lost = failure.kind == FailureClass::unreachable;
    shrink(*mirror.host, lost ? Load::busy : failure.load, now);
    switch (failure.kind) {
    case FailureClass::transient:
    case FailureClass::unreachable:
        ++mirror.failures;
        ++mirror.host->failures;
        mirror.retry_at = now + pause;
        break;
    case FailureClass::changed:
        mirror.keeps_tag = false;
        break;
    case FailureClass::no_ranges:
        // If the whole file was asked for, not even that can be had.
        mirror.trust = asked == AskedFor::whole ? Trust::barred : mirror.trust;
        mirror.can_ranges = false;
        break;
    case FailureClass::absent:
        if (is_about_part) {
            mirror.can_ranges = false;
            break;
        }
        [[fallthrough]];
    case FailureClass::poison:
        mirror.trust = Trust::barred;
        break;
    }
    if (!was_barred && !is_about_part) { // each file counts once
        take_refusal(*mirror.host, failure, now, pause);
    }
}

void take_silence(Mirror& mirror, Clock::time_point now) {
    mirror.reason = "`" + place_name(mirror.url) + "` fell silent";
    mirror.last_failure = FailureClass::transient;
    mirror.retry_at = now + first_pause * (1 << std::min(mirror.failures, most_doublings));
    ++mirror.failures;
    shrink(*mirror.host, Load::busy, now);
}

void take_success(Mirror& mirror, Clock::time_point now) {
    mirror.failures = 0;
    take_success(*mirror.host, now);
}

void take_entity_tag(Mirror& mirror, const std::string& tag) {
    const bool is_strong = tag.starts_with('"');
    if (is_strong && mirror.keeps_tag && !mirror.entity_tag.empty() && mirror.entity_tag != tag) {
        mirror.keeps_tag = false;
        mirror.has_changed = true;
    }
    if (is_strong) {
        mirror.entity_tag = tag;
    }
}

bool all_barred(std::span<const Mirror> mirrors) {
    return std::all_of(mirrors.begin(), mirrors.end(), is_barred);
}

bool some_share_connections(std::span<const Mirror> mirrors) {
    return std::any_of(mirrors.begin(), mirrors.end(), [](const Mirror& mirror) {
        return !is_barred(mirror) && shares_connection(*mirror.host);
    });
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
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (!files[i].has_gaps && files[i].may_take_over) {
            order.push_back(i);
        }
    }
    return order;
}

std::uint64_t largest_piece(std::uint64_t size) {
    return size < smallest_split_file ? std::numeric_limits<std::uint64_t>::max() : piece_bytes;
}

std::uint64_t piece_of_host(const Host& host) {
    const auto wanted = static_cast<std::uint64_t>(
        std::min(host.bytes_per_second * piece_seconds, static_cast<double>(piece_bytes)));
    const std::uint64_t proven = std::min(wanted, growth * host.received_bytes);
    return std::max(proven / mebibyte * mebibyte, mebibyte);
}

double known_rate(const Host& host) {
    return host.bytes_per_second > 0 ? host.bytes_per_second : host.remembered_bytes_per_second;
}

namespace {

/// A 403: some servers give whole files only, or no large parts.
bool forbids_part(const Failure& failure, AskedFor asked) {
    return asked == AskedFor::part && failure.kind == FailureClass::absent &&
           failure.load == Load::refused && !failure.retry_after;
}

bool may_choose(const Mirror& mirror, const ChoiceRules& rules, std::size_t index) {
    return !is_barred(mirror) && (rules.passed_over.empty() || !rules.passed_over[index]);
}

Rank rank(std::span<const Mirror> mirrors, std::size_t index, const ChoiceRules& rules) {
    const Mirror& mirror = mirrors[index];
    const Host& host = *mirror.host;
    const bool must_skip = !mirror.can_ranges && rules.bytes_present > most_skipped;
    if (rules.spread == ChoiceRules::Spread::yes) {
        const int failures = mirror.failures < patient_failures ? 0 : mirror.failures;
        return {mirror.trust, must_skip, failures, host.in_flight, -known_rate(host), index};
    }
    const double slowness = is_much_slower(mirrors, mirror) ? 1 : 0;
    return {mirror.trust, must_skip, mirror.failures + host.failures, 0, slowness, index};
}

bool is_much_slower(std::span<const Mirror> mirrors, const Mirror& mirror) {
    const double rate = known_rate(*mirror.host);
    return rate > 0 && std::any_of(mirrors.begin(), mirrors.end(), [&](const Mirror& other) {
               return !is_barred(other) && rate < much_slower * known_rate(*other.host);
           });
}

} // namespace

} // namespace envpm::fetch
