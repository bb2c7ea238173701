#pragma once

#include "base/error.h"
#include "base/progress.h"
#include "fetch/client.h"
#include "fetch/curl.h"
#include "fetch/file_schedule.h"
#include "fetch/part_tasks.h"
#include "fetch/range_transfer.h"
#include "fetch/retry.h"
#include "fetch/schedule.h"
#include "fetch/trust.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

namespace envpm::fetch {

/// What all files of one `download` call share.
struct DownloadContext {
    CurlLoop& loop;
    ThreadPool& pool;
    Hosts& hosts;
    Backoff& backoff;
    Buffers& buffers;
    HashPairs& hash_pairs;
    Progress& progress;
    std::filesystem::path folder;
    std::stop_token stop;
    std::chrono::milliseconds stall_timeout;
    std::chrono::milliseconds quiet_time; ///< without a byte, until the user is told
};

/// What a file tells of its bytes; on the loop's thread.
struct TargetEvents {
    std::function<void(const Piece&)> arrived; ///< they are in the part file
    std::function<void()> dropped;             ///< all that were told of are void
};

/// One file on its way from its mirrors to its final name. All members are for the loop's thread;
/// everything that touches the disk is one of its part's tasks, whose answer comes back as a posted
/// task.
class Target {
  public:
    enum class Phase {
        closed,  ///< not begun
        opening, ///< looks at what is there
        waiting, ///< another process fetches it
        fetching,
        settling, ///< drops bytes that cannot be trusted
        verifying,
        done,
        failed,
    };

    Target(const Download& download, DownloadContext& context, TargetEvents events);
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    ~Target();

    [[nodiscard]] Phase phase() const { return phase_; }

    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

    [[nodiscard]] OpenFile as_open_file() const;

    /// When it wants `open` or `start_transfer` again, if no transfer's end tells.
    [[nodiscard]] std::optional<Clock::time_point> wake_at() const {
        return phase_ == Phase::fetching ? schedule_.wake_at() : wake_at_;
    }

    void open();

    /// Starts one transfer if a mirror can serve one now.
    bool start_transfer(Clock::time_point now);

    /// Ends what is at its end: after its last transfer, or when another file's failure has barred
    /// its last mirror.
    void go_on();

    void resume_paused();

    /// Tells the user if what was asked for has not come for long.
    void tell_if_quiet(Clock::time_point now);

    /// Stops the transfers and saves what came. The tasks have ended when this returns.
    void close() noexcept;

  private:
    using Answer = PartTasks::Answer;

    void opened(const PartFound& found);
    bool must_settle(Clock::time_point now);
    void carry_out(const FileSchedule::Order& order);
    void start_http(const FileSchedule::Order& order);
    void start_copy(const FileSchedule::Order& order, const std::filesystem::path& from);
    void answered(std::size_t mirror, const ResponseHead& head);
    void write(std::size_t mirror, const FilledBuffer& filled);
    void wrote(const FilledBuffer& filled, std::uint64_t generation);
    void count_try(std::uint64_t brought_bytes, int cost);
    void settle_account(FileSchedule::Id id, std::size_t index, const TransferReport& report);
    void announce(std::size_t mirror);
    void announce_cut(const FileSchedule::Order& order);
    void drop(std::uint32_t sources);
    void verify();
    void distrust(std::uint32_t sources);
    void blame(std::uint32_t liars);
    void finish();
    void fail(Error error);
    void stop_transfers();
    void show_progress();
    void tell(std::span<const Piece> pieces) const;
    [[nodiscard]] bool is_exhausted() const;

    [[nodiscard]] std::vector<Mirror>& mirrors() { return schedule_.mirrors(); }

    [[nodiscard]] Suspects suspects() { return {mirrors(), source_numbers_}; }

    const Download& download_;
    DownloadContext& context_;
    TargetEvents events_;
    Phase phase_ = Phase::closed;
    FileSchedule schedule_;
    std::vector<std::uint32_t> source_numbers_; ///< of the mirrors, in the part file
    std::map<FileSchedule::Id, std::unique_ptr<RangeTransfer>> running_; ///< without copies
    std::vector<bool> slowness_told_;                                    ///< by mirror
    int fruitless_tries_ = 0;
    std::optional<std::size_t> sole_mirror_; ///< since bytes of several proved wrong: one at a time
    bool one_mirror_only_ = false;
    bool has_asked_again_ = false;  ///< for what came from the least trusted source
    std::uint32_t blamed_ = 0;      ///< sources, once for each file
    std::uint32_t contributed_ = 0; ///< sources of what is there, as far as is known
    bool wait_noted_ = false;
    std::uint64_t generation_ = 0; ///< of the bytes: answers about dropped ones are void
    std::uint64_t present_bytes_ = 0;
    std::uint64_t shown_bytes_ = 0;
    Clock::time_point heard_at_{}; ///< when something last came, or was asked for
    std::size_t last_asked_ = 0;   ///< a mirror
    std::string news_;             ///< a failure that the next choice of a mirror is told with
    std::optional<std::size_t> news_mirror_;
    std::optional<Clock::time_point> wake_at_;
    std::optional<Error> error_;

    PartTasks part_; ///< last: its tasks use what is above
};

} // namespace envpm::fetch
