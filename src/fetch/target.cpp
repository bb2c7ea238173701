#include "fetch/target.h"

#include "base/lock_holder.h"
#include "fetch/local_copy.h"
#include "fetch/mirror_words.h"
#include "fetch/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace envpm::fetch {

namespace {

constexpr std::chrono::milliseconds lock_poll{100};

/// The directory of a ZIP file with 12,000 members takes 1.4 MB.
constexpr std::uint64_t end_bytes = 3 * mebibyte;

std::vector<Mirror> mirrors_of(const Download& download, Hosts& hosts);

} // namespace

Target::Target(const Download& download, DownloadContext& context, TargetEvents events)
    : download_(download),
      context_(context),
      events_(std::move(events)),
      schedule_(download.size_bytes, mirrors_of(download, context.hosts),
                download.first == Download::First::end ? end_bytes : 0),
      slowness_told_(download.urls.size()),
      part_(download_, context.folder, context.loop, context.pool, context.hash_pairs, context.stop,
            [this](const Error& failure) { fail(failure); }) {}

Target::~Target() {
    close();
}

OpenFile Target::as_open_file() const {
    const bool asks = phase_ == Phase::fetching && !is_exhausted();
    return {download_.size_bytes, asks && schedule_.has_gaps(), schedule_.in_flight(),
            asks && schedule_.wants_more(), schedule_.may_share_connection()};
}

void Target::open() {
    phase_ = Phase::opening;
    wake_at_.reset();
    std::vector<std::string> sources;
    for (const Mirror& mirror : schedule_.mirrors()) {
        sources.push_back(source_name(mirror));
    }
    part_.open(std::move(sources), [this](const PartFound& found) { opened(found); });
}

void Target::opened(const PartFound& found) {
    if (found.was_damaged) {
        context_.progress.note(
            fmt::format("the stored file of {} was damaged: fetching it again", download_.label));
    }
    if (found.state == PartFound::State::whole) {
        finish();
        return;
    }
    if (found.state == PartFound::State::locked) {
        if (!std::exchange(wait_noted_, true)) {
            context_.progress.note(
                fmt::format("another process is fetching {}: waiting for it{}", download_.label,
                            words_of_lock_holder(part_path(context_.folder, download_.sha256))));
        }
        phase_ = Phase::waiting;
        wake_at_ = Clock::now() + lock_poll;
        return;
    }
    source_numbers_ = found.source_numbers;
    for (std::size_t i = 0; i < found.entity_tags.size(); ++i) {
        // Of mirrors that share a number, such as two of one host, nobody knows whose it is.
        if (std::count(source_numbers_.begin(), source_numbers_.end(), source_numbers_[i]) == 1) {
            mirrors()[i].entity_tag = found.entity_tags[i];
        }
    }
    schedule_.begin(found.present);
    present_bytes_ = sum(found.present);
    contributed_ = found.present.empty() ? 0 : ~0U;
    heard_at_ = Clock::now();
    phase_ = Phase::fetching;
    if (present_bytes_ > 0) {
        context_.progress.trace(fmt::format("resume {}: {} of {} bytes are there", download_.label,
                                            present_bytes_, download_.size_bytes));
    }
    show_progress();
    tell(found.present);
    go_on();
}

bool Target::start_transfer(Clock::time_point now) {
    for (const auto& [id, transfer] : running_) {
        if (transfer->is_paused()) {
            schedule_.paused(id);
        }
    }
    if (must_settle(now)) {
        return false;
    }
    const std::optional<FileSchedule::Order> order = schedule_.next(now);
    if (order) {
        carry_out(*order);
    }
    return order.has_value();
}

/// Once bytes of several mirrors together proved wrong, only one at a time may contribute.
bool Target::must_settle(Clock::time_point now) {
    const MirrorChoice choice = one_mirror_only_ ? schedule_.choose(now) : MirrorChoice(NoMirror{});
    const auto* const use = std::get_if<UseMirror>(&choice);
    if (use == nullptr || sole_mirror_ == use->index) {
        return false;
    }
    if (schedule_.in_flight() > 0) {
        return true;
    }
    sole_mirror_ = use->index;
    if (present_bytes_ == 0) {
        return false;
    }
    drop(~(1U << source_numbers_[use->index]));
    return true;
}

