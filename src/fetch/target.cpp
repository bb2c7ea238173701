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

/// A try that brought this much was worth it, however it ended: a server that breaks off every
/// connection still gives the whole file in the end.
constexpr std::uint64_t worthwhile_bytes = mebibyte;

/// The directory of a ZIP file with 12,000 members takes 1.4 MB.
constexpr std::uint64_t end_bytes = 3 * mebibyte;

bool is_whole(const std::filesystem::path& path, const Download& download);
std::uint64_t sum(const std::vector<Piece>& pieces);

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
      strand_(context.pool) {
    for (const std::string& url : download.urls) {
        Mirror mirror;
        mirror.url = url;
        mirror.host = &context.hosts.at(host_of(url));
        mirrors_.push_back(std::move(mirror));
    }
}

Target::~Target() {
    close();
}

OpenFile Target::as_open_file() const {
    const bool wants = phase_ == Phase::fetching && !gaps_.empty() && !is_exhausted();
    return {download_.size_bytes, wants, static_cast<int>(in_flight())};
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
    if (is_whole(path, download_)) {
        found.state = Opened::State::whole;
        return found;
    }
    part_ = PartFile::open(context_.folder, download_.size_bytes, download_.sha256, context_.stop);
    if (!part_) {
        found.state = Opened::State::locked;
        return found;
    }
    // Another process may have ended it between the look and the lock.
    if (is_whole(path, download_)) {
        part_->discard();
        part_.reset();
        found.state = Opened::State::whole;
        return found;
    }
    found.was_damaged = ::unlink(path.c_str()) == 0;
    found.present = part_->present();
    for (const Mirror& mirror : mirrors_) {
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
    gaps_ = Gaps(download_.size_bytes, found.present);
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
    wake_at_.reset();
    const MirrorChoice choice = choose_mirror(mirrors_, now, present_bytes_);
    if (const auto* const wait = std::get_if<WaitForMirror>(&choice)) {
        wake_at_ = wait->until;
        return false;
    }
    const auto* const use = std::get_if<UseMirror>(&choice);
    if (use == nullptr || must_settle_for(use->index)) {
        return false;
    }
    const Mirror& mirror = mirrors_[use->index];
    if (!mirror.can_ranges && in_flight() > 0) {
        return false;
    }
    announce(use->index);
    if (const std::optional<std::filesystem::path> from = file_of(mirror.url)) {
        start_copy(use->index, *from);
    } else if (mirror.can_ranges) {
        start_http(use->index, {next_piece()});
    } else {
        start_http(use->index, gaps_.take_all());
    }
    return true;
}

Piece Target::next_piece() {
    const bool wants_end = download_.first == Download::First::end &&
                           download_.size_bytes >= smallest_split_file &&
                           !std::exchange(end_asked_, true);
    const std::optional<Piece> end =
        wants_end ? gaps_.take_end(download_.size_bytes, end_bytes) : std::nullopt;
    return end ? *end : gaps_.take(largest_piece(download_.size_bytes));
}

/// Once bytes of several mirrors together proved wrong, only one at a time may contribute.
bool Target::must_settle_for(std::size_t mirror) {
    if (!one_mirror_only_ || sole_mirror_ == mirror) {
        return false;
    }
    if (in_flight() > 0) {
        return true;
    }
    sole_mirror_ = mirror;
    if (present_bytes_ == 0) {
        return false;
    }
    drop(~(1U << source_numbers_[mirror]));
    return true;
}

void Target::announce(std::size_t mirror) {
    if (!news_mirror_) {
        return;
    }
    if (*news_mirror_ != mirror) {
        context_.progress.note(fmt::format("{}: {}; going on with `{}`", download_.label, news_,
                                           mirrors_[mirror].host->name));
    } else {
        context_.progress.trace(fmt::format("{}: {}; trying again", download_.label, news_));
    }
    news_mirror_.reset();
}

void Target::start_http(std::size_t mirror, std::vector<Piece> pieces) {
    RangeTransfer::Request request;
    request.url = mirrors_[mirror].url;
    request.size = download_.size_bytes;
    const bool whole = !mirrors_[mirror].can_ranges || pieces.front().count == request.size;
    request.how = whole ? AskedBytes::How::whole : AskedBytes::How::ranged;
    request.wanted = std::move(pieces);
    TransferHooks hooks;
    hooks.write = [this, mirror](const FilledBuffer& filled) { write(mirror, filled); };
    hooks.take_everything = [this]() -> std::optional<std::vector<Piece>> {
        return in_flight() == 1 ? std::optional(gaps_.take_all()) : std::nullopt;
    };
    hooks.ended = [this](const RangeTransfer& transfer, const TransferReport& report) {
        ended(transfer, report);
    };
    ++mirrors_[mirror].host->in_flight;
    running_.push_back(
        {mirror, std::make_unique<RangeTransfer>(std::move(request), context_.loop,
                                                 context_.buffers, std::move(hooks))});
    running_.back().transfer->start();
}

void Target::start_copy(std::size_t mirror, const std::filesystem::path& from) {
    ++copies_;
    ++mirrors_[mirror].host->in_flight;
    on_file([this, mirror, from, source = source_numbers_[mirror], pieces = gaps_.take_all(),
             generation = generation_]() -> Answer {
        const std::uint64_t wanted = sum(pieces);
        LocalCopy copy = copy_pieces(from, pieces, *part_, source, context_.stop);
        TransferReport report;
        report.rest = std::move(copy.rest);
        report.failure = std::move(copy.failure);
        report.brought_bytes = wanted - sum(report.rest);
        return [this, mirror, report = std::move(report), generation] {
            --copies_;
            --mirrors_[mirror].host->in_flight;
            if (phase_ != Phase::fetching || generation != generation_) {
                return;
            }
            present_bytes_ += report.brought_bytes;
            show_progress();
            settle_account(mirror, report);
        };
    });
}

void Target::write(std::size_t mirror, const FilledBuffer& filled) {
    on_file([this, filled, source = source_numbers_[mirror], generation = generation_]() -> Answer {
        try {
            part_->append(filled.offset, filled.buffer.first(filled.count), source);
        } catch (...) {
            context_.loop.post([this, filled] { context_.buffers.give_back(filled.buffer); });
            throw;
        }
        return [this, filled, generation] { wrote(filled, generation); };
    });
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

void Target::ended(const RangeTransfer& transfer, const TransferReport& report) {
    const auto found = std::find_if(running_.begin(), running_.end(), [&](const Running& running) {
        return running.transfer.get() == &transfer;
    });
    ENVPM_ASSERT(found != running_.end());
    const std::size_t mirror = found->mirror;
    --mirrors_[mirror].host->in_flight;
    running_.erase(found);
    settle_account(mirror, report);
}

void Target::settle_account(std::size_t mirror, const TransferReport& report) {
    for (const Piece& piece : report.rest) {
        gaps_.give_back(piece);
    }
    mirrors_[mirror].can_ranges = mirrors_[mirror].can_ranges && report.can_ranges;
    if (report.failure) {
        judge_failure(mirror, report);
    } else {
        take_success(mirrors_[mirror]);
    }
    if (phase_ == Phase::fetching) {
        go_on();
    }
}

void Target::judge_failure(std::size_t mirror_index, const TransferReport& report) {
    const Failure& failure = *report.failure;
    news_ = failure.reason;
    news_mirror_ = mirror_index;
    const bool worthwhile = report.brought_bytes >= worthwhile_bytes && !one_mirror_only_;
    fruitless_tries_ += worthwhile ? 0 : cost_of(failure.kind);
    Mirror& mirror = mirrors_[mirror_index];
    take_failure(mirror, failure,
                 report.how == AskedBytes::How::ranged ? AskedFor::part : AskedFor::whole,
                 Clock::now(), context_.backoff.pause(mirror.failures + 1));
    if (failure.kind == FailureClass::poison) {
        drop(1U << source_numbers_[mirror_index]);
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
            gaps_ = Gaps(download_.size_bytes, present);
            present_bytes_ = sum(present);
            phase_ = Phase::fetching;
            tell(present);
            go_on();
        };
    });
}

