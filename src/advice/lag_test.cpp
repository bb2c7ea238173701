#include "advice/lag.h"

#include "universe/mixed_world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::advice {
namespace {

using conda::test::entry;
using testing::ElementsAre;
using testing::IsEmpty;
using universe::test::channel_a;
using universe::test::Mixed;
using universe::test::needing;
using universe::test::with_pythons;

/// A channel with an old `setup`, which releases of the wheel `flame` need.
struct Flames : Mixed {
    explicit Flames(const std::vector<universe::test::Release>& flames) {
        add("a", with_pythons({needing(entry("setup", "70.0"), {"python"}),
                               needing(entry("setup", "75.1"), {"python"})}));
        indexes.add("pypi", "flame", flames);
        indexes.add("pypi", "setup",
                    {{"setup-75.1-py3-none-any.whl"}, {"setup-80.0-py3-none-any.whl"}});
    }
};

std::vector<std::string> notes_of(Mixed& world, const std::string& requirements) {
    EXPECT_FALSE(world.chosen(channel_a + requirements).empty());
    return notes_on_lag(std::get<Resolution>(world.answer), *world.universe,
                        {*world.question, *world.listings, &*world.records, {}});
}

const std::vector<universe::test::Release> newest_needs_newer = {
    {"flame-2.12-py3-none-any.whl", {"setup<80"}}, {"flame-2.15-py3-none-any.whl", {"setup>=77"}}};

TEST(Lag, OfAWheelNamesTheChannelsPackageAndTheWayOut) {
    Flames world(newest_needs_newer);
    EXPECT_THAT(
        notes_of(world, "[pypi-dependencies]\nflame = \"*\"\n"),
        ElementsAre("flame 2.12 could be 2.15: flame 2.15 needs setup >=77, and only the "
                    "channel a serves setup, which has 70.0 and 75.1; `channel-priority = "
                    "\"flexible\"`, or `setup = \"*\"` under `[pypi-dependencies]`, lets the "
                    "index serve it"));
}

TEST(Lag, OfWhatTheManifestWantsFromTheChannelAsksToMoveIt) {
    Flames world(newest_needs_newer);
    EXPECT_THAT(
        notes_of(world, "[dependencies]\nsetup = \"*\"\n[pypi-dependencies]\nflame = \"*\"\n"),
        ElementsAre("flame 2.12 could be 2.15: flame 2.15 needs setup >=77, and only the "
                    "channel a serves setup, which has 70.0 and 75.1; move `setup` to "
                    "`[pypi-dependencies]`"));
}

TEST(Lag, IsNotToldWhereNothingLags) {
    Flames newest(
        std::vector<universe::test::Release>{{"flame-2.15-py3-none-any.whl", {"setup>=70"}}});
    EXPECT_THAT(notes_of(newest, "[pypi-dependencies]\nflame = \"*\"\n"), IsEmpty());
    Flames bounded(newest_needs_newer);
    EXPECT_THAT(notes_of(bounded, "[pypi-dependencies]\nflame = \"<2.15\"\n"), IsEmpty());
    Flames moved(newest_needs_newer);
    EXPECT_THAT(notes_of(moved, "[pypi-dependencies]\nflame = \"*\"\nsetup = \"*\"\n"), IsEmpty());
}

TEST(Lag, IsNotToldWhereTheIndexWouldNotHelp) {
    Flames world({{"flame-2.12-py3-none-any.whl", {"setup"}},
                  {"flame-2.15-py3-none-any.whl", {"setup>=90"}}});
    EXPECT_THAT(notes_of(world, "[pypi-dependencies]\nflame = \"*\"\n"), IsEmpty());
}

TEST(Lag, IsNotToldWhereSomethingElseHoldsTheWheelBack) {
    Flames world({{"flame-2.12-py3-none-any.whl", {"setup"}},
                  {"flame-2.15-py3-none-any.whl", {"setup>=77", "absent"}}});
    EXPECT_THAT(notes_of(world, "[pypi-dependencies]\nflame = \"*\"\n"), IsEmpty());
}

TEST(Lag, OfAReleaseIsNotToldIfOneOfItsWheelsHasNoSuchNeed) {
    Flames world({{"flame-2.12-py3-none-any.whl", {"setup"}},
                  {"flame-2.15-cp311-cp311-manylinux_2_17_x86_64.whl", {"setup>=77"}},
                  {"flame-2.15-cp312-cp312-manylinux_2_17_x86_64.whl", {"absent"}}});
    EXPECT_THAT(notes_of(world, "[pypi-dependencies]\nflame = \"*\"\n"), IsEmpty());
}

TEST(Lag, OfWheelsBelowCondaPackagesCountsOnFromThose) {
    Flames world(
        std::vector<universe::test::Release>{{"flame-2.15-py3-none-any.whl", {"setup>=77"}}});
    EXPECT_THAT(world.chosen("[workspace]\nname = \"x\"\nchannels = [\"a\"]\n"
                             "channel-priority = \"flexible\"\n"
                             "[channels]\na = \"https://a.example.org\"\n"
                             "[pypi-dependencies]\nflame = \"*\"\n"),
                ElementsAre("flame 2.15 wheel", "python 3.13.1 linux-64", "setup 80.0 wheel"));
    std::vector<std::string> releases;
    const SlotId slot = *world.universe->find_slot("setup");
    for (const CandidateId id : world.universe->candidates(slot)) {
        releases.push_back(fmt::format("{}: {}", world.universe->candidate(id).version,
                                       world.universe->candidate(id).release));
    }
    EXPECT_THAT(releases, ElementsAre("75.1: 3", "80.0: 2", "70.0: 1", "75.1: 0"));
}

} // namespace
} // namespace envpm::advice
