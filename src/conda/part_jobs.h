#pragma once

#include "base/thread_pool.h"
#include "conda/subdir_builder.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace envpm::conda {

/// Reads parts of a page on several threads, and hands on what they have in the order of the parts
/// (repodata.cpp tells what comes before and after).
///
/// A part is taken for one that is whole and has nothing behind it, as nearly all are. Where one is
/// not, nothing of it and of those after it is handed on: `take_back` gives their text. For one
/// thread; the destructor waits for the others.
class PartJobs {
  public:
    /// `blocks` is called by the thread that calls `finish_first`.
    PartJobs(std::string subdir, std::string url, SubdirBuilder::Blocks blocks);
    PartJobs(const PartJobs&) = delete;
    PartJobs(PartJobs&&) = delete;
    PartJobs& operator=(const PartJobs&) = delete;
    PartJobs& operator=(PartJobs&&) = delete;
    ~PartJobs();

    [[nodiscard]] bool is_empty() const { return open_.empty(); }

    /// As many are open as keep the threads busy.
    [[nodiscard]] bool is_full() const { return open_.size() == 2 * threads_.size(); }

    /// Begins to read a copy of the part, "{…}".
    void begin(std::string_view part);

    /// Waits for the first that is open; false if it was not as expected, and stays open.
    bool finish_first();

    /// What stands in the page where the open parts are, to the comma behind the last; none is open
    /// any more.
    std::string take_back();

    /// Of all that was handed on.
    [[nodiscard]] std::uint64_t nameless() const { return nameless_; }

  private:
    struct Job;

    std::string subdir_;
    std::string url_;
    SubdirBuilder::Blocks blocks_;
    std::deque<std::unique_ptr<Job>> open_;
    std::deque<std::unique_ptr<Job>> idle_;
    std::uint64_t nameless_ = 0;
    ThreadPool threads_; ///< the last, so that they end before what they work on
};

} // namespace envpm::conda
