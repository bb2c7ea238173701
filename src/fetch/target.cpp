#include "fetch/target.h"

#include "base/assert.h"
#include "fetch/local_copy.h"
#include "fetch/mirror_words.h"
#include "fetch/url.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace envpm::fetch {

namespace {

constexpr std::chrono::milliseconds lock_poll{100};

/// The directory of a ZIP file with 12,000 members takes 1.4 MB.
constexpr std::uint64_t end_bytes = 3 * mebibyte;

std::vector<Mirror> mirrors_of(const Download& download, Hosts& hosts);

} // namespace

/// What `look` found on disk.
struct Target::Opened {
    enum class State { whole, locked, partial } state = State::partial;
    bool was_damaged = false; ///< a file of the final name was there with other bytes
    std::vector<Piece> present;
    std::vector<std::uint32_t> source_numbers;
};

Target::Target(const Download& download, DownloadContext& context, TargetEvents events)
    : download_(download),
      context_(context),
      events_(std::move(events)),
      schedule_(download.size_bytes, mirrors_of(download, context.hosts),
                download.first == Download::First::end ? end_bytes : 0),
      slowness_told_(download.urls.size()),
      strand_(context.pool) {}

Target::~Target() {
    close();
}

OpenFile Target::as_open_file() const {
    const bool asks = phase_ == Phase::fetching && !is_exhausted();
    return {download_.size_bytes, asks && schedule_.has_gaps(), schedule_.in_flight(),
            asks && schedule_.wants_more()};
}

void Target::open() {
    phase_ = Phase::opening;
    wake_at_.reset();
    on_file([this]() -> Answer { return [this, found = look()] { opened(found); }; });
}

/// On the strand.
Target::Opened Target::look() {
    Opened found;
    const std::filesystem::path path = final_path(context_.folder, download_.sha256);
    if (is_whole(path, download_.size_bytes, download_.sha256)) {
        found.state = Opened::State::whole;
        return found;
    }
    part_ = PartFile::open(context_.folder, download_.size_bytes, download_.sha256, context_.stop);
    if (!part_) {
        found.state = Opened::State::locked;
        return found;
    }
    // Another process may have ended it between the look and the lock.
    if (is_whole(path, download_.size_bytes, download_.sha256)) {
        part_->discard();
        part_.reset();
        found.state = Opened::State::whole;
        return found;
    }
    found.was_damaged = ::unlink(path.c_str()) == 0;
    found.present = part_->present();
    for (const Mirror& mirror : schedule_.mirrors()) {
        found.source_numbers.push_back(part_->source_number(source_name(mirror)));
    }
    return found;
}

void Target::opened(const Opened& found) {
    if (found.was_damaged) {
        context_.progress.note(
            fmt::format("the stored file of {} was damaged: fetching it again", download_.label));
    }
    if (found.state == Opened::State::whole) {
        finish();
        return;
    }
    if (found.state == Opened::State::locked) {
        if (!std::exchange(wait_noted_, true)) {
            context_.progress.note(
                fmt::format("another process is fetching {}: waiting for it", download_.label));
        }
        phase_ = Phase::waiting;
        wake_at_ = Clock::now() + lock_poll;
        return;
    }
    source_numbers_ = found.source_numbers;
    schedule_.begin(found.present);
    present_bytes_ = sum(found.present);
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
                                           mirrors()[mirror].host->name));
    } else {
        context_.progress.trace(fmt::format("{}: {}; trying again", download_.label, news_));
    }
    news_mirror_.reset();
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
    RangeTransfer::Request request;
    request.url = mirror.url;
    request.size = download_.size_bytes;
    const bool whole = !mirror.can_ranges || order.pieces.front().count == request.size;
    request.how = whole ? AskedBytes::How::whole : AskedBytes::How::ranged;
    request.wanted = order.pieces;
    request.entity_tag = mirror.keeps_tag ? mirror.entity_tag : std::string();
    request.stall_after = stall_limit(*mirror.host, context_.stall_timeout);
    TransferHooks hooks;
    hooks.write = [this, at = order.mirror](const FilledBuffer& filled) { write(at, filled); };
    hooks.received = [this, id = order.id](std::uint64_t all, std::uint64_t wanted) {
        schedule_.received(id, {wanted, all}, Clock::now());
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
    on_file([this, order, from, source = source_numbers_[order.mirror],
             generation = generation_]() -> Answer {
        const std::uint64_t wanted = sum(order.pieces);
        LocalCopy copy = copy_pieces(from, order.pieces, *part_, source, context_.stop);
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
                show_progress();
                settle_account(id, mirror, report);
            };
    });
}

void Target::write(std::size_t mirror, const FilledBuffer& filled) {
    const auto append = [this, filled, source = source_numbers_[mirror],
                         generation = generation_]() -> Answer {
        part_->append(filled.offset, filled.buffer.first(filled.count), source);
        return [this, filled, generation] { wrote(filled, generation); };
    };
    on_file(append, [this, filled] { context_.buffers.give_back(filled.buffer); });
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
        end.pause = context_.backoff.pause(was_worthwhile ? 1 : mirror.failures + 1);
    }
    count_try(report.brought_bytes, report.failure ? cost_of(report.failure->kind) : 0);
    take_entity_tag(mirror, report.entity_tag);
    schedule_.ended(id, end, Clock::now());
    if (report.failure && report.failure->kind == FailureClass::poison) {
        blame(1U << source_numbers_[index]);
        drop(1U << source_numbers_[index]);
    }
    if (phase_ == Phase::fetching) {
        go_on();
    }
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
    if (events_.dropped) {
        events_.dropped();
    }
    on_file([this, sources]() -> Answer {
        part_->drop(sources);
        return [this, present = part_->present()] {
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
    if (schedule_.in_flight() > 0) {
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
    on_file([this]() -> Answer {
        if (part_->is_proven(context_.stop)) {
            const std::uint32_t liars = part_->liars();
            part_->publish(final_path(context_.folder, download_.sha256));
            part_.reset();
            return [this, liars] {
                blame(liars);
                finish();
            };
        }
        return [this, sources = part_->sources()] { distrust(sources); };
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
    on_file([this]() -> Answer {
        if (part_->present().empty()) {
            part_->discard();
        } else {
            part_->save();
        }
        part_.reset();
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
        on_file([this]() -> Answer {
            if (part_) {
                part_->save();
            }
            return {};
        });
    } catch (...) {
        // The map of half a second ago stands: a little is fetched twice.
    }
    strand_.wait();
    schedule_.cancel_all();
}

/// Runs a task on the strand and its answer on the loop. After the disk has failed once, the
/// file's later tasks are skipped, since the bytes before theirs are missing. If the task failed
/// or was skipped, `without` is the answer.
void Target::on_file(std::function<Answer()> task, Answer without) {
    strand_.post([this, task = std::move(task), without = std::move(without)] {
        Answer answer = without;
        try {
            if (!broken_) {
                answer = task();
            }
        } catch (const Error& error) {
            abandon_file(error);
        } catch (const std::exception& error) {
            const std::string words = error.what();
            abandon_file(Error({"cannot store a file: " + words, download_.label, {}}));
        }
        if (answer) {
            context_.loop.post(std::move(answer));
        }
    });
}

/// On the strand, after a failure of the disk. The map may find no room either; then the one of
/// half a second ago stands.
void Target::abandon_file(const Error& failure) {
    broken_ = true;
    try {
        if (part_) {
            part_->save();
        }
    } catch (...) {
        broken_ = true;
    }
    part_.reset();
    context_.loop.post([this, failure] { fail(failure); });
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