void Target::carry_out(const FileSchedule::Order& order) {
    if (order.cut) {
        announce_cut(order);
        const auto victim = running_.find(order.cut->victim);
        if (order.cut->at) {
            victim->second->end_at(*order.cut->at);
        } else {
            const TransferReport report = victim->second->cancel();
            running_.erase(victim);
            count_try(report.brought_bytes, 1);
        }
    } else {
        announce(order.mirror);
    }
    const std::string& url = mirrors()[order.mirror].url;
    if (const std::optional<std::filesystem::path> from = file_of(url)) {
        start_copy(order, *from);
    } else {
        start_http(order);
    }
}

void Target::announce(std::size_t mirror) {
    if (!news_mirror_) {
        return;
    }
    if (*news_mirror_ != mirror) {
        context_.progress.note(fmt::format("{}: {}; going on with `{}`", download_.label, news_,
                                           place_name(mirrors()[mirror].url)));
    } else {
        const std::string line = fmt::format("{}: {}; trying again", download_.label, news_);
        const Clock::time_point now = Clock::now();
        if (now - heard_at_ >= context_.quiet_time &&
            take_turn_to_tell(*mirrors()[mirror].host, context_.quiet_time, now)) {
            context_.progress.note(line);
        } else {
            context_.progress.trace(line);
        }
    }
    news_mirror_.reset();
}

void Target::tell_if_quiet(Clock::time_point now) {
    const bool is_waiting = !running_.empty() &&
                            std::none_of(running_.begin(), running_.end(), [](const auto& running) {
                                return running.second->is_paused();
                            });
    if (!is_waiting || now - heard_at_ < context_.quiet_time) {
        return;
    }
    const Mirror& asked = mirrors()[last_asked_];
    if (take_turn_to_tell(*asked.host, 2 * context_.quiet_time, now)) {
        context_.progress.note(words_of_silence(asked.url, now - heard_at_));
    }
}

/// The user is told of a slow mirror once for each file; that ends are shared out is routine.
void Target::announce_cut(const FileSchedule::Order& order) {
    const FileSchedule::Cut& cut = *order.cut;
    const Mirror& slow = mirrors()[cut.mirror];
    const Mirror& other = mirrors()[order.mirror];
    const std::string line = words_of_cut(download_.label, slow, cut.bytes_per_second, other);
    if (cut.is_slow && slow.host != other.host && !slowness_told_[cut.mirror]) {
        slowness_told_[cut.mirror] = true;
        context_.progress.note(line);
    } else {
        context_.progress.trace(line);
    }
}

void Target::start_http(const FileSchedule::Order& order) {
    const Mirror& mirror = mirrors()[order.mirror];
    last_asked_ = order.mirror;
    heard_at_ = running_.empty() ? Clock::now() : heard_at_;
    RangeTransfer::Request request;
    request.url = mirror.url;
    request.size = download_.size_bytes;
    const bool whole = !mirror.can_ranges || order.pieces.front().count == request.size;
    request.how = whole ? AskedBytes::How::whole : AskedBytes::How::ranged;
    request.wanted = order.pieces;
    request.entity_tag = mirror.keeps_tag ? mirror.entity_tag : std::string();
    request.may_share = download_.size_bytes < small_file_bytes;
    request.stall_after = stall_limit(*mirror.host, context_.stall_timeout);
    TransferHooks hooks;
    hooks.answered = [this, at = order.mirror](const ResponseHead& head) { answered(at, head); };
    hooks.write = [this, at = order.mirror](const FilledBuffer& filled) { write(at, filled); };
    hooks.received = [this, id = order.id](std::uint64_t all, std::uint64_t wanted) {
        heard_at_ = Clock::now();
        schedule_.received(id, {wanted, all}, heard_at_);
    };
    hooks.take_everything = [this, id = order.id] { return schedule_.take_everything(id); };
    hooks.ended = [this, id = order.id, at = order.mirror](const RangeTransfer& /*transfer*/,
                                                           const TransferReport& report) {
        running_.erase(id);
        settle_account(id, at, report);
    };
    auto transfer = std::make_unique<RangeTransfer>(std::move(request), context_.loop,
                                                    context_.buffers, std::move(hooks));
    running_.emplace(order.id, std::move(transfer)).first->second->start();
}

