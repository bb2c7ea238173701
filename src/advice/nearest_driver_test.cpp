#include "advice/nearest_driver.h"

#include "universe/world_for_tests.h"

#include <gtest/gtest.h>

namespace envpm::advice {
namespace {

using universe::test::FakeIndexes;
using universe::test::World;
using universe::test::x86_end;

/// The driver that is offered in place of 470.82.01 (CUDA 11.4) for torch 2.7.1+cu128, which has
/// machine code up to 12.0, and its PTX.
std::string newer_driver(const std::string& gpus, const std::string& torch = "*") {
    FakeIndexes indexes;
    indexes.add("pypi", "torch",
                {{"torch-2.7.1+cu128" + x86_end, {"nvidia-cuda-runtime-cu12==12.8.57"}}});
    indexes.add("pypi", "nvidia-cuda-runtime-cu12",
                {{"nvidia_cuda_runtime_cu12-12.8.57-py3-none-any.whl"}});
    World world(indexes, "[pypi-dependencies]\ntorch = \"" + torch +
                             "\"\n[targets.t]\nplatform = \"linux-64\"\n"
                             "driver = \"470.82.01\"\ngpus = [\"" +
                             gpus + "\"]\n");
    const auto newer =
        with_newer_driver({world.question, world.listings, nullptr, {}, world.facts}, {});
    return newer ? newer->change() : "none";
}

TEST(NewerDriver, IsTheLeastOfTheMajorForMachineCode) {
    EXPECT_EQ(newer_driver("8.0"), "driver = \"525.60.13\"");
}

TEST(NewerDriver, IsThatOfTheToolkitWhereOnlyItsPtxServes) {
    EXPECT_EQ(newer_driver("13.0"), "driver = \"570.26\"");
    EXPECT_EQ(newer_driver("8.0\", \"13.0"), "driver = \"570.26\"");
}

TEST(NewerDriver, IsNotOfferedWhereMoreIsInTheWay) {
    EXPECT_EQ(newer_driver("8.0", "==2.8.0"), "none");
    EXPECT_EQ(newer_driver("5.0"), "none") << "that build has no code for it";
}

} // namespace
} // namespace envpm::advice
