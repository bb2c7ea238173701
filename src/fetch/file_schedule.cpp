#include "fetch/file_schedule.h"

#include "base/assert.h"
#include "fetch/url.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace envpm::fetch {

namespace {

/// A mirror so much slower than the best adds nothing, and holds up whoever reads in file order. It
/// is tried again after a while.
constexpr double hopeless = 0.05;
constexpr std::chrono::seconds rate_is_news{30};

/// Planned for 2 s; a range that needs this long is late, if another mirror is four times faster.
constexpr double late_seconds = 5;
constexpr double much_earlier = 0.25;
constexpr std::chrono::seconds rest_of_late{10};

/// What makes a take-over worth a new connection.
constexpr double least_gain_seconds = 0.5;
constexpr double least_gain_share = 0.2;

/// How often a range that is in doubt is thought of, while it gets worse.
constexpr std::chrono::milliseconds doubt_poll{50};

/// Of a host that nothing is known of: a server on the same continent.
constexpr double guessed_delay_seconds = 0.1;

constexpr double never = std::numeric_limits<double>::infinity();

bool is_local(const Mirror& mirror);
double delay_of(const Host& host);

} // namespace

FileSchedule::FileSchedule(std::uint64_t size, std::vector<Mirror> mirrors, std::uint64_t first_end)
    : size_(size),
      mirrors_(std::move(mirrors)),
      first_end_(size < smallest_split_file ? 0 : first_end),
      width_(mirrors_.size()) {}

void FileSchedule::begin(std::span<const Piece> present) {
    ENVPM_ASSERT(running_.empty());
    gaps_ = Gaps(size_, present);
}

std::optional<FileSchedule::Order> FileSchedule::next(Clock::time_point now) {
    width_.think(now, in_flight());
    const auto busy =
        std::count_if(running_.begin(), running_.end(), [&](const Running::value_type& running) {
            return !is_in_doubt(running.second, now) && rate_of(running.second, now) > 0;
        });
    wake_at_ = next_doubt(now);
    if (busy >= allowed()) {
        return std::nullopt;
    }
    const MirrorChoice choice = choose(now);
    const auto* const wait = std::get_if<WaitForMirror>(&choice);
    if (wait != nullptr && wait->until) {
        wake_at_ = std::min(wake_at_.value_or(*wait->until), *wait->until);
    }
    const auto* const use = std::get_if<UseMirror>(&choice);
    if (use != nullptr && has_gaps()) {
        const std::optional<TakeOver> late = may_mix_ ? find_late(use->index, now) : std::nullopt;
        return late ? take_over(*late, now) : start(use->index, take_for(use->index, now), now);
    }
    if (has_gaps()) {
        return std::nullopt;
    }
    const std::optional<TakeOver> last = may_mix_ ? find_last(now) : std::nullopt;
    return last ? std::optional(take_over(*last, now)) : std::nullopt;
}

MirrorChoice FileSchedule::choose(Clock::time_point now) const {
    return choose_mirror(mirrors_, rules(now));
}

void FileSchedule::received(Id id, const Received& bytes, Clock::time_point now) {
    RunningRange& range = running_.at(id);
    Host& host = *mirrors_[range.mirror].host;
    if (const std::optional<Clock::time_point> before = range.meter.heard_at()) {
        host.worst_gap = std::max(host.worst_gap, now - *before);
    } else {
        take_first_byte(host, now - range.started);
    }
    forget_front(range.rest, bytes.wanted);
    range.brought += bytes.wanted;
    width_.received(bytes.all, now);
    host.heard_at = now;
    host.received_bytes += bytes.all;
    host.step_bytes += now >= host.step_at ? bytes.all : 0;
    if (const std::optional<double> sample = range.meter.add(now, bytes.all)) {
        take_rate(host, *sample, now);
    }
}

void FileSchedule::paused(Id id) {
    running_.at(id).is_paused = true;
}

void FileSchedule::resumed(Id id, Clock::time_point now) {
    RunningRange& range = running_.at(id);
    range.is_paused = false;
    range.meter.restart(now);
}

std::optional<std::vector<Piece>> FileSchedule::take_everything(Id id) {
    if (running_.size() != 1) {
        return std::nullopt;
    }
    std::vector<Piece> more = gaps_.take_all();
    std::vector<Piece>& rest = running_.at(id).rest;
    rest.insert(rest.end(), more.begin(), more.end());
    std::sort(rest.begin(), rest.end(),
              [](const Piece& a, const Piece& b) { return a.first < b.first; });
    return more;
}

