#include "base/waiting.h"

#include "base/error.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace envpm {

namespace {

TEST(WaitUntil, AsksUntilItIsOver) {
    int asked = 0;
    wait_until([&asked] { return ++asked == 3; }, {});
    EXPECT_EQ(asked, 3);
}

TEST(WaitUntil, DoesNotPauseForWhatIsOver) {
    std::stop_source source;
    source.request_stop();
    EXPECT_NO_THROW(wait_until([] { return true; }, source.get_token()));
}

TEST(WaitUntil, EndsWhenItIsToldTo) {
    std::stop_source source;
    std::latch asked(1);
    const std::jthread user([&] {
        asked.wait();
        source.request_stop();
    });
    bool is_first = true;
    try {
        wait_until(
            [&] {
                if (is_first) {
                    is_first = false;
                    asked.count_down();
                }
                return false;
            },
            source.get_token());
        ADD_FAILURE() << "went on";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::interrupted);
    }
}

} // namespace

} // namespace envpm
