#include "pipeline/seal.h"

#include "base/error.h"
#include "base/files.h"
#include "installing/audit.h"
#include "installing/generations.h"
#include "installing/install.h"
#include "lockfiles/lock_file.h"

#include <gtest/gtest.h>

#include <functional>

namespace envpm::pipeline {
namespace {

/// Does something while the files of the prefix are read.
class BusyProgress final : public Progress {
  public:
    void begin(std::string_view /*task*/, std::uint64_t /*total*/, ProgressUnit /*unit*/) override {
        if (meanwhile) {
            meanwhile();
        }
    }

    void advance(std::uint64_t /*amount*/) override {}

    void end() override {}

    void note(std::string_view /*line*/) override {}

    void trace(std::string_view /*line*/) override {}

    std::function<void()> meanwhile;
};

/// A project that needs a Python of the host and nothing else is installed.
class SealTest : public testing::Test {
  protected:
    SealTest()
        : folder_(std::filesystem::temp_directory_path()),
          services_(settings_of(folder_.path()), {variables(), {}, {}}, progress_) {
        write_file(project().manifest_file, "[workspace]\nname = \"demo\"\n");
        (void)installing::install({.project = project()}, services_);
    }

    [[nodiscard]] project::Project project() const {
        return {folder_.path() / "project/envpm.toml"};
    }

    static project::Settings settings_of(const std::filesystem::path& folder) {
        project::Settings settings;
        settings.cache_root = folder / "cache";
        settings.store_root = folder / "store";
        settings.mirrors["pypi"] = {{"https://index.example.org/simple", "test"}}; // never asked
        return settings;
    }

    static Variables variables() {
        Variables variables;
        variables.set("PATH", "/usr/bin:/bin:/usr/local/bin");
        return variables;
    }

    TemporaryFolder folder_;
    BusyProgress progress_;
    project::Services services_;
};

TEST_F(SealTest, WhatOthersWroteMeanwhileStaysInTheLock) {
    Lock theirs = project::read_lock(project()).value();
    theirs.manifest = sha256_of("their manifest");
    progress_.meanwhile = [&] { lockfiles::write(project().lock_file(), theirs); };
    const SealReport report = seal(project(), {}, services_);
    EXPECT_FALSE(report.was_sealed);
    theirs.targets.at(0).contents = report.contents;
    EXPECT_EQ(project::read_lock(project()), theirs);
    progress_.meanwhile = nullptr;
    EXPECT_TRUE(seal(project(), {}, services_).was_sealed);
}

TEST_F(SealTest, ALockOfSomethingElseMeanwhileIsNotSealed) {
    Lock theirs = project::read_lock(project()).value();
    LockedTarget& target = theirs.targets.at(0);
    target.python = LockedPython{{"cpython", 3, 99, "cp399"}, "3.99.0"};
    target.env = lockfiles::env_digest(theirs, target);
    progress_.meanwhile = [&] { lockfiles::write(project().lock_file(), theirs); };
    try {
        (void)seal(project(), {}, services_);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::lock_out_of_date);
    }
    EXPECT_EQ(project::read_lock(project()), theirs);
}

TEST_F(SealTest, OfAnotherTargetThanTheInstalledOneIsRefused) {
    EXPECT_FALSE(seal(project(), "default", services_).was_sealed);
    try {
        (void)seal(project(), "laptop", services_);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::lock_out_of_date);
        EXPECT_EQ(error.text().hint, "run `envpm install --target laptop`, then seal");
    }
}

TEST_F(SealTest, AnEnvironmentThatIsGoneIsToBeInstalledAndNotRepaired) {
    const std::filesystem::path prefix = installing::current_generation(project()).prefix;
    ASSERT_GT(std::filesystem::remove_all(prefix), 0);
    const auto fault_of = [](const std::function<void()>& command) {
        try {
            command();
        } catch (const Error& error) {
            return error.text().what + "; " + error.text().hint;
        }
        return std::string("none");
    };
    const std::string gone = "the environment is gone; run `envpm install`, which makes it anew";
    EXPECT_EQ(fault_of([&] { (void)seal(project(), {}, services_); }), gone);
    EXPECT_EQ(fault_of([&] { (void)installing::audit(project(), {}, services_); }), gone);
}

TEST_F(SealTest, AnInstallWithoutItsRecordIsMadeAgain) {
    const std::filesystem::path record = folder_.path() / "project/.envpm/envs/default/gens/1.json";
    write_file(record, "");
    EXPECT_THROW((void)installing::install({.project = project()}, services_), Error);
    std::filesystem::remove(record);
    EXPECT_FALSE(installing::install({.project = project()}, services_).was_current);
    EXPECT_NO_THROW((void)installing::current_generation(project()));
    EXPECT_TRUE(installing::install({.project = project()}, services_).was_current);
}

} // namespace
} // namespace envpm::pipeline
