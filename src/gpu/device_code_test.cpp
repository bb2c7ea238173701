#include "gpu/device_code.h"

#include "gpu/facts.h"

#include <gtest/gtest.h>

namespace envpm::gpu {

namespace {

Image sass(int major, int minor, char suffix = '\0') {
    return {CodeKind::sass, {major, minor, suffix}, {}};
}

Image ptx(int major, int minor, PtxVersion version = {9, 0}) {
    return {CodeKind::ptx, {major, minor}, version};
}

TEST(BinaryCode, RunsOnLaterGpusOfItsMajorNumber) {
    EXPECT_TRUE(runs_on(sass(8, 0), {8, 9}));
    EXPECT_TRUE(runs_on(sass(12, 0), {12, 1}));
    EXPECT_FALSE(runs_on(sass(8, 6), {8, 0}));
    EXPECT_FALSE(runs_on(sass(8, 0), {9, 0}));
}

TEST(BinaryCode, OfTegraRunsOnThatOnly) {
    EXPECT_FALSE(runs_on(sass(8, 0), {8, 7}));
    EXPECT_FALSE(runs_on(sass(8, 7), {8, 9}));
    EXPECT_TRUE(runs_on(sass(8, 7), {8, 7}));
    EXPECT_TRUE(runs_on(ptx(8, 0), {8, 7}));
}

TEST(BinaryCode, WithALetterReachesLess) {
    EXPECT_TRUE(runs_on(sass(9, 0, 'a'), {9, 0}));
    EXPECT_FALSE(runs_on(sass(10, 0, 'a'), {10, 3}));
    EXPECT_TRUE(runs_on(sass(10, 0, 'f'), {10, 3}));
    EXPECT_FALSE(runs_on(sass(10, 3, 'f'), {10, 0}));
    EXPECT_FALSE(runs_on(sass(10, 0, 'f'), {12, 0}));
    EXPECT_FALSE(runs_on({CodeKind::ptx, {9, 0, 'a'}, {8, 0}}, {10, 0}));
}

TEST(BinaryCode, AsPtxRunsOnAllLaterGpus) {
    EXPECT_TRUE(runs_on(ptx(7, 5), {12, 0}));
    EXPECT_FALSE(runs_on(ptx(7, 5), {7, 0}));
}

TEST(BinaryCode, IsCountedByContainer) {
    BinaryCode code;
    code.containers[{sass(8, 0), ptx(8, 0, {8, 4})}].registered = 3;
    code.containers[{ptx(9, 0, {8, 7})}].registered = 2;
    code.containers[{sass(12, 0)}].registered = 1;
    CodeCoverage coverage = code.coverage({8, 6});
    EXPECT_EQ(coverage.runnable, 3U);
    EXPECT_EQ(coverage.jit, 0U);
    EXPECT_EQ(coverage.none, 3U);
    EXPECT_EQ(coverage.missed, 3U);
    coverage = code.coverage({9, 0});
    EXPECT_EQ(coverage.runnable, 0U);
    EXPECT_EQ(coverage.jit, 5U);
    EXPECT_EQ(coverage.none, 1U);
    EXPECT_EQ(coverage.newest_ptx, (PtxVersion{8, 7}));
}

TEST(BinaryCode, IsHomogeneousIfAllHoldWhatMostDo) {
    BinaryCode code;
    code.containers[{sass(8, 0), sass(9, 0)}].registered = 5;
    code.containers[{sass(8, 0), sass(8, 9), sass(9, 0)}].registered = 1;
    EXPECT_TRUE(code.is_homogeneous());
    code.containers[{sass(9, 0)}].registered = 1;
    EXPECT_FALSE(code.is_homogeneous());
    code.containers[{sass(9, 0)}] = {0, 1}; // what a library loads itself may be special
    EXPECT_TRUE(code.is_homogeneous());
    code.containers[{sass(9, 0)}] = {0, 100};
    EXPECT_FALSE(code.is_homogeneous());
    EXPECT_FALSE(BinaryCode().is_homogeneous());
}

TEST(BinaryCode, NeedsADriverThatKnowsItsPtx) {
    EXPECT_TRUE(understands({12, 4}, {8, 4}));
    EXPECT_FALSE(understands({12, 4}, {8, 5}));
    EXPECT_TRUE(understands({12, 6}, {8, 5})); // 12.6 brought none
    EXPECT_FALSE(understands({12, 6}, {8, 6}));
    EXPECT_FALSE(understands({12, 9}, {9, 0}));
    EXPECT_TRUE(understands({13, 0}, {9, 0}));
    EXPECT_FALSE(understands({13, 2}, {9, 3}));
    EXPECT_TRUE(understands({14, 0}, {9, 4}));
}

TEST(DeviceCode, DriversUnderstandWhatTheTableOfFactsSays) {
    const Facts facts = Facts::shipped();
    for (int major = 9; major <= 13; ++major) {
        for (int minor = 0; minor <= 9; ++minor) {
            const auto written = facts.ptx_of({major, minor});
            if (!written) {
                continue;
            }
            const PtxVersion ptx = written->value;
            EXPECT_TRUE(understands({major, minor}, ptx)) << ptx.text();
            EXPECT_FALSE(understands({major, minor}, {ptx.major, ptx.minor + 1})) << ptx.text();
            EXPECT_TRUE(understands(facts.first_cuda(ptx).value().value, ptx)) << ptx.text();
        }
    }
}

} // namespace

} // namespace envpm::gpu