bool Target::is_exhausted() const {
    return fruitless_tries_ >= tries_per_file(mirrors_.size()) || all_barred(mirrors_);
}

void Target::go_on() {
    if (in_flight() > 0) {
        return;
    }
    if (gaps_.empty()) {
        verify();
    } else if (is_exhausted()) {
        give_up();
    }
}

void Target::verify() {
    phase_ = Phase::verifying;
    on_file([this]() -> Answer {
        if (part_->is_proven(context_.stop)) {
            part_->publish(final_path(context_.folder, download_.sha256));
            part_.reset();
            return [this] { finish(); };
        }
        return [this, sources = part_->sources()] { distrust(sources); };
    });
}

/// The bytes are all there and their sha256 is wrong. One source: it is the liar. Several: any of
/// them may be, so everything is fetched again from one mirror alone, those not used so far first;
/// whoever fails that way is barred for good.
void Target::distrust(std::uint32_t sources) {
    const bool one_source = (sources & (sources - 1)) == 0;
    for (std::size_t i = 0; i < mirrors_.size(); ++i) {
        Mirror& mirror = mirrors_[i];
        if ((sources & (1U << source_numbers_[i])) == 0 || mirror.trust == Trust::barred) {
            continue;
        }
        mirror.trust = one_source ? Trust::barred : Trust::suspect;
        mirror.last_failure = FailureClass::poison;
        mirror.reason = fmt::format("`{}` sent wrong bytes: the sha256 is not that of the file",
                                    mirror.host->name);
        news_ = mirror.reason;
        news_mirror_ = i;
    }
    one_mirror_only_ = one_mirror_only_ || !one_source;
    sole_mirror_.reset();
    drop(~0U);
}

