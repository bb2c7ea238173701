#include "store/portions.h"

#include <gtest/gtest.h>

#include <numeric>

namespace envpm::store {
namespace {

std::vector<ArchiveFile> files_of(const std::vector<std::uint64_t>& sizes) {
    std::vector<ArchiveFile> files(sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        files[i].member.size_bytes = sizes[i];
    }
    return files;
}

TEST(Portions, AreOfSmallFilesTogetherAndOfLargeOnesAlone) {
    const std::vector<ArchiveFile> files = files_of({10, 20, Portion::most, 30, 1U << 30U, 40});
    const std::vector<std::size_t> wanted = {0, 1, 2, 4, 5};
    std::vector<std::vector<std::size_t>> found;
    for (const Portion& portion : portions_of(files, wanted)) {
        found.push_back(portion.files);
    }
    EXPECT_EQ(found, (std::vector<std::vector<std::size_t>>{{0, 1}, {2}, {4}, {5}}));
}

TEST(Portions, EndWhenTheyAreWorthATask) {
    const std::vector<ArchiveFile> files = files_of(std::vector<std::uint64_t>(1000, 0));
    std::vector<std::size_t> all(files.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::vector<std::size_t> found;
    for (const Portion& portion : portions_of(files, all)) {
        EXPECT_LE(portion.cost, Portion::most);
        found.insert(found.end(), portion.files.begin(), portion.files.end());
    }
    EXPECT_EQ(found, all);
    EXPECT_EQ(portions_of(files, all).front().cost, Portion::most);
    EXPECT_TRUE(portions_of(files, {}).empty());
}

} // namespace
} // namespace envpm::store
