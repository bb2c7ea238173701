#include "pipeline/gpu_facts.h"

#include "base/error.h"
#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string failure_of(const GpuQuestion& question) {
    try {
        (void)answer(gpu::Facts::shipped(), question);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        return error.text().subject + ": " + error.text().what + " | " + error.text().hint;
    }
    return "no failure";
}

TEST(GpuFacts, TheShippedTableAnswersUnlessAnotherIsConfigured) {
    std::optional<std::filesystem::path> newer;
    EXPECT_TRUE(
        universe::FactsTable(newer).get().least_driver(12, gpu::DriverSystem::linux_kernel));

    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    newer = folder.path() / "newer.toml";
    write_file(*newer, "[meta]\nformat = 1\ngenerated = \"2030-01-01\"\n"
                       "[[cuda_minor_compat]]\ncuda_major = 14\n"
                       "min_driver_linux = \"700.10.01\"\nsource = \"a page\"\n");
    universe::FactsTable table(newer);
    const gpu::Facts& facts = table.get();
    EXPECT_EQ(facts.least_driver(14, gpu::DriverSystem::linux_kernel)->value.text(), "700.10.01");
    EXPECT_FALSE(facts.least_driver(12, gpu::DriverSystem::linux_kernel));
    EXPECT_EQ(list_facts(table, {}).file, newer->string());
}

TEST(GpuFacts, AListingHasTheRowsWithAllWords) {
    universe::FactsTable shipped({});
    const FactListing listing = list_facts(shipped, {"Torch_Variant", "cu130", "9.13"});
    ASSERT_EQ(listing.tables.size(), 1U);
    EXPECT_EQ(listing.tables[0].name, "torch_variant");
    ASSERT_EQ(listing.tables[0].rows.size(), 1U);
    EXPECT_EQ(listing.tables[0].rows[0].citation.row, "2.9 cu130");
    EXPECT_EQ(list_facts(shipped, {"3.5.1"}).tables[0].rows.size(),
              3U); // triton's, by torch's patch
    EXPECT_EQ(list_facts(shipped, {}).tables.size(), 25U);
    EXPECT_THROW((void)list_facts(shipped, {"nonsense"}), Error);
}

TEST(GpuFacts, AnAnswerHasEveryReleaseNewestFirst) {
    const GpuAnswer found = answer(gpu::Facts::shipped(),
                                   {"535.104.05", gpu::DriverSystem::linux_kernel, {"rtx 4090"}});
    EXPECT_EQ(found.cuda->value.text(), "12.2");
    ASSERT_EQ(found.gpus.size(), 1U);
    EXPECT_EQ(found.gpus[0].name, "GeForce RTX 4090");
    EXPECT_EQ(found.gpus[0].first_driver->value.text(), "520.61.05");
    EXPECT_EQ(found.releases[0].release.text(), "2.15");
    EXPECT_THAT(found.releases[0].builds, testing::IsEmpty());
    std::vector<std::pair<std::string, bool>> builds;
    for (const GpuAnswer::Build& build : found.releases[1].builds) {
        builds.emplace_back(build.variant, build.fit.verdict == gpu::Fit::Verdict::fits);
    }
    EXPECT_THAT(builds, ElementsAre(std::pair("cu126", true), std::pair("cu130", false),
                                    std::pair("cu132", false)));
}

TEST(GpuFacts, ACapabilityMayStandForAProduct) {
    const GpuAnswer found =
        answer(gpu::Facts::shipped(), {{}, gpu::DriverSystem::linux_kernel, {"sm_90a"}});
    EXPECT_EQ(found.gpus[0].capability.text(), "9.0");
    EXPECT_FALSE(found.gpus[0].product);
    EXPECT_FALSE(found.cuda);
}

TEST(GpuFacts, WhatIsNoDriverOrGpuIsWrongUsage) {
    EXPECT_EQ(failure_of({"new"}), "--driver: `new` is no version of a driver | such as "
                                   "535.104.05, as `nvidia-smi` shows it");
    EXPECT_THAT(failure_of({{}, gpu::DriverSystem::linux_kernel, {"RTX 4900"}}),
                HasSubstr("no GPU called `RTX 4900` is known | did you mean `GeForce RTX 4090`?"));
    EXPECT_THAT(failure_of({{}, gpu::DriverSystem::linux_kernel, {"a toaster oven"}}),
                HasSubstr("give its compute capability instead"));
}

} // namespace
} // namespace envpm::pipeline
