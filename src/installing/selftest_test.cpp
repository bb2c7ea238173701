#include "installing/selftest.h"

#include "base/files.h"
#include "installing/own_libraries.h"
#include "lockfiles/lock_file.h"

#include <gmock/gmock.h>

namespace envpm::installing {
namespace {

using selftest::Status;

/// A project with a lock of one package, on a machine of fakes.
class SelfTest : public testing::Test {
  protected:
    SelfTest() {
        const std::filesystem::path& root = folder.path();
        request.probe = GPUPROBE;
        request.folders = {root / "proc", root / "sys", root / "dev", root / "wsl"};
        request.loader_configuration = root / "ld.so.conf";
        request.time_limit = std::chrono::seconds(20);
        request.project = project::Project{root / "envpm.toml"};
        use_driver("ok");
        write_file(request.project->manifest_file, "", Durability::cached);
        lock_package("torch", "2.9.1+cu130");
    }

    void use_driver(const std::string& mode) {
        request.variables.set("LD_LIBRARY_PATH", FAKE_GPU);
        request.variables.set("FAKE_GPU", mode);
    }

    void lock_package(const std::string& name, const std::string& version) {
        Lock lock{sha256_of("manifest"), {{Target(), std::nullopt, env, std::nullopt}}, {}};
        lock.packages.push_back({.name = PackageName::parse(name).value(),
                                 .version = version,
                                 .source = "pypi",
                                 .file = name + "-" + version + "-py3-none-linux_x86_64.whl",
                                 .size_bytes = 1,
                                 .sha256 = sha256_of(name),
                                 .targets = {"default"},
                                 .extras = {},
                                 .dependencies = {}});
        env = lockfiles::env_digest(lock, lock.targets.front());
        lock.targets.front().env = env;
        write_file(request.project->lock_file(), lockfiles::to_text(lock), Durability::cached);
    }

    [[nodiscard]] project::Services services() {
        project::Settings settings;
        settings.cache_root = folder.path() / "cache";
        settings.store_root = folder.path() / "store";
        project::Surroundings surroundings;
        surroundings.now = now;
        return {settings, surroundings, progress};
    }

    SelfTestReport tested() {
        project::Services own = services();
        return self_test(request, own);
    }

    /// Of a store of the test's own, and there.
    [[nodiscard]] std::filesystem::path prefix() const {
        std::filesystem::create_directories(folder.path() / "store/p");
        return folder.path() / "store/p" / short_name(env);
    }

    void keep_sonames(std::set<std::string, std::less<>> sonames) {
        project::Services own = services();
        keep_own_libraries({prefix().string(), std::move(sonames)}, own);
    }

