#include "fetch/trust.h"

namespace envpm::fetch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TrustTest : public ::testing::Test {
  protected:
    TrustTest() {
        for (const char* const name : {"a", "b", "c"}) {
            Mirror mirror;
            mirror.url = std::string("http://") + name;
            mirror.host = &hosts.at(name);
            mirrors.push_back(mirror);
        }
    }

    Suspects suspects() { return {mirrors, numbers}; }

    Hosts hosts{4};
    std::vector<Mirror> mirrors;
    std::vector<std::uint32_t> numbers = {0, 1, 4};
};

TEST_F(TrustTest, TheLastOfTheListIsTrustedLeast) {
    EXPECT_EQ(least_trusted(suspects(), 0b10011U), 1U << 4U);
    EXPECT_EQ(least_trusted(suspects(), 0b00011U), 1U << 1U);
}

TEST_F(TrustTest, ButLessStillWhoFailedChangedOrLied) {
    mirrors[0].failures = 1;
    EXPECT_EQ(least_trusted(suspects(), 0b10011U), 1U << 0U);
    mirrors[1].has_changed = true;
    EXPECT_EQ(least_trusted(suspects(), 0b10011U), 1U << 1U);
    hosts.at("a").poisonings = 1;
    EXPECT_EQ(least_trusted(suspects(), 0b10011U), 1U << 0U);
}

TEST_F(TrustTest, SourcesThatAreNoMirrorsOfTodayGoFirst) {
    EXPECT_EQ(least_trusted(suspects(), 0b11111U), 0b01100U);
}

TEST_F(TrustTest, WithoutDoubtAMirrorIsBarredUnlessItsFileChanged) {
    EXPECT_EQ(distrust(suspects(), 0b00011U, Doubt::some), 1U);
    EXPECT_EQ(mirrors[0].trust, Trust::suspect);
    mirrors[1].has_changed = true;
    EXPECT_EQ(distrust(suspects(), 0b00011U, Doubt::none), 1U);
    EXPECT_EQ(mirrors[0].trust, Trust::barred);
    EXPECT_EQ(mirrors[1].trust, Trust::suspect);
    EXPECT_EQ(mirrors[2].trust, Trust::full);
    EXPECT_EQ(distrust(suspects(), 0b00001U, Doubt::none), std::nullopt) << "barred already";
}

TEST_F(TrustTest, AFolderThatLiedIsNamed) {
    mirrors[0].url = "file:///srv/one/a.whl";
    mirrors[1].url = "file:///srv/other/a.whl";
    distrust(suspects(), 0b00011U, Doubt::none);
    EXPECT_THAT(mirrors[0].reason, testing::StartsWith("`/srv/one` sent wrong bytes"));
    EXPECT_THAT(mirrors[1].reason, testing::StartsWith("`/srv/other` sent wrong bytes"));
}

TEST_F(TrustTest, TwoWrongFilesBarAHostButNoLocalFile) {
    mirrors[2].url = "file:///c";
    EXPECT_THAT(blame(suspects(), 0b10001U), IsEmpty());
    EXPECT_THAT(blame(suspects(), 0b10001U), ElementsAre("a"));
    EXPECT_THAT(blame(suspects(), 0b10001U), IsEmpty()) << "told once";
    EXPECT_TRUE(is_barred(mirrors[0]));
    EXPECT_FALSE(is_barred(mirrors[2]));
}

} // namespace
} // namespace envpm::fetch