void Target::start_copy(const FileSchedule::Order& order, const std::filesystem::path& from) {
    part_.post([this, order, from, source = source_numbers_[order.mirror],
                generation = generation_](std::optional<PartFile>& part) -> Answer {
        const std::uint64_t wanted = sum(order.pieces);
        LocalCopy copy = copy_pieces(from, order.pieces, *part, source, context_.stop);
        TransferReport report;
        report.rest = std::move(copy.rest);
        report.failure = std::move(copy.failure);
        report.brought_bytes = wanted - sum(report.rest);
        return
            [this, id = order.id, mirror = order.mirror, report = std::move(report), generation] {
                if (phase_ != Phase::fetching || generation != generation_) {
                    schedule_.cancelled(id);
                    return;
                }
                present_bytes_ += report.brought_bytes;
                contributed_ |= report.brought_bytes > 0 ? 1U << source_numbers_[mirror] : 0;
                show_progress();
                settle_account(id, mirror, report);
            };
    });
}

/// Its version is kept with its bytes, so that a run after a kill asks for more of the same.
void Target::answered(std::size_t mirror, const ResponseHead& head) {
    Mirror& one = mirrors()[mirror];
    if (download_.size_bytes < small_file_bytes) {
        one.host->multiplexes = head.is_multiplexed;
    }
    const std::string before = one.keeps_tag ? one.entity_tag : std::string();
    take_entity_tag(one, head.etag);
    const std::string now = one.keeps_tag ? one.entity_tag : std::string();
    if (now != before) {
        part_.post([name = source_name(one), now](std::optional<PartFile>& part) -> Answer {
            part->keep_entity_tag(name, now);
            return {};
        });
    }
}

void Target::write(std::size_t mirror, const FilledBuffer& filled) {
    contributed_ |= 1U << source_numbers_[mirror];
    const auto append = [this, filled, source = source_numbers_[mirror],
                         generation = generation_](std::optional<PartFile>& part) -> Answer {
        part->append(filled.offset, filled.buffer.first(filled.count), source);
        return [this, filled, generation] { wrote(filled, generation); };
    };
    part_.post(append, [this, filled] { context_.buffers.give_back(filled.buffer); });
}

void Target::wrote(const FilledBuffer& filled, std::uint64_t generation) {
    context_.buffers.give_back(filled.buffer);
    if (generation == generation_) {
        present_bytes_ += filled.count;
        show_progress();
        tell({{{filled.offset, filled.count}}});
    }
}

void Target::tell(std::span<const Piece> pieces) const {
    if (events_.arrived) {
        std::for_each(pieces.begin(), pieces.end(), events_.arrived);
    }
}

/// A try that brought little is fruitless, however it ended: closed by us, too.
void Target::count_try(std::uint64_t brought_bytes, int cost) {
    fruitless_tries_ += cost;
    if (brought_bytes >= worthwhile_bytes && !one_mirror_only_) {
        fruitless_tries_ = 0;
    }
}

void Target::settle_account(FileSchedule::Id id, std::size_t index, const TransferReport& report) {
    Mirror& mirror = mirrors()[index];
    FileSchedule::End end{report.rest, report.failure, AskedFor::whole, report.can_ranges, {}};
    end.asked = report.how == AskedBytes::How::ranged ? AskedFor::part : AskedFor::whole;
    const bool was_worthwhile = report.brought_bytes >= worthwhile_bytes;
    if (report.failure) {
        news_ = report.failure->reason;
        news_mirror_ = index;
        const int failures = std::max(mirror.failures, mirror.host->refusals);
        end.pause = context_.backoff.pause(was_worthwhile ? 1 : failures + 1);
    }
    count_try(report.brought_bytes, report.failure ? cost_of(report.failure->kind) : 0);
    schedule_.ended(id, end, Clock::now());
    if (report.failure && report.failure->kind == FailureClass::poison) {
        const std::uint32_t source = 1U << source_numbers_[index];
        blame(source);
        if ((contributed_ & source) != 0) { // else it was refused at its head, and nothing is void
            drop(source);
        }
    }
    go_on();
}

void Target::blame(std::uint32_t liars) {
    const std::uint32_t new_ones = liars & ~std::exchange(blamed_, blamed_ | liars);
    for (const std::string& host : fetch::blame(suspects(), new_ones)) {
        context_.progress.note(
            fmt::format("`{}` sent wrong bytes again: it is not asked any more", host));
    }
}