    std::optional<SelfTestReport> tested_before_use() {
        project::Services own = services();
        return self_test_of_prefix(request, prefix(), own);
    }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
    SilentProgress progress;
    std::chrono::system_clock::time_point now{std::chrono::hours(500'000)};
    Sha256 env = sha256_of("environment");
    SelfTestRequest request;
};

TEST_F(SelfTest, ASuccessIsRemembered) {
    const SelfTestReport first = tested();
    EXPECT_EQ(first.verdict.status, Status::passed);
    EXPECT_FALSE(first.was_remembered);
    const SelfTestReport second = tested();
    EXPECT_TRUE(second.was_remembered);
    EXPECT_EQ(second.verdict, first.verdict);
}

TEST_F(SelfTest, ARecheckTestsAgain) {
    tested();
    request.memory = SelfTestMemory::renew;
    EXPECT_FALSE(tested().was_remembered);
}

TEST_F(SelfTest, ASuccessIsForgottenWithARestartANewDriverOrAnotherLock) {
    tested();
    write_file(folder.path() / "proc/sys/kernel/random/boot_id", "1", Durability::cached);
    EXPECT_FALSE(tested().was_remembered);
    write_file(folder.path() / "sys/module/nvidia/version", "580.65.06", Durability::cached);
    EXPECT_FALSE(tested().was_remembered);
    lock_package("torch", "2.9.0+cu130");
    EXPECT_FALSE(tested().was_remembered);
    request.variables.set("CUDA_VISIBLE_DEVICES", "0");
    EXPECT_FALSE(tested().was_remembered);
    EXPECT_TRUE(tested().was_remembered);
}

TEST_F(SelfTest, AFailureIsNotRemembered) {
    for (const std::string mode : {"wrong", "803", "222", "crash"}) {
        use_driver(mode);
        EXPECT_EQ(tested().verdict.status, Status::failed) << mode;
        const SelfTestReport again = tested();
        EXPECT_EQ(again.verdict.status, Status::failed) << mode;
        EXPECT_FALSE(again.was_remembered) << mode;
    }
}

TEST_F(SelfTest, ADriverThatIsTooOldForTheLockFailsThoughItsGpuComputes) {
    use_driver("old");
    const SelfTestReport report = tested();
    EXPECT_EQ(report.verdict.status, Status::failed);
    EXPECT_TRUE(report.situation.probe.is_success());
    EXPECT_FALSE(tested().was_remembered);
}

TEST_F(SelfTest, WhereCudaSeesNoGpuNvmlIsAsked) {
    use_driver("nodev");
    request.variables.set("FAKE_NVML", "mig");
    const SelfTestReport report = tested();
    ASSERT_EQ(report.verdict.findings.size(), 1U);
    EXPECT_THAT(report.verdict.findings[0].cause, testing::HasSubstr("MIG mode"));
}

TEST_F(SelfTest, WithoutAProjectItTestsTheMachine) {
    request.project.reset();
    const SelfTestReport report = tested();
    EXPECT_EQ(report.verdict.status, Status::passed);
    EXPECT_FALSE(report.situation.needs.uses_cuda);
}

TEST_F(SelfTest, AnEnvironmentWithoutCudaIsNotTested) {
    EXPECT_TRUE(tested_before_use());
    lock_package("numpy", "2.0");
    EXPECT_FALSE(tested_before_use());
}

TEST_F(SelfTest, NorIsOneThatTheLockDoesNotDescribe) {
    project::Services own = services();
    EXPECT_FALSE(self_test_of_prefix(request, "/store/p/another", own));
    std::filesystem::remove(request.project->lock_file());
    EXPECT_FALSE(tested_before_use());
}

TEST_F(SelfTest, BeforeUseEvenALockThatCannotBeReadIsAVerdict) {
    write_file(request.project->lock_file(), "not a lock", Durability::cached);
    const auto report = tested_before_use();
    ASSERT_TRUE(report);
    EXPECT_EQ(report->verdict.status, Status::failed);
    EXPECT_EQ(report->verdict.findings.size(), 1U);
}

TEST_F(SelfTest, LibrariesThatAVariableHidesMakeItFailBeforeUse) {
    write_file(folder.path() / "cuda/libcudart.so.13", "");
    EXPECT_EQ(tested_before_use()->verdict.status, Status::passed);
    request.variables.set("LD_LIBRARY_PATH",
                          std::string(FAKE_GPU) + ":" + (folder.path() / "cuda").string());
    EXPECT_EQ(tested_before_use()->verdict.status, Status::passed); // no audit, nothing known
    keep_sonames({"libcudart.so.12", "libz.so.1"});
    EXPECT_EQ(tested_before_use()->verdict.status, Status::passed);
    keep_sonames({"libcudart.so.13", "libz.so.1"});
    const selftest::Verdict verdict = tested_before_use()->verdict;
    EXPECT_EQ(verdict.status, Status::failed);
    EXPECT_EQ(verdict.summary, "programs would load other libraries than the environment's");
    ASSERT_EQ(verdict.findings.size(), 1U);
    EXPECT_EQ(verdict.findings[0].remedy, "unset LD_LIBRARY_PATH for this environment");
    EXPECT_EQ(verdict.findings[0].cause,
              "LD_LIBRARY_PATH puts `libcudart.so.13` before those of the environment (" +
                  (folder.path() / "cuda").string() + ")");
}

TEST_F(SelfTest, LibrariesThatTheLoaderKnowsTooAreANoteBeforeUse) {
    write_file(folder.path() / "cuda/libcudart.so.13", "");
    write_file(folder.path() / "ld.so.conf", (folder.path() / "cuda").string() + "\n");
    keep_sonames({"libcudart.so.13"});
    const auto report = tested_before_use();
    EXPECT_EQ(report->verdict.status, Status::passed);
    EXPECT_TRUE(report->has_doubles);
    EXPECT_EQ(report->verdict.notes.size(), 1U);
    const auto again = tested_before_use();
    EXPECT_TRUE(again->was_remembered);
    EXPECT_EQ(again->verdict.notes.size(), 1U);
    EXPECT_FALSE(again->has_doubles); // it was told
    keep_sonames({"libcudart.so.12"});
    EXPECT_TRUE(tested_before_use()->verdict.notes.empty());
}

TEST_F(SelfTest, WhereNothingCanBeTestedTheLoadersLibrariesAreNoNote) {
    write_file(folder.path() / "cuda/libcudart.so.13", "");
    write_file(folder.path() / "ld.so.conf", (folder.path() / "cuda").string() + "\n");
    keep_sonames({"libcudart.so.13"});
    use_driver("nodev");
    request.variables.set("FAKE_NVML_COUNT", "0");
    const auto report = tested_before_use();
    EXPECT_EQ(report->verdict.status, Status::skipped);
    EXPECT_TRUE(report->verdict.notes.empty());
}

TEST_F(SelfTest, WithoutADriverFailsOnlyForWhoNeedsTheGpusThatTheTargetDeclares) {
    request.variables.set("LD_LIBRARY_PATH", "");
    const std::string target = "[targets.default]\nplatform = \"linux-64\"\n";
    write_file(request.project->manifest_file, target, Durability::cached);
    SelfTestReport report = with_gpus_required(*tested_before_use());
    EXPECT_EQ(report.verdict.status, Status::skipped);
    write_file(request.project->manifest_file, target + "gpus = [\"8.0\"]\n", Durability::cached);
    report = *tested_before_use();
    EXPECT_EQ(report.verdict.status, Status::skipped);
    report = with_gpus_required(std::move(report));
    EXPECT_EQ(report.verdict.status, Status::failed);
    EXPECT_EQ(report.verdict.summary, "target `default` declares GPUs");
    EXPECT_EQ(report.verdict.findings.size(), 1U);
}

TEST_F(SelfTest, SonamesAreKeptOfTheStoreAloneAndReadOnlyAsTheyWereWritten) {
    project::Services own = services();
    const gpu::OwnLibraries libraries{prefix().string(), {"liba.so.1", "libb.so"}};
    keep_own_libraries(libraries, own);
    EXPECT_EQ(kept_own_libraries(prefix(), own), libraries);
    const std::filesystem::path file = own.cache("audit") / "sonames" / prefix().filename();
    for (const std::string text : {"", "liba.so.1\n", "envpm sonames 1\nliba.so.1"}) {
        write_file(file, text, Durability::cached);
        EXPECT_EQ(kept_own_libraries(prefix(), own), std::nullopt) << text;
    }
    keep_own_libraries({(folder.path() / "elsewhere/one").string(), {"liba.so.1"}}, own);
    EXPECT_EQ(kept_own_libraries(folder.path() / "elsewhere/one", own), std::nullopt);
}

TEST_F(SelfTest, PoliciesHaveThreeNames) {
    EXPECT_EQ(parse_check_policy("warn"), CheckPolicy::warn);
    EXPECT_EQ(parse_check_policy("strict"), CheckPolicy::strict);
    EXPECT_EQ(parse_check_policy("off"), CheckPolicy::off);
    EXPECT_EQ(parse_check_policy("Off"), std::nullopt);
}

} // namespace
} // namespace envpm::installing
