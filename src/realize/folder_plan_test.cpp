#include "realize/folder_plan.h"

#include <gtest/gtest.h>

namespace envpm::realize {
namespace {

LayoutEntry file(const std::string& path) {
    return {RelativePath::parse(path), ObjectFile{sha256_of(path)}, false, {}};
}

std::vector<std::string> paths_of(const std::vector<PlannedFolder>& folders) {
    std::vector<std::string> paths;
    for (const PlannedFolder& folder : folders) {
        paths.push_back(folder.path);
    }
    return paths;
}

TEST(FolderPlan, HasEachFolderOnceAfterTheOneThatItLiesIn) {
    const Layout layout{{file("a/b.py"), file("a/b/c"), file("a/b0"), file("d/e/f/g"), file("h")}};
    const std::vector<PlannedFolder> folders = plan_folders(layout);
    EXPECT_EQ(paths_of(folders), (std::vector<std::string>{"", "a", "a/b", "d", "d/e", "d/e/f"}));
    EXPECT_EQ(folders[0].entries, std::vector<std::size_t>{4});
    EXPECT_EQ(folders[1].entries, (std::vector<std::size_t>{0, 2}));
    EXPECT_EQ(folders[2].entries, std::vector<std::size_t>{1});
    EXPECT_EQ(folders[5].entries, std::vector<std::size_t>{3});
    EXPECT_EQ(folders[0].children, (std::vector<std::size_t>{1, 3}));
    EXPECT_STREQ(folders[5].name(), "f");
    EXPECT_STREQ(folders[1].name(), "a");
}

TEST(FolderPlan, HasFoldersThatHoldNothing) {
    const Layout layout{{LayoutEntry{RelativePath::parse("var/empty"), EmptyFolder(), false, {}}}};
    const std::vector<PlannedFolder> folders = plan_folders(layout);
    EXPECT_EQ(paths_of(folders), (std::vector<std::string>{"", "var", "var/empty"}));
    EXPECT_TRUE(folders[2].entries.empty());
}

TEST(FolderPlan, DoesNotTakeACommonBeginningForAFolder) {
    const Layout layout{{file("ab/c"), file("abc/d")}};
    EXPECT_EQ(paths_of(plan_folders(layout)), (std::vector<std::string>{"", "ab", "abc"}));
}

TEST(FolderPlan, WeighsAFolderWithAllThatIsBelowIt) {
    const Layout layout{{file("a/b/c"), file("a/b/d"), file("a/e")}};
    const std::vector<PlannedFolder> folders = plan_folders(layout);
    EXPECT_EQ(folders[2].weight, 3U);
    EXPECT_EQ(folders[1].weight, 5U);
    EXPECT_EQ(folders[0].weight, 6U);
}

} // namespace
} // namespace envpm::realize
