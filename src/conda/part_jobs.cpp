#include "conda/part_jobs.h"

#include "base/error.h"
#include "conda/entry_reader.h"

#include <algorithm>
#include <future>
#include <thread>
#include <utility>
#include <vector>

namespace envpm::conda {

namespace {

constexpr std::size_t most_threads = 4; ///< more would wait for who reads the page

std::size_t thread_count() {
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most_threads);
}

} // namespace

/// Used for one part after the other, so that its memory is.
struct PartJobs::Job {
    struct Block {
        std::string name;
        std::string bytes;
    };

    Job(const std::string& subdir, const std::string& url)
        : reader(url),
          builder(subdir, [this](std::string_view name, std::string_view bytes) {
              blocks.push_back({std::string(name), std::string(bytes)});
          }) {}

    /// Whether the part is whole, and has nothing behind it.
    bool read() {
        try {
            std::size_t done = 0;
            const std::string_view part(text.data(), text.size() - PageWalk::padding);
            const bool is_all = !reader.read_part(part, done, builder);
            builder.flush();
            return is_all;
        } catch (const Error&) {
            return false; // what is wrong is told when it is read again
        }
    }

    EntryReader reader;
    SubdirBuilder builder;
    std::string text; ///< with the padding
    std::vector<Block> blocks;
    std::future<bool> is_as_expected;
};

PartJobs::PartJobs(std::string subdir, std::string url, SubdirBuilder::Blocks blocks)
    : subdir_(std::move(subdir)),
      url_(std::move(url)),
      blocks_(std::move(blocks)),
      threads_(thread_count()) {}

PartJobs::~PartJobs() = default;

void PartJobs::begin(std::string_view part) {
    if (idle_.empty()) {
        idle_.push_back(std::make_unique<Job>(subdir_, url_));
    }
    open_.push_back(std::move(idle_.front()));
    idle_.pop_front();
    Job& job = *open_.back();
    job.text.assign(part).append(PageWalk::padding, '\0');
    job.is_as_expected = post_for_answer(threads_, [&job] { return job.read(); });
}

bool PartJobs::finish_first() {
    Job& job = *open_.front();
    if (!job.is_as_expected.get()) {
        return false;
    }
    for (const Job::Block& block : job.blocks) {
        blocks_(block.name, block.bytes);
    }
    job.blocks.clear();
    nameless_ += job.builder.take_nameless();
    idle_.push_back(std::move(open_.front()));
    open_.pop_front();
    return true;
}

std::string PartJobs::take_back() {
    std::string text;
    for (const std::unique_ptr<Job>& job : open_) {
        if (job->is_as_expected.valid()) {
            job->is_as_expected.wait();
        }
        text.append(job->text, 1, job->text.size() - PageWalk::padding - 2);
        text += ',';
    }
    open_.clear();
    return text;
}

} // namespace envpm::conda
