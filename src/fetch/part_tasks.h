#pragma once

#include "base/error.h"
#include "fetch/client.h"
#include "fetch/curl.h"
#include "fetch/gaps.h"
#include "fetch/part_file.h"
#include "fetch/strand.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace envpm::fetch {

/// What was on disk of a file when it was opened.
struct PartFound {
    enum class State { whole, locked, partial } state = State::partial;
    bool was_damaged = false; ///< a file of the final name was there with other bytes
    std::vector<Piece> present;
    std::vector<std::uint32_t> source_numbers; ///< of the names that were given, in their order
    std::vector<std::string> entity_tags;      ///< of what is there from each, or nothing
};

/// The part file of one download, and all that is done to it: tasks on threads of the pool, one
/// after another, whose answers come back on the loop's thread. After the disk has failed once the
/// later tasks are skipped, since the bytes before theirs are missing; what is good was saved.
class PartTasks {
  public:
    using Answer = std::function<void()>;

    /// Nothing in `part` until it has been opened, and from when a task has reset it.
    using Task = std::function<Answer(std::optional<PartFile>& part)>;

    /// `failed` is called on the loop's thread with what ended the tasks: the disk, or `stop`.
    /// `pairs`, for the file's digest, outlives this.
    PartTasks(const Download& download, std::filesystem::path folder, CurlLoop& loop,
              ThreadPool& pool, HashPairs& pairs, std::stop_token stop,
              std::function<void(const Error&)> failed);

    /// Looks at what is there, and takes it up if no other process has it.
    void open(std::vector<std::string> sources, std::function<void(const PartFound&)> opened);

    /// If the task fails or is skipped, `without` is the answer.
    void post(Task task, Answer without = {});

    /// Returns when every task has run.
    void wait() { strand_.wait(); }

  private:
    PartFound look(const std::vector<std::string>& sources);
    void abandon(const Error& failure);

    const Download& download_;
    std::filesystem::path folder_;
    CurlLoop& loop_;
    HashPairs& pairs_;
    std::stop_token stop_;
    std::function<void(const Error&)> failed_;
    std::optional<PartFile> part_; ///< for the strand's tasks only, as the next one
    bool is_broken_ = false;       ///< the disk failed
    Strand strand_;                ///< last: its tasks use what is above
};

} // namespace envpm::fetch
