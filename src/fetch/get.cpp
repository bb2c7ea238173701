#include "fetch/get.h"

#include "base/waiting.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace envpm::fetch {

namespace {

constexpr std::chrono::milliseconds longest_turn{1'000};
constexpr std::chrono::milliseconds shortest_turn{250}; ///< where only a word to the user is due

/// Those that are not yet handed over, in the order in which they were asked for.
class OpenPages {
  public:
    explicit OpenPages(GetContext& context)
        : context_(context) {}

    void add(std::vector<HttpRequest> requests);

    /// Lets those be read that are over.
    void read(HttpFollower& follower, TaskGroup* readers);

    /// Gives away one that is read, and takes what it leads to; false if none is.
    bool hand_over(HttpFollower& follower);

    /// Fills the free places; the answer is when to look again, nothing if none is open.
    std::optional<Clock::time_point> start(Clock::time_point now, int most_at_once);

  private:
    GetContext& context_;
    std::vector<std::unique_ptr<Page>> pages_;
    SpareRoom spare_;
    std::size_t count_ = 0; ///< of all that were ever added
};

/// Keeps the answers, which lead to nothing.
class Collector final : public HttpFollower {
  public:
    explicit Collector(std::size_t count)
        : responses_(count) {}

    void read(std::size_t number, HttpResponse& response) override {
        responses_[number] = std::move(response);
    }

    std::vector<HttpRequest> next(std::size_t /*number*/) override { return {}; }

    std::vector<HttpResponse> take() { return std::move(responses_); }

  private:
    std::vector<HttpResponse> responses_;
};

void run(GetContext& context, std::vector<HttpRequest> first, int most_at_once, ThreadPool* readers,
         HttpFollower& follower);

} // namespace

std::vector<HttpResponse> run_gets(GetContext& context, std::span<const HttpRequest> requests,
                                   int most_at_once) {
    Collector collector(requests.size());
    run(context, {requests.begin(), requests.end()}, most_at_once, nullptr, collector);
    return collector.take();
}

void run_follow(GetContext& context, std::vector<HttpRequest> first, int most_at_once,
                ThreadPool& readers, HttpFollower& follower) {
    run(context, std::move(first), most_at_once, &readers, follower);
}

namespace {

void run(GetContext& context, std::vector<HttpRequest> first, int most_at_once, ThreadPool* readers,
         HttpFollower& follower) {
    OpenPages pages(context);
    pages.add(std::move(first));
    const CancelAtEnd cancel_at_end(context.loop);
    std::optional<TaskGroup> reading; // ends before the pages do
    if (readers != nullptr) {
        reading.emplace(*readers);
    }
    while (true) {
        throw_if_stopped(context.stop);
        pages.add(follower.more());
        pages.read(follower, reading ? &*reading : nullptr);
        const bool some_more = pages.hand_over(follower);
        context.events.tell_answered(some_more ? 1 : 0);
        const Clock::time_point now = Clock::now();
        const std::optional<Clock::time_point> next = pages.start(now, most_at_once);
        if (!next) {
            break;
        }
        context.loop.turn(some_more ? std::chrono::milliseconds(0)
                                    : std::chrono::ceil<std::chrono::milliseconds>(*next - now));
    }
}

void OpenPages::add(std::vector<HttpRequest> requests) {
    for (HttpRequest& request : requests) {
        pages_.push_back(std::make_unique<Page>(count_++, std::move(request), context_));
    }
}

void OpenPages::read(HttpFollower& follower, TaskGroup* readers) {
    for (const std::unique_ptr<Page>& page : pages_) {
        if (page->is_to_be_read()) {
            page->begin_reading(follower, readers, spare_);
        }
    }
}

bool OpenPages::hand_over(HttpFollower& follower) {
    const auto found = std::find_if(pages_.begin(), pages_.end(),
                                    [](const auto& page) { return page->is_read(); });
    if (found == pages_.end()) {
        return false;
    }
    if ((*found)->retry_if_damaged()) {
        return true;
    }
    const std::unique_ptr<Page> page = std::move(*found);
    pages_.erase(found);
    page->rethrow_failure();
    add(follower.next(page->number()));
    return true;
}

std::optional<Clock::time_point> OpenPages::start(Clock::time_point now, int most_at_once) {
    Clock::time_point next = now + longest_turn;
    int weight = 0;
    for (const std::unique_ptr<Page>& page : pages_) {
        weight += page->is_running() ? page->weight() : 0;
        page->tell_if_quiet(now);
    }
    for (const std::unique_ptr<Page>& page : pages_) {
        if (page->is_running()) {
            next = std::min(next, std::max(page->quiet_at(), now + shortest_turn));
        }
        if (page->is_running() || page->is_over()) {
            continue;
        }
        if (page->give_up_if_refused()) {
            next = now;
        } else if (page->start_at() > now) {
            next = std::min(next, page->start_at());
        } else if (page->has_place() && weight + page->weight() <= large_weight * most_at_once) {
            weight += page->weight();
            page->start();
        }
    }
    return pages_.empty() ? std::nullopt : std::optional(next);
}

} // namespace

} // namespace envpm::fetch
