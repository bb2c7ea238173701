#include "pipeline/new_files.h"

#include "base/error.h"
#include "base/files.h"

#include <gtest/gtest.h>

namespace envpm::pipeline {

namespace {

/// Nothing can be written to a place whose folder would be a file.
TEST(NewFiles, AreAllThereOrNone) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path there = folder.path() / "there";
    const std::filesystem::path inner = folder.path() / "a/b/new";
    write_file(there, "old");
    const std::vector<NewFile> good = {{there, "changed"}, {inner, "new"}};
    std::vector<NewFile> bad = good;
    bad.push_back({there / "below", "no"});
    EXPECT_THROW(write_all_or_none(bad), Error);
    EXPECT_EQ(read_file(there), "old");
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "a"));
    write_all_or_none(good);
    EXPECT_EQ(read_file(there), "changed");
    EXPECT_EQ(read_file(inner), "new");
    EXPECT_THROW(write_all_or_none(bad), Error);
    EXPECT_EQ(read_file(inner), "new") << "it was there before";
}

} // namespace

} // namespace envpm::pipeline
