#include "installing/installed.h"

#include "base/files.h"
#include "model/store_paths.h"
#include "project/project.h"
#include "realize/generations.h"
#include "realize/prefix_manifest.h"

#include <gtest/gtest.h>

namespace envpm::installing {

namespace {

/// A project with a manifest and a lock, and a store with prefixes that hold no file.
class Installed : public testing::Test {
  protected:
    Installed() {
        write_file(request.project.manifest_file, "[workspace]", Durability::cached);
        write_file(request.project.lock_file(), "of one", Durability::cached);
    }

    std::filesystem::path make_current(const std::string& name) {
        const Sha256 env = sha256_of(name);
        const std::filesystem::path prefix = store.prefix(env);
        write_file(manifest_path(prefix), to_text(realize::PrefixManifest{env, prefix, {}, {}, {}}),
                   Durability::cached);
        project::generations_of(request.project)
            .switch_to(store, {prefix, env, "2026-11-27T12:00:00Z", "default"});
        return prefix;
    }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
    StorePaths store{folder.path() / "store"};
    InstallRequest request{.project = project::Project{folder.path() / "project" / "envpm.toml"}};
    Variables variables;
};

TEST_F(Installed, IsUpToDateUntilTheLockChanges) {
    EXPECT_EQ(up_to_date_prefix(request, variables), std::nullopt);
    const std::filesystem::path prefix = make_current("one");
    remember_install(request, inputs_of(request), prefix);
    EXPECT_EQ(up_to_date_prefix(request, variables), prefix);
    write_file(request.project.lock_file(), "of two", Durability::cached);
    EXPECT_EQ(up_to_date_prefix(request, variables), std::nullopt);
}

TEST_F(Installed, IsNotUpToDateWithWhatAnotherProcessMadeCurrentMeanwhile) {
    const std::filesystem::path one = make_current("one");
    const InstallInputs of_one = inputs_of(request);
    write_file(request.project.lock_file(), "of two", Durability::cached);
    const std::filesystem::path two = make_current("two");
    remember_install(request, inputs_of(request), two);
    remember_install(request, of_one, one);
    EXPECT_EQ(up_to_date_prefix(request, variables), std::nullopt);
    write_file(request.project.lock_file(), "of one", Durability::cached);
    EXPECT_EQ(up_to_date_prefix(request, variables), std::nullopt);
}

TEST_F(Installed, IsWhatARollbackLeftForWhoOnlyUsesIt) {
    const std::filesystem::path prefix = make_current("one");
    remember_rollback(request.project, folder.path());
    request.purpose = InstallPurpose::use_it;
    EXPECT_EQ(up_to_date_prefix(request, variables), std::nullopt);
    remember_rollback(request.project, prefix);
    EXPECT_EQ(up_to_date_prefix(request, variables), prefix);
    request.purpose = InstallPurpose::go_forward;
    EXPECT_EQ(up_to_date_prefix(request, variables), std::nullopt);
}

TEST_F(Installed, IsUpToDateOnTheSameDriverAndGpusOnlyWhereThoseChoseTheTarget) {
    const std::filesystem::path prefix = make_current("one");
    InstallInputs inputs = inputs_of(request);
    Variables other;
    other.set("ENVPM_DRIVER", "550.54.15");
    remember_install(request, inputs, prefix);
    EXPECT_EQ(up_to_date_prefix(request, other), prefix);
    inputs.machine = machine_stamp(variables);
    remember_install(request, inputs, prefix);
    EXPECT_EQ(up_to_date_prefix(request, variables), prefix);
    EXPECT_EQ(up_to_date_prefix(request, other), std::nullopt);
}

TEST_F(Installed, IsNotUpToDateOnAMachineWithAnotherGlibc) {
    const std::filesystem::path prefix = make_current("one");
    remember_install(request, inputs_of(request), prefix);
    EXPECT_EQ(up_to_date_prefix(request, variables), prefix);
    const std::filesystem::path file =
        project::generations_of(request.project).folder() / "installed.json";
    std::string stamp = read_file(file);
    const std::size_t at = stamp.find("glibc ");
    ASSERT_NE(at, std::string::npos);
    write_file(file, stamp.insert(at + 6, "9"));
    EXPECT_EQ(up_to_date_prefix(request, variables), std::nullopt);
}

} // namespace

} // namespace envpm::installing
