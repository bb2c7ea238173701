#include "project/services.h"

#include "base/error.h"

#include <gtest/gtest.h>

namespace envpm::project {
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

TEST(Services, GpusOfTheEnvironmentMayBeProducts) {
    SilentProgress progress;
    const auto gpus_of = [&](const std::string& text) {
        Surroundings surroundings;
        surroundings.variables.set("ENVPM_GPUS", text);
        return Services({}, surroundings, progress).variables().find("ENVPM_GPUS");
    };
    EXPECT_EQ(gpus_of("A100"), "8.0");
    EXPECT_EQ(gpus_of("8.6, RTX 4090"), "8.6,8.9");
    EXPECT_EQ(gpus_of("8.6, 9.0"), "8.6, 9.0");
    EXPECT_EQ(gpus_of("A100,nope"), "A100,nope") << "refused by whoever asks";
}

} // namespace
} // namespace envpm::project
