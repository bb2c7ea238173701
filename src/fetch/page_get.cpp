#include "fetch/page_get.h"

#include "fetch/local_page.h"
#include "fetch/mirror_words.h"
#include "fetch/response.h"
#include "fetch/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace envpm::fetch {

namespace {

constexpr std::uint64_t small_bytes = 64U << 20U;
constexpr long small_buffer_bytes = 64L << 10U;      ///< there are many, and most send less
constexpr std::uint64_t most_room_ahead = 1U << 20U; ///< whatever length a server promises
constexpr int status_whole = 200;
constexpr int least_error_status = 400;

} // namespace

Page::Page(std::size_t number, HttpRequest request, GetContext& context)
    : number_(number),
      request_(std::move(request)),
      context_(context),
      host_(context.hosts.at(host_of(request_.url))) {
    if (const auto file = file_of(request_.url)) {
        response_ = read_local_page(request_, *file);
        is_over_ = true;
    } else if (request_.range && !range_field(*request_.range)) {
        finish(fmt::format("`{}`: no bytes were asked for", shown_url(request_.url)));
    }
}

int Page::weight() const {
    const std::uint64_t most = request_.range ? request_.range->count : request_.limit_bytes;
    return most <= small_bytes ? 1 : large_weight;
}

Clock::time_point Page::start_at() const {
    return std::max(retry_at_, host_.parked_until);
}

bool Page::give_up_if_refused() {
    if (!host_.refusal.empty() && !is_over_) {
        finish(host_.refusal);
    }
    return is_over_;
}

void Page::start() {
    ++tries_;
    place_.emplace(host_);
    response_ = {};
    body_bytes_.reset();
    refusal_.clear();
    Transfer transfer;
    transfer.url = request_.url;
    transfer.headers = request_.headers;
    transfer.protocol = Transfer::Protocol::any;
    transfer.buffer_bytes = weight() == 1 ? small_buffer_bytes : transfer.buffer_bytes;
    if (request_.range) {
        transfer.range = range_field(*request_.range).value_or("");
        transfer.headers.emplace_back("Accept-Encoding: identity");
    } else {
        transfer.headers.emplace_back("Accept-Encoding: gzip");
    }
    started_at_ = Clock::now();
    heard_at_ = started_at_;
    context_.loop.start(transfer, *this);
}

void Page::tell_if_quiet(Clock::time_point now) {
    if (is_running() && now >= quiet_at()) {
        tell(now, 2 * context_.quiet_time, words_of_silence(request_.url, now - heard_at_));
    }
}

void Page::tell(Clock::time_point now, Clock::duration pause, const std::string& what) {
    if (context_.events.wait && take_turn_to_tell(host_, pause, now)) {
        context_.events.wait(what);
    }
}

void Page::begin_reading(HttpFollower& follower, TaskGroup* readers, SpareRoom& spare) {
    is_reading_ = true;
    if (readers == nullptr) {
        read(follower, spare);
        return;
    }
    const auto size_first = ~static_cast<std::uint64_t>(response_.body.size());
    readers->run(
        [this, &follower, &spare, &loop = context_.loop] {
            read(follower, spare);
            loop.wake();
        },
        size_first);
}

/// After the last line the page may be gone.
void Page::read(HttpFollower& follower, SpareRoom& spare) noexcept {
    try {
        unpack(spare);
        if (!damage_) {
            follower.read(number_, response_);
            spare.keep(response_.body);
            response_ = {};
        }
    } catch (...) {
        failure_ = std::current_exception();
    }
    is_read_ = true;
}

/// By whoever reads it: the network's thread has enough to do, and what waits to be read waits
/// small.
void Page::unpack(SpareRoom& spare) {
    if (encoding_.empty() || response_.body.empty() || !response_.error.empty()) {
        return;
    }
    const bool is_gzip = encoding_ == "gzip" || encoding_ == "x-gzip";
    const Gunzip outcome =
        is_gzip ? spare.unpack(response_.body, request_.limit_bytes) : Gunzip::damaged;
    if (outcome == Gunzip::too_long) {
        response_.error = too_long(); // all else is the network's thread's
    } else if (outcome == Gunzip::damaged && response_.status >= least_error_status) {
        response_.body.clear(); // that it is an error is the answer
    } else if (outcome == Gunzip::damaged) {
        // What was not asked for comes again.
        damage_ = Failure{is_gzip ? FailureClass::transient : FailureClass::absent,
                          fmt::format("`{}` sent compressed bytes ({}) that cannot be unpacked",
                                      place_name(response_.url), encoding_),
                          std::nullopt};
    }
}

bool Page::retry_if_damaged() {
    const std::optional<Failure> damage = std::exchange(damage_, std::nullopt);
    if (damage) {
        is_over_ = false;
        is_reading_ = false;
        is_read_ = false;
        fail(*damage);
    }
    return damage.has_value();
}

