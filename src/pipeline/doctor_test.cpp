#include "pipeline/doctor.h"

#include "base/files.h"
#include "host/this_machine.h"
#include "store/store.h"

#include <gmock/gmock.h>

namespace envpm::pipeline {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

/// A machine of fakes, with or without a project.
class Doctor : public testing::Test {
  protected:
    Doctor() {
        request.probe = GPUPROBE;
        request.folders = {root / "proc", root / "sys", root / "dev", root / "wsl"};
        request.time_limit = std::chrono::seconds(20);
        request.loader_configuration = root / "ld.so.conf";
        std::filesystem::create_directory(root / "store");
    }

    void use_driver(const std::string& mode) {
        request.variables.set("LD_LIBRARY_PATH", FAKE_GPU);
        request.variables.set("FAKE_GPU", mode);
    }

    void write_manifest(const std::string& target) {
        request.project = project::Project{root / "envpm.toml"};
        write_file(request.project->manifest_file,
                   "[workspace]\nname = \"x\"\n\n[targets.lab]\nplatform = \"" +
                       std::string(to_text(host::detect_target()->platform)) + "\"\n" + target);
    }

    DoctorReport report() {
        project::Settings settings;
        settings.mirrors = mirrors;
        settings.store_root = root / "store";
        settings.cache_root = root / "cache";
        project::Surroundings surroundings;
        surroundings.now = std::chrono::system_clock::time_point(std::chrono::hours(500'000));
        project::Services services(settings, surroundings, progress);
        return doctor(request, services);
    }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
    std::filesystem::path root = folder.path();
    SilentProgress progress;
    DoctorRequest request;
    std::map<std::string, std::vector<project::Mirror>> mirrors;
};

auto says(Condition condition, const std::string& part, const std::string& fact) {
    return Contains(AllOf(Field(&Diagnosis::condition, condition), Field(&Diagnosis::part, part),
                          Field(&Diagnosis::fact, HasSubstr(fact))));
}

auto advises(const std::string& remedy) {
    return Contains(Field(&Diagnosis::remedy, HasSubstr(remedy)));
}

TEST_F(Doctor, AMachineWithoutAGpuIsWell) {
    const DoctorReport found = report();
    EXPECT_FALSE(found.has_defect());
    EXPECT_THAT(found.diagnoses, says(Condition::absent, "GPU", "no NVIDIA driver"));
    EXPECT_THAT(found.diagnoses, says(Condition::good, "store", "free"));
}

TEST_F(Doctor, TellsEachFactWithItsOrigin) {
    use_driver("ok");
    write_file(root / "sys/module/nvidia/version", "580.65.06\n");
    const DoctorReport found = report();
    EXPECT_FALSE(found.has_defect());
    EXPECT_THAT(found.diagnoses, Contains(Diagnosis{"driver", Condition::good, "580.65.06",
                                                    root / "sys/module/nvidia/version", ""}));
    EXPECT_THAT(found.diagnoses, says(Condition::good, "CUDA", "up to 13.0"));
    EXPECT_THAT(found.diagnoses, says(Condition::good, "GPU", "1 of 1 GPU computed"));
}

TEST_F(Doctor, AContainerWithoutTheDriversLibrariesIsToldFromAMachineWithoutDriver) {
    write_file(root / "proc/driver/nvidia/version",
               "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Release Build\n");
    const DoctorReport found = report();
    EXPECT_THAT(found.diagnoses, says(Condition::defect, "GPU", "no libcuda.so.1 here"));
    EXPECT_THAT(found.diagnoses, advises("docker run --gpus all"));
}

TEST_F(Doctor, WslWithoutTheDriverOfWindowsIsADefect) {
    write_file(root / "proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n");
    const DoctorReport found = report();
    EXPECT_THAT(found.diagnoses, says(Condition::good, "system", "this is WSL"));
    EXPECT_THAT(found.diagnoses, advises("driver for Windows"));
}

TEST_F(Doctor, WhatTheDriverRefusesComesWithTheWayOut) {
    const std::pair<const char*, const char*> remedies[] = {{"802", "nvidia-fabricmanager"},
                                                            {"803", "restart this machine"},
                                                            {"804", "out of LD_LIBRARY_PATH"},
                                                            {"999", "modprobe"}};
    for (const auto& [mode, remedy] : remedies) {
        use_driver(mode);
        const DoctorReport found = report();
        EXPECT_TRUE(found.has_defect()) << mode;
        EXPECT_THAT(found.diagnoses, advises(remedy)) << mode;
    }
}

TEST_F(Doctor, AGpuInMigModeWithoutAnInstanceIsADefect) {
    use_driver("nodev");
    request.variables.set("FAKE_NVML", "mig");
    EXPECT_THAT(report().diagnoses, says(Condition::defect, "GPU", "MIG mode"));
}

TEST_F(Doctor, ATargetThatDeclaresGpusAsksForOne) {
    write_manifest("gpus = [\"8.6\"]\n");
    EXPECT_THAT(report().diagnoses, says(Condition::defect, "GPU", "target `lab` declares GPUs"));
    write_manifest("gpus = \"none\"\n");
    EXPECT_FALSE(report().has_defect());
}

TEST_F(Doctor, GpusThatAVariableTellsOfAreNotMissed) {
    write_manifest("gpus = [\"8.0\"]\n");
    request.variables.set("ENVPM_DRIVER", "550.54.15");
    request.variables.set("ENVPM_GPUS", "8.0");
    const DoctorReport found = report();
    EXPECT_FALSE(found.has_defect());
    EXPECT_THAT(found.diagnoses, says(Condition::absent, "GPU", "told by ENVPM_GPUS"));
}

TEST_F(Doctor, AMachineIsHeldAgainstTheFirstTargetThatItFits) {
    write_manifest("glibc = \"2.99\"\ngpus = [\"9.0\"]\n\n[targets.here]\nplatform = \"" +
                   std::string(to_text(host::detect_target()->platform)) + "\"\n");
    EXPECT_FALSE(report().has_defect());
    request.target = "lab";
    EXPECT_THAT(report().diagnoses, says(Condition::defect, "GPU", "target `lab` declares GPUs"));
}

TEST_F(Doctor, ATargetWithoutGpusIsNotToldToDeclareOne) {
    use_driver("ok");
    write_manifest("gpus = \"none\"\n");
    EXPECT_THAT(report().diagnoses, Not(says(Condition::warning, "GPU", "declare")));
}

TEST_F(Doctor, AMachineBelowItsTargetIsADefectAndAnUndeclaredGpuAWarning) {
    use_driver("ok");
    request.variables.set("FAKE_GPU_CUDA", "12020");
    write_file(root / "sys/module/nvidia/version", "535.104.05\n");
    write_manifest("driver = \"580.65.06\"\ncuda = \"13.0\"\ngpus = [\"9.0\"]\nglibc = \"2.99\"\n");
    const DoctorReport found = report();
    EXPECT_THAT(found.diagnoses, says(Condition::defect, "driver", "declares 580.65.06"));
    EXPECT_THAT(found.diagnoses, says(Condition::defect, "CUDA", "declares 13.0"));
    EXPECT_THAT(found.diagnoses, says(Condition::warning, "GPU", "does not declare such a GPU"));
    EXPECT_THAT(found.diagnoses, says(Condition::defect, "system", "glibc 2.99 or later"));
}

TEST_F(Doctor, MirrorsUnderAMisspeltNameAreAWarning) {
    write_manifest("");
    mirrors = {{"pypy", {{"https://a.example.org/simple", "config.toml:2"}}},
               {"another-project", {{"https://a.example.org/simple", "config.toml:3"}}}};
    const DoctorReport found = report();
    EXPECT_THAT(found.diagnoses, says(Condition::warning, "mirrors", "is called `pypy`"));
    EXPECT_THAT(found.diagnoses, advises("did you mean `pypi`?"));
    EXPECT_THAT(found.diagnoses,
                Not(says(Condition::warning, "mirrors", "is called `another-project`")));
}

TEST_F(Doctor, ABrokenProjectOrVariableDoesNotKeepItFromTheRest) {
    write_manifest("glibc = \"new\"\n");
    request.variables.set("ENVPM_DRIVER", "the newest");
    request.settings_error = ErrorText{"unknown key `colour`", "config.toml:1:1", "remove it"};
    const DoctorReport found = report();
    EXPECT_THAT(found.diagnoses, says(Condition::defect, "settings", "unknown key `colour`"));
    EXPECT_THAT(found.diagnoses, says(Condition::defect, "project", "2.28"));
    EXPECT_THAT(found.diagnoses, says(Condition::defect, "settings", "the newest"));
    EXPECT_THAT(found.diagnoses, says(Condition::good, "store", "free"));
}

TEST(DiagnoseFormat, TellsOfAVersionThatCannotBeUsed) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path root = folder.path() / "store";
    EXPECT_FALSE(diagnose_format(root)) << "it is not made yet";
    (void)store::Store::open(root);
    EXPECT_FALSE(diagnose_format(root));
    write_file(root / "VERSION", "");
    const std::optional<Diagnosis> found = diagnose_format(root);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->condition, Condition::defect);
    EXPECT_THAT(found->remedy, HasSubstr("envpm repair"));
}

TEST(DiagnoseFolder, NamesWhatKeepsAFolderFromBeingUsed) {
    host::FolderFacts facts{.folder = "/srv/store", .existing = "/srv"};
    facts.free_bytes = 50'000'000'000;
    EXPECT_THAT(diagnose_folder("store", facts),
                says(Condition::good, "store", "50 GB free, not made yet"));
    facts.has_hard_links = false;
    EXPECT_THAT(diagnose_folder("store", facts), says(Condition::warning, "store", "hard links"));
    EXPECT_THAT(diagnose_folder("cache", facts), says(Condition::good, "cache", "free"));
    facts.free_bytes = 1'000'000;
    EXPECT_THAT(diagnose_folder("cache", facts), says(Condition::warning, "cache", "1 MB free"));
    facts.free_bytes = 50'000'000'000;
    facts.limits_files = true;
    EXPECT_THAT(diagnose_folder("cache", facts), says(Condition::warning, "cache", "0 files"));
    facts.runs_programs = false;
    EXPECT_THAT(diagnose_folder("store", facts), says(Condition::defect, "store", "noexec"));
    EXPECT_THAT(diagnose_folder("cache", facts), Not(says(Condition::defect, "cache", "")));
    facts.may_write = false;
    EXPECT_THAT(diagnose_folder("cache", facts), advises("set ENVPM_CACHE"));
    facts.is_read_only = true;
    EXPECT_THAT(diagnose_folder("store", facts), says(Condition::defect, "store", "read-only"));
    facts.is_folder = false;
    EXPECT_THAT(diagnose_folder("store", facts), says(Condition::defect, "store", "no folder"));
}

} // namespace
} // namespace envpm::pipeline
