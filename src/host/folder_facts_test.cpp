#include "host/folder_facts.h"

#include "base/files.h"

#include <gtest/gtest.h>

namespace envpm::host {
namespace {

TEST(FolderFacts, AFolderOfOnesOwnCanBeUsedAndIsLeftAsItWas) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const FolderFacts facts = examine_folder(folder.path());
    EXPECT_EQ(facts.existing, folder.path());
    EXPECT_TRUE(facts.is_folder);
    EXPECT_TRUE(facts.may_write);
    EXPECT_FALSE(facts.is_read_only);
    EXPECT_EQ(facts.has_hard_links, true);
    EXPECT_GT(facts.free_bytes, 0U);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(FolderFacts, OfAFolderThatIsNotThereTheOneAboveCountsAndIsNotWritten) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const FolderFacts facts = examine_folder(folder.path() / "a/b");
    EXPECT_EQ(facts.existing, folder.path());
    EXPECT_EQ(facts.has_hard_links, std::nullopt);
    EXPECT_TRUE(facts.may_write);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(FolderFacts, AFileInThePlaceOfAFolderIsNone) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    write_file(folder.path() / "file", "");
    EXPECT_FALSE(examine_folder(folder.path() / "file/below").is_folder);
}

TEST(FolderFacts, AFileSystemOfTheKernelsOwnTakesNoFiles) {
    const FolderFacts facts = examine_folder("/proc/envpm/store");
    EXPECT_EQ(facts.existing, "/proc");
    EXPECT_FALSE(facts.has_hard_links.has_value());
}

} // namespace
} // namespace envpm::host