/// What is too long is stopped before its body, if the server says how long it is. So is a whole
/// file of unknown length in answer to a range: whoever wants it asks for it.
Flow Page::head(const ResponseHead& head) {
    take_head(head);
    const bool is_too_long = head.content_length.value_or(0) > request_.limit_bytes;
    const bool is_unasked = request_.range && !head.content_length;
    if (refusal_.empty() && head.status == status_whole && (is_too_long || is_unasked)) {
        refusal_ = is_too_long ? too_long()
                               : fmt::format("`{}` sends all of a file, and not how long it is",
                                             place_name(response_.url));
    }
    return refusal_.empty() ? Flow::go_on : Flow::stop;
}

void Page::take_head(const ResponseHead& head) {
    response_.status = head.status;
    response_.url = head.url;
    response_.content_type = head.content_type;
    response_.etag = head.etag;
    response_.last_modified = head.last_modified;
    response_.cache_control = head.cache_control;
    if (!head.is_redirected) {
        host_.multiplexes = head.is_multiplexed;
    }
    JudgedRange judged = judge_get(request_.range, head);
    response_.range_first = judged.first;
    response_.total_bytes = judged.total;
    body_bytes_ = judged.body_bytes;
    refusal_ = std::move(judged.error);
    encoding_ = encoding_of(head);
    response_.body.reserve(
        std::min({head.content_length.value_or(0), request_.limit_bytes, most_room_ahead}));
}

Flow Page::body(std::span<const std::byte> bytes) {
    heard_at_ = Clock::now();
    host_.step_bytes += heard_at_ >= host_.step_at ? bytes.size() : 0;
    if (bytes.size() > request_.limit_bytes - response_.body.size()) {
        refusal_ = too_long();
        return Flow::stop;
    }
    response_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Flow::go_on;
}

void Page::done(const TransferEnd& end) {
    place_.reset();
    if (end.head.status != 0 && !end.stopped) {
        take_head(end.head);
    }
    if (!refusal_.empty()) {
        finish(refusal_);
        return;
    }
    const std::optional<Failure> failure = judge(end);
    if (failure) {
        fail(*failure);
    } else if (load_of_status(end.head.status) == Load::refused) {
        const std::string reason =
            fmt::format("`{}` answered {}", place_name(end.head.url), end.head.status);
        take_refusal(host_, {FailureClass::absent, reason, std::nullopt, Load::refused},
                     Clock::now(), {});
        finish({});
    } else {
        grow_pages(host_, Clock::now());
        take_success(host_, Clock::now());
        finish({});
    }
}

/// It is asked for again, unless that is in vain or was done often enough.
void Page::fail(const Failure& failure) {
    const Clock::time_point now = Clock::now();
    cost_ += cost_of(failure.kind);
    const bool is_lost = failure.kind == FailureClass::unreachable;
    shrink(host_, is_lost ? Load::busy : failure.load, now);
    const Clock::duration pause = context_.backoff.pause(std::max(tries_, host_.refusals + 1));
    take_refusal(host_, failure, now, pause);
    const bool may_pass = is_lost || failure.kind == FailureClass::transient;
    if (!may_pass || cost_ >= tries_per_request) {
        finish(tries_ > 1 ? fmt::format("{} ({} tries)", failure.reason, tries_) : failure.reason);
        return;
    }
    retry_at_ = now + pause;
    if (now - started_at_ >= context_.quiet_time) { // what is over at once is nobody's concern
        tell(now, context_.quiet_time, failure.reason + ": trying again");
    }
}

/// What may pass, of a response or of its absence. 404 and the like are answers.
std::optional<Failure> Page::judge(const TransferEnd& end) {
    if (end.failure) {
        return end.failure;
    }
    const int status = end.head.status;
    if (status >= least_error_status && class_of_status(status) == FailureClass::transient) {
        Failure failure{FailureClass::transient,
                        fmt::format("`{}` answered {}", place_name(end.head.url), status),
                        parse_retry_after(end.head.retry_after, std::chrono::system_clock::now()),
                        load_of_status(status)};
        if (failure.retry_after && *failure.retry_after > longest_retry_after) {
            failure.kind = FailureClass::absent;
            failure.reason += fmt::format(" and asks to wait {} s", failure.retry_after->count());
        }
        return failure;
    }
    if (body_bytes_ && response_.body.size() != *body_bytes_) {
        return Failure{FailureClass::transient,
                       fmt::format("`{}` ended a part after {} of {} bytes",
                                   place_name(end.head.url), response_.body.size(), *body_bytes_),
                       std::nullopt};
    }
    return std::nullopt;
}

std::string Page::too_long() const {
    return fmt::format("`{}` sends more than {} bytes", place_name(response_.url),
                       request_.limit_bytes);
}

void Page::finish(std::string error) {
    is_over_ = true;
    response_.error = std::move(error);
    if (!response_.error.empty() && response_.status < least_error_status) {
        response_.body.clear();
    }
}

} // namespace envpm::fetch