void Target::finish() {
    phase_ = Phase::done;
    present_bytes_ = download_.size_bytes;
    show_progress();
}

void Target::give_up() {
    fail(error_of(download_.label, mirrors_));
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
    std::vector<Running> running = std::exchange(running_, {});
    for (const Running& one : running) {
        --mirrors_[one.mirror].host->in_flight;
        for (const Piece& piece : one.transfer->cancel().rest) {
            gaps_.give_back(piece);
        }
    }
}

void Target::resume_paused() {
    for (const Running& one : running_) {
        one.transfer->resume_if_paused();
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
}

/// Runs a task on the strand and its answer on the loop. After the disk has failed once, the
/// file's later tasks are skipped: the bytes before theirs are missing.
void Target::on_file(std::function<Answer()> task) {
    strand_.post([this, task = std::move(task)] {
        Answer answer;
        try {
            if (!broken_) {
                answer = task();
            }
        } catch (const Error& error) {
            abandon_file();
            answer = [this, error] { fail(error); };
        } catch (const std::exception& error) {
            abandon_file();
            answer = [this, words = std::string(error.what())] {
                fail(Error({"cannot store a file: " + words, download_.label, {}}));
            };
        }
        if (answer) {
            context_.loop.post(std::move(answer));
        }
    });
}

/// On the strand, after a failure of the disk. The map may find no room either; then the one of
/// half a second ago stands.
void Target::abandon_file() noexcept {
    broken_ = true;
    try {
        if (part_) {
            part_->save();
        }
    } catch (...) {
        broken_ = true;
    }
    part_.reset();
}

void Target::show_progress() {
    if (present_bytes_ > shown_bytes_) {
        context_.progress.advance(present_bytes_ - shown_bytes_);
        shown_bytes_ = present_bytes_;
    }
}

namespace {

bool is_whole(const std::filesystem::path& path, const Download& download) {
    std::error_code absent;
    return std::filesystem::file_size(path, absent) == download.size_bytes && !absent &&
           sha256_of_file(path) == download.sha256;
}

std::uint64_t sum(const std::vector<Piece>& pieces) {
    std::uint64_t total = 0;
    for (const Piece& piece : pieces) {
        total += piece.count;
    }
    return total;
}

} // namespace

} // namespace envpm::fetch
