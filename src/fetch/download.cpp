#include "fetch/download.h"

#include "base/waiting.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <utility>

namespace envpm::fetch {

namespace {

/// Each open file holds a descriptor.
constexpr std::size_t most_open_files = 64;
constexpr std::chrono::milliseconds longest_turn{1'000};

/// While so many bytes wait to be used, nothing more is asked for. What is dirty in memory for long
/// goes to the disk, so this is what a machine unpacks within a second or so.
constexpr std::uint64_t most_waiting_bytes = 256 * mebibyte;
constexpr std::chrono::milliseconds waiting_poll{20};

/// Of small files that share a connection so many may run in place of each transfer that has one of
/// its own.
constexpr int own_weight = 4;

/// One file, and the places in the list of downloads that ask for it.
struct Entry {
    std::unique_ptr<Target> target;
    std::vector<std::size_t> indexes;
    bool is_reported = false;
};

class Batch {
  public:
    Batch(DownloadContext& context, std::span<const Download> downloads,
          const DownloadEvents& events);
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;

    /// Saves what came: after success there is nothing to save, after Ctrl-C or a failure of the
    /// caller's there is.
    ~Batch();

    std::vector<std::optional<Error>> run(int most_at_once);

  private:
    TargetEvents events_of(std::size_t index) const;
    bool open_files(Clock::time_point now);
    Clock::time_point start_transfers(Clock::time_point now, int most_at_once);
    bool start_transfer(std::vector<OpenFile>& files, int weight, Clock::time_point now,
                        Clock::time_point& next);
    void report_ended();

    DownloadContext& context_;
    std::span<const Download> downloads_;
    const DownloadEvents& events_;
    std::vector<Entry> entries_;
    std::vector<std::optional<Error>> errors_;
};

int weight_of(const OpenFile& file);
int weight_of(const std::vector<OpenFile>& files);
bool is_open(Target::Phase phase);
bool is_over(Target::Phase phase);

} // namespace

std::vector<std::optional<Error>> run_downloads(DownloadContext& context,
                                                std::span<const Download> downloads,
                                                int most_at_once, const DownloadEvents& events) {
    return Batch(context, downloads, events).run(most_at_once);
}

namespace {

Batch::Batch(DownloadContext& context, std::span<const Download> downloads,
             const DownloadEvents& events)
    : context_(context),
      downloads_(downloads),
      events_(events),
      errors_(downloads.size()) {
    std::map<Sha256, std::size_t> entry_of;
    for (std::size_t i = 0; i < downloads.size(); ++i) {
        const auto [found, is_new] = entry_of.try_emplace(downloads[i].sha256, entries_.size());
        if (is_new) {
            entries_.push_back(
                {std::make_unique<Target>(downloads[i], context, events_of(i)), {}, false});
        }
        entries_[found->second].indexes.push_back(i);
    }
    std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
        return a.target->as_open_file().size > b.target->as_open_file().size;
    });
}

TargetEvents Batch::events_of(std::size_t index) const {
    TargetEvents events;
    if (events_.arrived) {
        events.arrived = [this, index, file = part_path(context_.folder, downloads_[index].sha256)](
                             const Piece& piece) {
            events_.arrived(index, {file, piece.first, piece.count});
        };
    }
    if (events_.dropped) {
        events.dropped = [this, index] { events_.dropped(index); };
    }
    return events;
}

Batch::~Batch() {
    for (const Entry& entry : entries_) {
        entry.target->close();
    }
    entries_.clear(); // what their ends post is dropped too
    context_.loop.drop_posted();
}

std::vector<std::optional<Error>> Batch::run(int most_at_once) {
    while (true) {
        throw_if_stopped(context_.stop, "what was fetched is kept: the same command goes on");
        report_ended();
        const Clock::time_point now = Clock::now();
        if (!open_files(now)) {
            return std::move(errors_);
        }
        const Clock::time_point next = start_transfers(now, most_at_once);
        context_.loop.turn(std::chrono::ceil<std::chrono::milliseconds>(next - now));
    }
}

/// Opens what may be open; false once every file is over.
bool Batch::open_files(Clock::time_point now) {
    std::size_t open_count = 0;
    bool some_left = false;
    for (const Entry& entry : entries_) {
        open_count += is_open(entry.target->phase()) ? 1U : 0U;
        some_left = some_left || !is_over(entry.target->phase());
    }
    for (const Entry& entry : entries_) {
        Target& target = *entry.target;
        const bool is_due = target.phase() == Target::Phase::closed ||
                            (target.phase() == Target::Phase::waiting && target.wake_at() <= now);
        if (is_due && open_count < most_open_files) {
            target.open();
            ++open_count;
        }
    }
    return some_left;
}

/// Fills the free connections; the answer is when to look again if nothing happens.
Clock::time_point Batch::start_transfers(Clock::time_point now, int most_at_once) {
    std::vector<OpenFile> files;
    const bool has_buffers = context_.buffers.available() > 1;
    Clock::time_point next = now + longest_turn;
    for (const Entry& entry : entries_) {
        entry.target->go_on();
        if (is_over(entry.target->phase()) && !entry.is_reported) {
            next = now;
        }
        files.push_back(entry.target->as_open_file());
        if (has_buffers) {
            entry.target->resume_paused();
        }
        entry.target->tell_if_quiet(now);
        if (entry.target->phase() == Target::Phase::waiting) {
            next = std::min(next, entry.target->wake_at().value_or(next));
        }
    }
    const bool is_ahead = events_.waiting_bytes && events_.waiting_bytes() >= most_waiting_bytes;
    if (is_ahead) {
        next = std::min(next, now + waiting_poll);
    }
    while (!is_ahead &&
           start_transfer(files, own_weight * most_at_once - weight_of(files), now, next)) {
    }
    return std::max(next, now);
}

/// Of the first file in order that can, and is not too heavy. If none can, `next` is when the first
/// of them might.
bool Batch::start_transfer(std::vector<OpenFile>& files, int weight, Clock::time_point now,
                           Clock::time_point& next) {
    for (const std::size_t i : order_files(files)) {
        if (weight_of(files[i]) > weight) {
            continue;
        }
        const bool has_started = entries_[i].target->start_transfer(now);
        files[i] = entries_[i].target->as_open_file();
        if (has_started) {
            return true;
        }
        // One that has passed is of an earlier turn, and nothing happens then.
        const Clock::time_point wake_at = entries_[i].target->wake_at().value_or(next);
        next = wake_at > now ? std::min(next, wake_at) : next;
    }
    return false;
}

void Batch::report_ended() {
    for (Entry& entry : entries_) {
        if (entry.is_reported || !is_over(entry.target->phase())) {
            continue;
        }
        entry.is_reported = true;
        for (const std::size_t index : entry.indexes) {
            if (entry.target->phase() == Target::Phase::done) {
                events_.complete(index, final_path(context_.folder, downloads_[index].sha256));
            }
            errors_[index] = entry.target->error();
        }
    }
}

/// Of one transfer of it.
int weight_of(const OpenFile& file) {
    return file.shares_connection ? 1 : own_weight;
}

int weight_of(const std::vector<OpenFile>& files) {
    return std::accumulate(files.begin(), files.end(), 0, [](int sum, const OpenFile& file) {
        return sum + file.in_flight * weight_of(file);
    });
}

bool is_over(Target::Phase phase) {
    return phase == Target::Phase::done || phase == Target::Phase::failed;
}

bool is_open(Target::Phase phase) {
    return phase != Target::Phase::closed && phase != Target::Phase::waiting && !is_over(phase);
}

} // namespace

} // namespace envpm::fetch
