#include "installing/generations.h"

#include "base/files.h"
#include "model/store_paths.h"

#include <gtest/gtest.h>

namespace envpm::installing {

namespace {

class States : public testing::Test {
  protected:
    std::filesystem::path install(const std::string& env, const std::string& target = "laptop",
                                  const std::string& root = "root") {
        const StorePaths store(folder.path() / root);
        const std::filesystem::path prefix = store.prefix(sha256_of(env));
        std::filesystem::create_directories(prefix);
        project::generations_of(project).switch_to(store, {prefix, sha256_of(env), "now", target});
        return prefix;
    }

    [[nodiscard]] std::vector<State> found(const std::optional<std::string>& target = {}) const {
        return states(project, target, folder.path() / "link");
    }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
    project::Project project{folder.path() / "project/envpm.toml"};
};

TEST_F(States, SayWhichAreGoneAndWhichLieElsewhere) {
    const std::filesystem::path gone = install("one");
    install("two", "laptop", "other");
    install("three");
    std::filesystem::create_directory_symlink("root", folder.path() / "link");
    std::filesystem::remove(gone);
    const std::vector<State> all = found();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_FALSE(all[0].is_there);
    EXPECT_FALSE(all[0].is_elsewhere);
    EXPECT_TRUE(all[1].is_there);
    EXPECT_TRUE(all[1].is_elsewhere);
    EXPECT_EQ(all[1].generation.store_root(), folder.path() / "other");
    EXPECT_TRUE(all[2].is_there);
    EXPECT_FALSE(all[2].is_elsewhere);
}

TEST_F(States, OfATargetAreComparedWithEachOther) {
    const std::filesystem::path first = install("one");
    install("two", "gpubox");
    const std::filesystem::path third = install("three");
    write_file(third / "lib/python3.11/site-packages/a-1.0.dist-info/METADATA", "",
               Durability::cached);
    std::filesystem::create_directories(first / "lib/python3.11/site-packages");
    const std::vector<State> laptops = found("laptop");
    ASSERT_EQ(laptops.size(), 2U);
    EXPECT_EQ(laptops[1].generation.number, 3);
    const std::vector<PackageChange> expected = {{"a", {}, "1.0"}};
    EXPECT_EQ(laptops[1].changes, expected);
    EXPECT_TRUE(found("nowhere").empty());
}

} // namespace

} // namespace envpm::installing
