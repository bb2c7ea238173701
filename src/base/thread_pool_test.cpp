#include "base/thread_pool.h"

#include "base/error.h"

#include <sys/resource.h>

#include <atomic>
#include <future>
#include <latch>
#include <set>
#include <stdexcept>

namespace envpm {

namespace {

TEST(ThreadPool, RunsEveryTaskBeforeItEnds) {
    std::atomic<int> done = 0;
    {
        ThreadPool pool(3);
        EXPECT_EQ(pool.size(), 3U);
        for (int i = 0; i < 1000; ++i) {
            pool.post([&] { ++done; });
        }
    }
    EXPECT_EQ(done, 1000);
}

TEST(ThreadPool, HasAsManyThreadsAsTheProcessorUnlessTold) {
    EXPECT_EQ(ThreadPool().size(), std::max(1U, std::thread::hardware_concurrency()));
}

TEST(ThreadPool, TasksRunAtTheSameTime) {
    ThreadPool pool(2);
    TaskGroup group(pool);
    std::promise<void> one_began;
    std::promise<void> other_began;
    std::atomic<int> met = 0;
    const auto meet = [&met](std::promise<void>& own, std::future<void> others) {
        own.set_value();
        met += others.wait_for(std::chrono::seconds(30)) == std::future_status::ready ? 1 : 0;
    };
    group.run([&] { meet(one_began, other_began.get_future()); });
    group.run([&] { meet(other_began, one_began.get_future()); });
    group.wait();
    EXPECT_EQ(met, 2);
}

TEST(ThreadPool, TasksMayPostTasks) {
    std::atomic<int> done = 0;
    {
        ThreadPool pool(1);
        pool.post([&] { pool.post([&] { ++done; }); });
    }
    EXPECT_EQ(done, 1);
}

TEST(TaskGroup, WaitsForItsTasksAndCanBeUsedAgain) {
    ThreadPool pool(2);
    TaskGroup group(pool);
    group.wait();
    std::atomic<int> done = 0;
    for (int round = 1; round <= 3; ++round) {
        for (int i = 0; i < 100; ++i) {
            group.run([&] { ++done; });
        }
        group.wait();
        EXPECT_EQ(done, 100 * round);
    }
}

TEST(TaskGroup, RethrowsTheFirstFailureOnceAndDropsTheRest) {
    ThreadPool pool(1);
    TaskGroup group(pool);
    std::atomic<int> later = 0;
    std::latch posted(1);
    group.run([&] {
        posted.wait();
        throw std::runtime_error("first");
    });
    for (int i = 0; i < 10; ++i) {
        group.run([&] {
            ++later;
            throw std::runtime_error("later");
        });
    }
    posted.count_down();
    EXPECT_THAT([&] { group.wait(); }, testing::ThrowsMessage<std::runtime_error>("first"));
    EXPECT_EQ(later, 0);
    group.run([&] { ++later; });
    group.wait();
    EXPECT_EQ(later, 1) << "after the failure was told, it works again";
}

TEST(TaskGroup, TheDestructorWaitsAndSwallows) {
    ThreadPool pool(2);
    std::atomic<bool> ended = false;
    {
        TaskGroup group(pool);
        group.run([&] {
            ended = true;
            throw std::runtime_error("dropped");
        });
    }
    EXPECT_TRUE(ended);
}

TEST(ParallelFor, CallsEachIndexOnce) {
    ThreadPool pool(3);
    for (const std::size_t count : {0U, 1U, 2U, 1000U}) {
        std::vector<std::atomic<int>> calls(count);
        parallel_for(pool, count, [&](std::size_t i) { ++calls[i]; });
        EXPECT_TRUE(std::all_of(calls.begin(), calls.end(), [](const auto& n) { return n == 1; }));
    }
}

TEST(ParallelFor, RethrowsAndStopsEarly) {
    ThreadPool pool(2);
    std::atomic<std::size_t> calls = 0;
    EXPECT_THROW(parallel_for(pool, 10'000'000,
                              [&](std::size_t) {
                                  ++calls;
                                  throw Error({"it broke", {}, {}});
                              }),
                 Error);
    EXPECT_LE(calls, pool.size());
}

/// With one process per user allowed, no thread can be made: an Error, not a wait for ever. Root
/// has no such limit, so the child gives its rights away first.
[[noreturn]] void make_a_pool_without_threads() {
    const rlimit none{0, 0};
    if (::setgid(65534) != 0 || ::setuid(65534) != 0 || ::setrlimit(RLIMIT_NPROC, &none) != 0) {
        std::fputs("no rights to try it", stderr);
        std::_Exit(0);
    }
    try {
        const ThreadPool pool(2);
    } catch (const Error& error) {
        std::fputs(error.what(), stderr);
        std::_Exit(error.text().what.starts_with("cannot start a thread") ? 0 : 2);
    }
    std::_Exit(1);
}

TEST(ThreadPoolDeathTest, FailsWhereNoThreadCanBeMade) {
    EXPECT_EXIT(make_a_pool_without_threads(), testing::ExitedWithCode(0), "");
}

} // namespace

} // namespace envpm
