#include "pipeline/services.h"

#include "base/error.h"

#include <gtest/gtest.h>

namespace envpm::pipeline {
namespace {

TEST(Services, a_request_to_stop_is_heard_between_steps) {
    SilentProgress progress;
    std::stop_source stop;
    Surroundings surroundings;
    surroundings.stop = stop.get_token();
    const Services services({}, surroundings, progress);
    EXPECT_NO_THROW(services.throw_if_stopped());
    stop.request_stop();
    try {
        services.throw_if_stopped();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::interrupted);
        EXPECT_EQ(error.text().hint, "the next run goes on from here");
    }
}

TEST(Services, times_are_told_in_utc_to_the_second) {
    EXPECT_EQ(to_rfc3339(std::chrono::system_clock::time_point(std::chrono::seconds(951782400))),
              "2000-02-29T00:00:00Z");
}

} // namespace
} // namespace envpm::pipeline
