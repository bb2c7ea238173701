#pragma once

#include "base/error.h"
#include "base/progress.h"
#include "fetch/client.h"
#include "fetch/curl.h"
#include "fetch/part_file.h"
#include "fetch/range_transfer.h"
#include "fetch/retry.h"
#include "fetch/schedule.h"
#include "fetch/strand.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
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
    Progress& progress;
    std::filesystem::path folder;
    std::stop_token stop;
};

/// What a file tells of its bytes; on the loop's thread.
struct TargetEvents {
    std::function<void(const Piece&)> arrived; ///< they are in the part file
    std::function<void()> dropped;             ///< all that were told of are void
};

/// One file on its way from its mirrors to its final name. All members are for the loop's thread;
/// everything that touches the disk is a task of its strand, whose answer comes back as a posted
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
    [[nodiscard]] std::optional<Clock::time_point> wake_at() const { return wake_at_; }

    void open();

    /// Starts one transfer if a mirror can serve one now.
    bool start_transfer(Clock::time_point now);

    void resume_paused();

    /// Stops the transfers and saves what came. The strand has ended when this returns.
    void close() noexcept;

  private:
    struct Opened;

    struct Running {
        std::size_t mirror = 0;
        std::unique_ptr<RangeTransfer> transfer;
    };

    using Answer = std::function<void()>;

    void on_file(std::function<Answer()> task);
    void abandon_file() noexcept;
    Opened look();
    void opened(const Opened& found);
    Piece next_piece();
    bool must_settle_for(std::size_t mirror);
    void start_http(std::size_t mirror, std::vector<Piece> pieces);
    void start_copy(std::size_t mirror, const std::filesystem::path& from);
    void write(std::size_t mirror, const FilledBuffer& filled);
    void wrote(const FilledBuffer& filled, std::uint64_t generation);
    void ended(const RangeTransfer& transfer, const TransferReport& report);
    void settle_account(std::size_t mirror, const TransferReport& report);
    void judge_failure(std::size_t mirror, const TransferReport& report);
    void announce(std::size_t mirror);
    void drop(std::uint32_t sources);
    void go_on();
    void verify();
    void distrust(std::uint32_t sources);
    void finish();
    void give_up();
    void fail(Error error);
    void stop_transfers();
    void show_progress();
    void tell(std::span<const Piece> pieces) const;
    [[nodiscard]] bool is_exhausted() const;

    [[nodiscard]] std::size_t in_flight() const { return running_.size() + copies_; }

    const Download& download_;
    DownloadContext& context_;
    TargetEvents events_;
    Phase phase_ = Phase::closed;
    std::vector<Mirror> mirrors_;
    std::vector<std::uint32_t> source_numbers_; ///< of the mirrors, in the part file
    Gaps gaps_;
    std::vector<Running> running_;
    std::size_t copies_ = 0; ///< from file:// mirrors, running on the strand
    int fruitless_tries_ = 0;
    std::optional<std::size_t> sole_mirror_; ///< since bytes of several proved wrong: one at a time
    bool one_mirror_only_ = false;
    bool wait_noted_ = false;
    bool end_asked_ = false;
    std::uint64_t generation_ = 0; ///< of the bytes: answers about dropped ones are void
    std::uint64_t present_bytes_ = 0;
    std::uint64_t shown_bytes_ = 0;
    std::string news_; ///< a failure that the next choice of a mirror is told with
    std::optional<std::size_t> news_mirror_;
    std::optional<Clock::time_point> wake_at_;
    std::optional<Error> error_;

    std::optional<PartFile> part_; ///< for the strand's tasks only, as the next one
    bool broken_ = false;          ///< the disk failed
    Strand strand_;                ///< last: its tasks use what is above
};

} // namespace envpm::fetch