void FileSchedule::ended(Id id, const End& end, Clock::time_point now) {
    const auto found = running_.find(id);
    ENVPM_ASSERT(found != running_.end());
    RunningRange& range = found->second;
    Mirror& mirror = mirrors_[range.mirror];
    if (const std::optional<double> sample = range.meter.finish(now)) {
        take_rate(*mirror.host, *sample, now);
    }
    range.rest = end.rest;
    mirror.can_ranges = mirror.can_ranges && end.can_ranges;
    const std::optional<Clock::time_point> heard_at = range.meter.heard_at();
    const bool was_worthwhile = range.brought >= worthwhile_bytes;
    const bool has_shared = range.shares_connection;
    cancelled(id);
    if (!end.failure) {
        if (has_shared) {
            grow_small(*mirror.host, now);
        }
        take_success(mirror, now);
        return;
    }
    if (was_worthwhile) {
        mirror.failures = mirror.host->failures = 0;
    } else if (end.failure->load == Load::busy && heard_at) {
        // Whoever stays silent that long may do so again: the next wait is twice as long.
        mirror.host->worst_gap = std::max(mirror.host->worst_gap, (now - *heard_at) / 5);
    }
    take_failure(mirror, *end.failure, end.asked, now, end.pause);
}

void FileSchedule::cancelled(Id id) {
    const auto found = running_.find(id);
    ENVPM_ASSERT(found != running_.end());
    for (const Piece& piece : found->second.rest) {
        gaps_.give_back(piece);
    }
    const RunningRange& range = found->second;
    --count_of(*mirrors_[range.mirror].host, range.shares_connection);
    running_.erase(found);
}

void FileSchedule::cancel_all() {
    while (!running_.empty()) {
        cancelled(running_.begin()->first);
    }
}

std::size_t FileSchedule::usable() const {
    return static_cast<std::size_t>(std::count_if(
        mirrors_.begin(), mirrors_.end(), [](const Mirror& mirror) { return !is_barred(mirror); }));
}

bool FileSchedule::is_spread() const {
    return size_ >= smallest_split_file && may_mix_ && usable() > 1;
}

bool FileSchedule::wants_more() const {
    return has_gaps() || (!running_.empty() && may_mix_ && usable() > 1);
}

int FileSchedule::allowed() const {
    return is_spread() ? width_.allowed() : std::numeric_limits<int>::max();
}

ChoiceRules FileSchedule::rules(Clock::time_point now) const {
    ChoiceRules rules{now, present_bytes(), ChoiceRules::Spread::no, {}};
    rules.is_small = is_small();
    rules.spread = is_spread() ? ChoiceRules::Spread::yes : ChoiceRules::Spread::no;
    for (std::size_t i = 0; i < mirrors_.size(); ++i) {
        rules.passed_over.push_back(must_pass_over(i, now));
    }
    return rules;
}

/// Nothing is passed over for which nothing runs and nobody else could be asked.
bool FileSchedule::must_pass_over(std::size_t index, Clock::time_point now) const {
    const Mirror& mirror = mirrors_[index];
    if (!mirror.can_ranges && !running_.empty()) {
        return true;
    }
    if (!is_spread() || is_local(mirror)) {
        return false;
    }
    const bool is_probed =
        mirror.host->bytes_per_second == 0 &&
        std::any_of(running_.begin(), running_.end(), [&](const Running::value_type& running) {
            return mirrors_[running.second.mirror].host == mirror.host;
        });
    return is_probed || is_hopeless(mirror, now) || would_be_last(mirror, now);
}

bool FileSchedule::is_hopeless(const Mirror& mirror, Clock::time_point now) const {
    const Host& host = *mirror.host;
    if (host.bytes_per_second == 0 || now - host.measured_at > rate_is_news) {
        return false;
    }
    const auto total = [](const Host& of) {
        return of.bytes_per_second * std::max(1, of.in_flight);
    };
    return std::any_of(mirrors_.begin(), mirrors_.end(), [&](const Mirror& other) {
        return !is_barred(other) && other.trust <= mirror.trust &&
               std::max(other.retry_at, other.host->parked_until) <= now &&
               total(host) < hopeless * total(*other.host);
    });
}

/// The others will have everything before this one has the least that it could be asked for.
bool FileSchedule::would_be_last(const Mirror& mirror, Clock::time_point now) const {
    const double rate = mirror.host->bytes_per_second;
    double total = 0;
    std::uint64_t left = sum(gaps_.pieces());
    for (const auto& [id, range] : running_) {
        total += rate_of(range, now);
        left += sum(range.rest);
    }
    return rate > 0 && total > 0 &&
           static_cast<double>(mebibyte) / rate >
               static_cast<double>(left) / total + least_gain_seconds;
}

std::uint64_t FileSchedule::present_bytes() const {
    std::uint64_t missing = sum(gaps_.pieces());
    for (const auto& [id, range] : running_) {
        missing += sum(range.rest);
    }
    return size_ - missing;
}

