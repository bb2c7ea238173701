#include "gpu/facts_coverage.h"

#include "model/code_rules.h"

namespace envpm::gpu {

namespace {

ComputeCapability cc(std::string_view text) {
    return ComputeCapability::parse(text).value();
}

TEST(Coverage, MachineCodeRunsOnLaterMinorsOfItsMajor) {
    EXPECT_TRUE(sass_runs_on(cc("8.0"), cc("8.0")));
    EXPECT_TRUE(sass_runs_on(cc("8.0"), cc("8.9")));
    EXPECT_TRUE(sass_runs_on(cc("12.0"), cc("12.1")));
    EXPECT_FALSE(sass_runs_on(cc("8.9"), cc("8.6")));
    EXPECT_FALSE(sass_runs_on(cc("8.0"), cc("9.0")));
    EXPECT_FALSE(sass_runs_on(cc("9.0"), cc("8.0")));
}

TEST(Coverage, MachineCodeDoesNotCrossBetweenBoardsAndTegra) {
    EXPECT_FALSE(sass_runs_on(cc("8.6"), cc("8.7")));
    EXPECT_FALSE(sass_runs_on(cc("8.7"), cc("8.9")));
    EXPECT_FALSE(sass_runs_on(cc("7.0"), cc("7.2")));
    EXPECT_FALSE(sass_runs_on(cc("7.2"), cc("7.5")));
    EXPECT_FALSE(sass_runs_on(cc("10.0"), cc("10.1")));
    EXPECT_TRUE(sass_runs_on(cc("8.7"), cc("8.7")));
    EXPECT_TRUE(sass_runs_on(cc("11.0"), cc("11.0")));
}

TEST(Coverage, SuffixesBindCodeToAnArchitectureOrAFamily) {
    EXPECT_TRUE(sass_runs_on(cc("9.0a"), cc("9.0")));
    EXPECT_FALSE(sass_runs_on(cc("10.0a"), cc("10.3")));
    EXPECT_TRUE(sass_runs_on(cc("10.0f"), cc("10.3")));
    EXPECT_FALSE(sass_runs_on(cc("10.3f"), cc("10.0")));
    EXPECT_FALSE(sass_runs_on(cc("10.0f"), cc("12.0")));
    EXPECT_TRUE(ptx_suits(cc("9.0a"), cc("9.0")));
    EXPECT_FALSE(ptx_suits(cc("9.0a"), cc("10.0")));
    EXPECT_FALSE(ptx_suits(cc("10.0f"), cc("12.0")));
}

TEST(Coverage, PtxSuitsEveryLaterArchitecture) {
    EXPECT_TRUE(ptx_suits(cc("5.0"), cc("12.1")));
    EXPECT_TRUE(ptx_suits(cc("8.6"), cc("8.7")));
    EXPECT_FALSE(ptx_suits(cc("9.0"), cc("8.9")));
}

TEST(Coverage, PrefersMachineCodeThenPtxThatTheDriverLoads) {
    const DeviceCode code{{cc("8.0"), cc("9.0")}, {{cc("9.0"), {8, 7}}, {cc("7.0"), {8, 4}}}};
    EXPECT_EQ(coverage_of(code, cc("8.6"), PtxVersion{7, 0}), Coverage::native);
    EXPECT_EQ(coverage_of(code, cc("12.0"), PtxVersion{8, 7}), Coverage::compiled);
    EXPECT_EQ(coverage_of(code, cc("12.0"), PtxVersion{8, 4}), Coverage::compiled);
    EXPECT_EQ(coverage_of(code, cc("7.5"), PtxVersion{8, 3}), Coverage::newer_driver);
    EXPECT_EQ(coverage_of(code, cc("6.1"), PtxVersion{9, 2}), Coverage::none);
    EXPECT_EQ(coverage_of(code, cc("7.5"), std::nullopt), Coverage::compiled);
    EXPECT_EQ(coverage_of({}, cc("8.6"), std::nullopt), Coverage::none);
}

} // namespace

} // namespace envpm::gpu
