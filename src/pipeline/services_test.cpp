#include "pipeline/services.h"

#include "base/error.h"

#include <gtest/gtest.h>

namespace envpm::pipeline {
namespace {

TEST(Services, ARequestToStopIsHeardBetweenSteps) {
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

} // namespace
} // namespace envpm::pipeline