/// Drops what came from these sources and begins again with what is left.
void Target::drop(std::uint32_t sources) {
    stop_transfers();
    phase_ = Phase::settling;
    ++generation_;
    contributed_ &= ~sources;
    if (events_.dropped) {
        events_.dropped();
    }
    part_.post([this, sources](std::optional<PartFile>& part) -> Answer {
        part->drop(sources);
        return [this, present = part->present()] {
            schedule_.begin(present);
            present_bytes_ = sum(present);
            phase_ = Phase::fetching;
            tell(present);
            go_on();
        };
    });
}

bool Target::is_exhausted() const {
    return fruitless_tries_ >= tries_per_file(schedule_.mirrors().size()) ||
           all_barred(schedule_.mirrors());
}

void Target::go_on() {
    if (phase_ != Phase::fetching || schedule_.in_flight() > 0) {
        return;
    }
    if (!schedule_.has_gaps()) {
        verify();
    } else if (is_exhausted()) {
        fail(error_of(download_.label, mirrors()));
    }
}

void Target::verify() {
    phase_ = Phase::verifying;
    part_.post([this](std::optional<PartFile>& part) -> Answer {
        if (part->is_proven(context_.stop)) {
            const std::uint32_t liars = part->liars();
            part->publish(final_path(context_.folder, download_.sha256));
            part.reset();
            return [this, liars] {
                blame(liars);
                finish();
            };
        }
        return [this, sources = part->sources()] { distrust(sources); };
    });
}

/// The bytes are all there and their sha256 is wrong. One source: it is the liar. Several: what
/// came from the least trusted one is fetched again from the others. If that was not it, any of
/// them may be, so everything is fetched again from one mirror alone, those not used so far first;
/// whoever fails that way is barred for good.
void Target::distrust(std::uint32_t sources) {
    const bool one_source = (sources & (sources - 1)) == 0;
    const bool ask_again = !one_source && !std::exchange(has_asked_again_, true);
    const std::uint32_t guilty = ask_again ? least_trusted(suspects(), sources) : sources;
    const std::optional<std::size_t> last =
        fetch::distrust(suspects(), guilty, one_source ? Doubt::none : Doubt::some);
    news_mirror_ = last;
    news_ = last ? mirrors()[*last].reason : "";
    if (one_source) {
        blame(sources);
    }
    one_mirror_only_ = one_mirror_only_ || (!one_source && !ask_again);
    if (one_mirror_only_) {
        schedule_.forbid_mixing();
    }
    sole_mirror_.reset();
    drop(ask_again ? guilty : ~0U);
}

void Target::finish() {
    phase_ = Phase::done;
    present_bytes_ = download_.size_bytes;
    show_progress();
}

void Target::fail(Error error) {
    stop_transfers();
    phase_ = Phase::failed;
    error_ = std::move(error);
    part_.post([](std::optional<PartFile>& part) -> Answer {
        if (part->present().empty()) {
            part->discard();
        } else {
            part->save();
        }
        part.reset();
        return {};
    });
}

void Target::stop_transfers() {
    for (const auto& [id, transfer] : std::exchange(running_, {})) {
        transfer->cancel();
        schedule_.cancelled(id);
    }
}

void Target::resume_paused() {
    for (const auto& [id, transfer] : running_) {
        if (transfer->is_paused()) {
            schedule_.resumed(id, Clock::now());
            transfer->resume_if_paused();
        }
    }
}

void Target::close() noexcept {
    try {
        stop_transfers();
        part_.post([](std::optional<PartFile>& part) -> Answer {
            if (part) {
                part->save();
            }
            return {};
        });
    } catch (...) {
        // The map of half a second ago stands: a little is fetched twice.
    }
    part_.wait();
    schedule_.cancel_all();
}

void Target::show_progress() {
    if (present_bytes_ > shown_bytes_) {
        context_.progress.advance(present_bytes_ - shown_bytes_);
        shown_bytes_ = present_bytes_;
    }
}

namespace {

std::vector<Mirror> mirrors_of(const Download& download, Hosts& hosts) {
    std::vector<Mirror> mirrors;
    for (const std::string& url : download.urls) {
        Mirror mirror;
        mirror.url = url;
        mirror.host = &hosts.at(host_of(url));
        mirrors.push_back(std::move(mirror));
    }
    return mirrors;
}

} // namespace

} // namespace envpm::fetch