/// Silent for much longer than ever. A file in one piece gains too little by that.
bool FileSchedule::is_in_doubt(const RunningRange& range, Clock::time_point now) const {
    return is_spread() && range.silent_for(now) >= doubt_limit(host_of(range));
}

/// When to think of the running ranges again, if they stay silent.
std::optional<Clock::time_point> FileSchedule::next_doubt(Clock::time_point now) const {
    std::optional<Clock::time_point> next;
    for (const auto& [id, range] : running_) {
        const std::optional<Clock::time_point> heard_at = range.meter.heard_at();
        if (!heard_at || range.is_paused || rate_of(range, now) == 0) {
            continue;
        }
        const Host& host = *mirrors_[range.mirror].host;
        const Clock::duration first = is_spread() ? doubt_limit(host) : silence_limit(host);
        const Clock::time_point at =
            is_in_doubt(range, now) ? std::min(now + doubt_poll, *heard_at + silence_limit(host))
                                    : *heard_at + first;
        next = std::min(next.value_or(at), at);
    }
    return next;
}

/// A range that holds everyone up although one of `thief`'s would be much faster.
std::optional<FileSchedule::TakeOver> FileSchedule::find_late(std::size_t thief,
                                                              Clock::time_point now) {
    const Host& host = *mirrors_[thief].host;
    for (auto range = running_.begin(); range != running_.end(); ++range) {
        const double rate = rate_of(range->second, now);
        const auto bytes = static_cast<double>(sum(range->second.rest));
        const bool is_late = rate == 0 || (bytes / rate > late_seconds &&
                                           !range->second.is_pausing(host_of(range->second), now));
        const bool is_other = mirrors_[range->second.mirror].host != &host;
        if (!is_late || !is_other || bytes == 0 || !range->second.can_be_cut ||
            range->second.is_paused || host.bytes_per_second == 0) {
            continue;
        }
        const double mine = delay_of(host) + bytes / host.bytes_per_second;
        if (rate == 0 || mine < much_earlier * bytes / rate) {
            return TakeOver{range->first, thief, std::nullopt, never, true};
        }
    }
    return std::nullopt;
}

/// The take-over that gains most.
std::optional<FileSchedule::TakeOver> FileSchedule::find_last(Clock::time_point now) {
    std::optional<TakeOver> best;
    ChoiceRules alone = rules(now);
    const std::vector<bool> passed_over = alone.passed_over;
    for (std::size_t thief = 0; thief < mirrors_.size(); ++thief) {
        alone.passed_over.assign(mirrors_.size(), true);
        alone.passed_over[thief] = passed_over[thief];
        if (!std::holds_alternative<UseMirror>(choose_mirror(mirrors_, alone))) {
            continue;
        }
        for (const auto& [id, range] : running_) {
            const std::optional<TakeOver> found = weigh(id, thief, now);
            if (found && (!best || found->gain > best->gain)) {
                best = found;
            }
        }
    }
    return best;
}

/// The better one of two: a split so that both end together, at a block's border, or all of it.
std::optional<FileSchedule::TakeOver> FileSchedule::weigh(Id victim, std::size_t thief,
                                                          Clock::time_point now) const {
    const RunningRange& range = running_.at(victim);
    const Host& host = *mirrors_[thief].host;
    const bool is_doubtful = is_in_doubt(range, now);
    const double theirs =
        is_doubtful ? range.rate_in_doubt(host_of(range), now) : rate_of(range, now);
    const double mine =
        host.bytes_per_second > 0 ? host.bytes_per_second : guessed_bytes_per_second;
    const bool is_fresh = !range.meter.rate(now) && theirs > 0;
    if (is_fresh || !may_lose_to(range, thief, theirs > mine / 2)) {
        return std::nullopt;
    }
    const auto bytes = static_cast<double>(sum(range.rest));
    const double delay = delay_of(host);
    const double eta = theirs > 0 ? bytes / theirs : never;
    TakeOver best{victim, thief, std::nullopt, eta - (delay + bytes / mine), theirs == 0};
    if (theirs > 0 && eta > delay && !is_doubtful) {
        const double share = (eta - delay) / (1 / mine + 1 / theirs);
        const Piece tail = tail_of(range.rest, static_cast<std::uint64_t>(share));
        const auto taken = static_cast<double>(tail.count);
        const double end = std::max((bytes - taken) / theirs, delay + taken / mine);
        if (tail.count > 0 && eta - end > best.gain) {
            best = {victim, thief, tail.first, eta - end, false};
        }
    }
    best.is_slow =
        theirs == 0 || (theirs < much_earlier * mine && !range.is_pausing(host_of(range), now));
    const double least = theirs == 0 ? 0 : least_gain_share * eta;
    return best.gain >= std::max(least, least_gain_seconds) ? std::optional(best) : std::nullopt;
}

