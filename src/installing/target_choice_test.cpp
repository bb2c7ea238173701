#include "installing/target_choice.h"

#include "base/error.h"
#include "host/this_machine.h"
#include "universe/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::installing {
namespace {

using testing::HasSubstr;
using universe::test::manifest_of;

gpu::TargetMachine machine_with(const std::optional<std::string>& driver,
                                std::optional<std::vector<ComputeCapability>> gpus) {
    gpu::TargetMachine machine;
    machine.driver = driver ? DriverVersion::parse(*driver) : std::nullopt;
    machine.gpus = std::move(gpus);
    return machine;
}

host::MachineFacts facts_of(const std::string& driver, const std::vector<ComputeCapability>& gpus) {
    host::MachineFacts facts;
    facts.driver = {DriverVersion::parse(driver), "test"};
    facts.gpus = {std::vector<ProbedGpu>(), "test"};
    for (const ComputeCapability& capability : gpus) {
        facts.gpus.value->push_back({0, {}, {}});
        facts.gpus.value->back().capability = capability;
    }
    return facts;
}

const host::MachineFacts without_driver;

TEST(AgreementOf, IsOpenWhereATargetDeclaresNothing) {
    EXPECT_EQ(agreement_of({}, without_driver), Agreement::open);
    EXPECT_EQ(agreement_of({}, facts_of("550.54.15", {{8, 0}})), Agreement::open);
}

TEST(AgreementOf, IsWithAMachineThatHasGpusOrNoneAsDeclared) {
    EXPECT_EQ(agreement_of(machine_with({}, {{}}), without_driver), Agreement::agrees);
    EXPECT_EQ(agreement_of(machine_with({}, {{}}), facts_of("550.54.15", {{8, 0}})),
              Agreement::contradicts);
    EXPECT_EQ(agreement_of(machine_with({}, {{{8, 0}}}), without_driver), Agreement::contradicts);
    EXPECT_EQ(agreement_of(machine_with("535", {}), without_driver), Agreement::contradicts);
    EXPECT_EQ(agreement_of(machine_with("535", {{{8, 0}}}), facts_of("550.54.15", {{8, 0}})),
              Agreement::agrees);
}

TEST(AgreementOf, IsWithNoneWhereADriverListsNoGpu) {
    EXPECT_EQ(agreement_of(machine_with({}, {{}}), facts_of("550.54.15", {})), Agreement::agrees);
    EXPECT_EQ(agreement_of(machine_with("535", {}), facts_of("550.54.15", {})),
              Agreement::contradicts);
}

TEST(AgreementOf, IsNotWithAnOlderDriverOrOtherGpus) {
    EXPECT_EQ(agreement_of(machine_with("570", {{{8, 0}}}), facts_of("550.54.15", {{8, 0}})),
              Agreement::contradicts);
    EXPECT_EQ(agreement_of(machine_with("535", {{{8, 0}}}), facts_of("550.54.15", {{7, 0}})),
              Agreement::contradicts);
    gpu::TargetMachine newer_cuda = machine_with({}, {});
    newer_cuda.cuda = CudaVersion{13, 0};
    host::MachineFacts facts = facts_of("550.54.15", {{8, 0}});
    facts.cuda = {CudaVersion{12, 4}, "test"};
    EXPECT_EQ(agreement_of(newer_cuda, facts), Agreement::contradicts);
}

/// A machine of variables, and a lock for the targets of a manifest.
class TargetChoice : public testing::Test {
  protected:
    std::string chosen(const std::string& driver, const std::string& gpus) {
        project::Surroundings surroundings;
        surroundings.variables.set("ENVPM_DRIVER", driver);
        surroundings.variables.set("ENVPM_CUDA", driver.empty() ? "" : "12.4");
        surroundings.variables.set("ENVPM_GPUS", gpus);
        project::Services services({}, surroundings, progress);
        Lock lock{sha256_of(""), {}, {}};
        for (const Target& target : manifest.targets) {
            lock.targets.push_back({target, std::nullopt, sha256_of(""), std::nullopt});
        }
        return choose_target(manifest, lock, name, services).target.name;
    }

    void declare(const std::string& target, const std::string& facts) {
        text += "[targets." + target + "]\nplatform = \"" +
                std::string(to_text(host::detect_target()->platform)) + "\"\n" + facts;
        manifest = manifest_of(text);
    }

    std::string text;
    Manifest manifest;
    std::optional<std::string> name;
    SilentProgress progress;
};

TEST_F(TargetChoice, IsThatWhichThisMachinesGpusAgreeWith) {
    declare("cpu", "gpus = \"none\"\n");
    declare("gpubox", "driver = \"535.104.05\"\ngpus = [\"A100\"]\n");
    EXPECT_EQ(chosen("", ""), "cpu");
    EXPECT_EQ(chosen("550.54.15", "8.0"), "gpubox");
    EXPECT_EQ(chosen("470.57.02", "8.0"), "cpu"); // neither agrees: the first by name
    declare("else", "");
    EXPECT_EQ(chosen("470.57.02", "8.0"), "else");
    name = "gpubox";
    EXPECT_EQ(chosen("", ""), "gpubox");
}

TEST_F(TargetChoice, IsTheFirstByNameAmongEquals) {
    declare("two", "gpus = [\"8.0\"]\n");
    declare("one", "driver = \"535\"\n");
    EXPECT_EQ(chosen("550.54.15", "8.0"), "one");
    declare("newer", "glibc = \"2.99\"\ngpus = [\"8.0\"]\n");
    EXPECT_EQ(chosen("550.54.15", "8.0"), "one");
}

TEST_F(TargetChoice, ForOtherMachinesOnlyTellsHowToGoOnWithoutThem) {
    declare("newer", "glibc = \"2.99\"\n");
    try {
        (void)chosen("", "");
        FAIL() << "no machine has that";
    } catch (const Error& error) {
        EXPECT_THAT(error.text().what, HasSubstr("`newer` needs glibc 2.99"));
        EXPECT_THAT(error.text().hint, HasSubstr("`--target NAME`"));
    }
    try {
        require_target_here(manifest);
        FAIL() << "no machine has that";
    } catch (const Error& error) {
        EXPECT_THAT(error.text().what, HasSubstr("`newer` needs glibc 2.99"));
        EXPECT_THAT(error.text().hint, HasSubstr("`--no-install`"));
    }
    declare("here", "");
    EXPECT_NO_THROW(require_target_here(manifest));
}

TEST_F(TargetChoice, OfAnUnknownNameTellsThoseThatThereAre) {
    declare("cpu", "");
    name = "nope";
    try {
        (void)chosen("", "");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        EXPECT_THAT(error.text().hint, HasSubstr("`cpu`"));
    }
}

} // namespace
} // namespace envpm::installing
