#include "base/thread_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <stdexcept>

namespace envpm {

namespace {

TEST(TaskGroup, BeginsTheHeaviestWaitingTaskAndOfEqualsTheEarliest) {
    ThreadPool pool(1);
    TaskGroup group(pool);
    std::latch begun(1);
    std::latch all_wait(1);
    std::string order;
    group.run([&] {
        begun.count_down();
        all_wait.wait();
    });
    begun.wait(); // from here the only thread takes nothing until all stand in the queue
    for (const auto& [name, weight] : {std::pair('a', 1U), {'b', 7U}, {'c', 7U}, {'d', 0U}}) {
        group.run([&order, name = name] { order += name; }, weight);
    }
    all_wait.count_down();
    group.wait();
    EXPECT_EQ(order, "bcad");
}

TEST(TaskGroup, WaitsForTasksThatItsTasksRan) {
    ThreadPool pool(2);
    TaskGroup group(pool);
    Guarded<std::vector<int>> seen;
    group.run([&] {
        for (int i = 0; i < 100; ++i) {
            group.run([&seen, i] { seen.with([i](std::vector<int>& all) { all.push_back(i); }); });
        }
    });
    group.wait();
    EXPECT_EQ(seen.with([](std::vector<int>& all) { return all.size(); }), 100U);
}

TEST(TaskGroup, DropsWhatHasNotBegunAfterAFailureAndRethrowsItOnce) {
    ThreadPool pool(1);
    TaskGroup group(pool);
    std::latch all_wait(1);
    int ran = 0;
    group.run([&] {
        all_wait.wait();
        throw std::runtime_error("first");
    });
    group.run([&] { ++ran; });
    all_wait.count_down();
    EXPECT_THROW(group.wait(), std::runtime_error);
    EXPECT_EQ(ran, 0);
    group.run([&] { ++ran; });
    group.wait();
    EXPECT_EQ(ran, 1);
}

} // namespace

} // namespace envpm
