// The word of an index among those of its mirrors.

#include "pypi/cached_pages.h"

#include "base/files.h"
#include "pypi/fake_index.h"
#include "pypi/index_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pypi {
namespace {

using test::FakeTransport;
using testing::ElementsAre;

const std::string own_place = "https://index.example.org/simple";
const std::string other_place = "https://mirror.example.org/simple";

class CachedPagesTest : public testing::Test {
  protected:
    CachedPagesTest() {
        transport_.failures[other_place + "/demo/"] = "mirror.example.org: refused";
    }

    std::vector<PageAnswer> pages() {
        const PageQuery query = {&index_, *PackageName::parse("demo")};
        return IndexClient(transport_, folder_.path(), {}).pages({&query, 1});
    }

    std::optional<PageMark> mark() {
        return CachedPages(folder_.path(), {}).mark({&index_, *PackageName::parse("demo")});
    }

    TemporaryFolder folder_{std::filesystem::temp_directory_path()};
    FakeTransport transport_;
    Index index_{"pypi", {own_place + "/", other_place}, false, own_place};
};

TEST_F(CachedPagesTest, NoMirrorIsWaitedForBehindAnIndexThatDoesNotHaveTheProject) {
    EXPECT_FALSE(pages().front().page);
    EXPECT_THAT(transport_.log(), ElementsAre(own_place + "/demo/"));
    EXPECT_FALSE(pages().front().page);
    EXPECT_EQ(transport_.batches.size(), 1U) << "nor the next time";
}

TEST_F(CachedPagesTest, TheMarkIsThatOfTheAnswer) {
    EXPECT_EQ(mark(), std::nullopt);
    (void)pages();
    EXPECT_EQ(mark(), PageMark{});
    index_.own_url.clear();
    EXPECT_EQ(mark(), std::nullopt) << "the mirror may have it";
}

} // namespace
} // namespace envpm::pypi