bool FileSchedule::may_lose_to(const RunningRange& range, std::size_t thief, bool is_fast) const {
    const Host* const host = mirrors_[thief].host; // A second connection is often no better.
    const bool is_vain = host == mirrors_[range.mirror].host &&
                         (host->bytes_per_second == 0 || is_fast || range.brought == 0);
    return !is_vain && range.can_be_cut && !range.is_paused && !range.rest.empty() &&
           mirrors_[thief].trust <= mirrors_[range.mirror].trust;
}

FileSchedule::Order FileSchedule::take_over(const TakeOver& how, Clock::time_point now) {
    RunningRange& range = running_.at(how.victim);
    const bool is_silent = is_in_doubt(range, now);
    const Cut cut{how.victim, how.at, range.mirror, is_silent ? 0 : rate_of(range, now),
                  how.is_slow || is_silent};
    if (how.at) {
        for (const Piece& piece : cut_tail(range.rest, *how.at)) {
            gaps_.give_back(piece);
        }
    } else {
        close(how, now);
    }
    Order order = start(how.thief, take_for(how.thief, now), now);
    order.cut = cut;
    return order;
}

/// The victim brings nothing more. Its mirror is not asked at once again, unless it is the thief's
/// or sends on another connection: then only this one was bad. Whoever was too slow with a byte may
/// be so again: the next wait for one is twice as long.
void FileSchedule::close(const TakeOver& how, Clock::time_point now) {
    const RunningRange& range = running_.at(how.victim);
    const bool is_silent = rate_of(range, now) == 0;
    Mirror& mirror = mirrors_[range.mirror];
    Host& host = *mirror.host;
    const bool was_worthwhile = range.brought >= worthwhile_bytes;
    const bool host_sends = was_worthwhile && now - host.heard_at < doubt_limit(host);
    const bool is_early = !is_silent && is_in_doubt(range, now);
    mirror.failures = was_worthwhile ? 0 : mirror.failures;
    if (!range.meter.heard_at()) {
        const Clock::duration waited = now - range.started;
        host.first_byte_after =
            std::max(host.first_byte_after, waited * 2 / answer_patience_factor);
    } else if (!was_worthwhile || (is_early && !host_sends)) {
        host.worst_gap = std::max(host.worst_gap, range.silent_for(now) / 5);
    }
    cancelled(how.victim);
    if (mirror.host == mirrors_[how.thief].host) {
        return;
    }
    if (is_silent && host_sends) {
        shrink(host, Load::busy, now);
    } else if (is_silent) {
        take_silence(mirror, now);
    } else if (how.is_slow) {
        mirror.retry_at = std::max(mirror.retry_at, now + rest_of_late);
    }
}

/// Near the end a mirror gets no more than its share of what is left.
std::vector<Piece> FileSchedule::take_for(std::size_t index, Clock::time_point now) {
    const Mirror& mirror = mirrors_[index];
    if (!mirror.can_ranges || is_local(mirror)) {
        return gaps_.take_all();
    }
    if (const std::uint64_t wanted = std::exchange(first_end_, 0); wanted > 0) {
        if (const std::optional<Piece> end = gaps_.take_end(size_, wanted)) {
            return {*end};
        }
    }
    if (!is_spread()) {
        return {gaps_.take(largest_piece(size_))};
    }
    const double mine = mirror.host->bytes_per_second;
    double total = mine;
    for (const auto& [id, range] : running_) {
        total += rate_of(range, now);
    }
    for (const Mirror& other : mirrors_) {
        const bool is_free = other.host != mirror.host && other.host->in_flight == 0 &&
                             std::max(other.retry_at, other.host->parked_until) <= now;
        total += is_free && !is_barred(other) ? other.host->bytes_per_second : 0;
    }
    const double share = total > 0 ? mine / total : 1;
    const auto fair = static_cast<std::uint64_t>(share * static_cast<double>(sum(gaps_.pieces())));
    return {gaps_.take(std::clamp(fair, mebibyte, piece_of_host(*mirror.host)))};
}

FileSchedule::Order FileSchedule::start(std::size_t mirror, std::vector<Piece> pieces,
                                        Clock::time_point now) {
    Host& host = *mirrors_[mirror].host;
    const bool shares = is_small() && fetch::shares_connection(host);
    ++count_of(host, shares);
    const Id id = ++last_id_;
    running_.emplace(
        id, RunningRange{mirror, pieces, {}, now, false, !is_local(mirrors_[mirror]), shares});
    return {id, mirror, std::move(pieces), std::nullopt};
}

namespace {

bool is_local(const Mirror& mirror) {
    return has_scheme(mirror.url, "file");
}

double delay_of(const Host& host) {
    const double known = seconds_of(host.first_byte_after);
    return known > 0 ? known : guessed_delay_seconds;
}

} // namespace

} // namespace envpm::fetch
