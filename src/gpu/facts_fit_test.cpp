#include "gpu/facts_fit.h"

namespace envpm::gpu {

namespace {

using Verdict = Fit::Verdict;

const Facts& facts() {
    static const Facts shipped = Facts::shipped();
    return shipped;
}

Machine machine(std::string_view driver, const std::vector<std::string>& gpus) {
    Machine out;
    out.driver = DriverVersion::parse(driver);
    for (const std::string& gpu : gpus) {
        out.gpus.push_back(ComputeCapability::parse(gpu).value());
    }
    return out;
}

Fit fit_of(std::string_view torch, std::string_view variant, const Machine& machine) {
    return fit(facts(), facts().torch_variant(torch, variant, Platform::linux_64)->value, machine);
}

TEST(Fit, ADriverMustKnowTheRuntimeOfTheBuild) {
    const Machine old = machine("535.104.05", {"8.9"});
    EXPECT_EQ(fit_of("2.9", "cu126", old).verdict, Verdict::fits);
    EXPECT_EQ(fit_of("2.9", "cu128", old).verdict, Verdict::fits); // by minor compatibility
    const Fit too_new = fit_of("2.9", "cu130", old);
    EXPECT_EQ(too_new.verdict, Verdict::driver_too_old);
    EXPECT_EQ(too_new.least_driver->value.text(), "580.65.06");
    EXPECT_EQ(too_new.least_driver->citation.place(), "gpu-facts: cuda_minor_compat 13");
}

TEST(Fit, ABuildMustHaveCodeForEveryGpu) {
    const Machine pascal = machine("580.95.05", {"8.6", "6.1"});
    EXPECT_EQ(fit_of("2.9", "cu126", pascal).verdict, Verdict::fits);
    const Fit none = fit_of("2.9", "cu128", pascal);
    EXPECT_EQ(none.verdict, Verdict::no_code);
    EXPECT_EQ(none.gpu, (ComputeCapability{6, 1}));
    EXPECT_EQ(fit_of("2.9", "cu126", machine("580.95.05", {"12.0"})).verdict, Verdict::no_code);
}

TEST(Fit, ADriverFromBeforeAGpuRunsNothingOnIt) {
    const Fit undriven = fit_of("2.9", "cu128", machine("535.104.05", {"8.9", "12.0"}));
    EXPECT_EQ(undriven.verdict, Verdict::driver_too_old);
    EXPECT_EQ(undriven.gpu, (ComputeCapability{12, 0}));
    EXPECT_EQ(undriven.least_driver->value.text(), "570.26");
    EXPECT_EQ(fit_of("2.9", "cu128", machine("570.26", {"8.9", "12.0"})).verdict, Verdict::fits);
    EXPECT_EQ(fit_of("2.9", "cu126", machine("535.104.05", {"12.0"})).verdict, Verdict::no_code)
        << "which no driver mends";
}

TEST(Fit, PtxServesLaterGpusIfTheDriverLoadsIt) {
    TorchVariant build = facts().torch_variant("2.8", "cu129", Platform::linux_64)->value;
    build.sass = {{8, 0}};
    build.ptx = {{9, 0}};
    EXPECT_EQ(fit(facts(), build, machine("575.57.08", {"12.0"})).verdict, Verdict::compiles);
    const Fit too_new = fit(facts(), build, machine("570.124.06", {"12.0"}));
    EXPECT_EQ(too_new.verdict, Verdict::ptx_too_new);
    EXPECT_EQ(too_new.least_driver->value.text(), "575.51.03");
}

TEST(Fit, PtxThatIsOnlyClaimedServesNoGpu) {
    const Machine later = machine("580.95.05", {"13.0"});
    EXPECT_EQ(fit_of("2.9", "cu130", later).verdict, Verdict::no_code);
    EXPECT_EQ(fit_of("2.7", "cu128", later).verdict, Verdict::compiles);
}

TEST(Fit, PtxOfAToolkitThatNoRowKnowsIsNotHeldAgainstTheBuild) {
    TorchVariant build = facts().torch_variant("2.8", "cu129", Platform::linux_64)->value;
    build.cuda.cuda.major = 99;
    ASSERT_FALSE(facts().ptx_of(build.cuda.cuda));
    build.sass = {{8, 0}};
    build.ptx = {{9, 0}};
    EXPECT_EQ(fit(facts(), build, machine("580.95.05", {"12.0"})).verdict, Verdict::compiles);
}

TEST(Fit, WhatIsNotKnownOfAMachineForbidsNothing) {
    EXPECT_EQ(fit_of("2.9", "cu130", {}).verdict, Verdict::fits);
    Machine no_driver = machine("580.95.05", {"13.0"});
    no_driver.driver = std::nullopt;
    EXPECT_EQ(fit_of("2.7", "cu128", no_driver).verdict, Verdict::compiles);
}

} // namespace

} // namespace envpm::gpu
