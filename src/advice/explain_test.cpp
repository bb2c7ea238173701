#include "advice/explain.h"

#include "advice/why_not_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::advice {
namespace {

using test::why_not;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using universe::test::FakeIndexes;
using universe::test::World;

std::string asking_for(const std::string& requirements) {
    return "[workspace]\nname = \"demo\"\n[pypi-dependencies]\n" + requirements;
}

Explanation explanation_of(World& world) {
    const Answer answer = world.solve();
    const auto* conflict = std::get_if<Conflict>(&answer);
    EXPECT_NE(conflict, nullptr) << "there is a solution";
    return conflict == nullptr
               ? Explanation()
               : Explanation{{},
                             explain_reasons(*conflict, world.universe, {world.listings}),
                             nearest_solutions(*conflict, world.universe, {})};
}

std::vector<std::string> texts_of(const Explanation& explanation) {
    std::vector<std::string> out;
    for (const ExplainedReason& reason : explanation.reasons) {
        out.push_back(reason.text);
    }
    return out;
}

std::vector<std::string> changes_of(const Explanation& explanation) {
    std::vector<std::string> out;
    for (const NearestSolution& nearest : explanation.nearest) {
        out.push_back(nearest.change() + " gives " + nearest.result);
    }
    return out;
}

std::vector<std::string> reasons_for(FakeIndexes& indexes, const std::string& requirements) {
    World world(indexes, asking_for(requirements));
    return texts_of(explanation_of(world));
}

/// Releases of `alpha` that need nothing.
std::vector<universe::test::Release> plain(const std::vector<std::string>& versions) {
    std::vector<universe::test::Release> releases;
    for (const std::string& version : versions) {
        releases.push_back({"alpha-" + version + "-py3-none-any.whl"});
    }
    return releases;
}

TEST(Explain, NamesTheOverrideThatMadeANeed) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl", {"beta>=1"}}});
    indexes.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}});
    World world(indexes, asking_for("alpha = \"*\"\n[overrides]\nbeta = \"<1\"\n"));
    const Answer answer = world.solve();
    const auto reasons = explain_reasons(std::get<Conflict>(answer), world.universe,
                                         {world.listings, {}, nullptr, world.manifest.overrides});
    ASSERT_EQ(reasons.size(), 3);
    EXPECT_EQ(reasons[1].text, "alpha 1.0 needs beta, which you override to <1");
    EXPECT_EQ(reasons[1].place, "envpm.toml:6:1");
    EXPECT_EQ(reasons[2].text, "no release that fits matches beta <1; there is only 1.0");
}

TEST(Explain, TellsAProjectThatIsNowhereFromOneThatDoesNotFit) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl"}});
    indexes.add("pypi", "gamma", {{"gamma-1.0-py3-none-win32.whl"}});
    for (const auto& [request, is_nowhere] :
         {std::pair("alpha = \">1\"\n", false), std::pair("beta = \"*\"\n", true),
          std::pair("gamma = \"*\"\n", false)}) {
        World world(indexes, asking_for(request));
        const Answer answer = world.solve();
        EXPECT_EQ(lacks_a_project(std::get<Conflict>(answer), world.universe, world.listings),
                  is_nowhere)
            << request;
    }
}

TEST(Explain, SaysWhatThereIsWhereNothingMatches) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", plain({"1.0"}));
    EXPECT_THAT(reasons_for(indexes, "alpha = \"==9\"\n"),
                ElementsAre("you ask for alpha ==9",
                            "no release that fits matches alpha ==9; there is only 1.0"));
    indexes.add("pypi", "alpha", plain({"1.0", "2.0"}));
    EXPECT_THAT(reasons_for(indexes, "alpha = \"==9\"\n"),
                Contains("no release that fits matches alpha ==9; there are 1.0 and 2.0"));
    indexes.add("pypi", "alpha", plain({"1.0", "2.0", "3.0"}));
    EXPECT_THAT(
        reasons_for(indexes, "alpha = \"==9\"\n"),
        Contains("no release that fits matches alpha ==9; there are 1.0 to 3.0 (3 releases)"));
}

TEST(Explain, CountsReleasesAndNotWheels) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", {"beta>=2"}},
                 {"alpha-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", {"beta>=2"}}});
    indexes.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}});
    World world(indexes, asking_for("alpha = \"*\"\n"),
                {universe::test::python_of(11), universe::test::python_of(12)});
    EXPECT_THAT(texts_of(explanation_of(world)), Contains("alpha 1.0 needs beta >=2"));
}

TEST(Explain, HasTheGrammarOfOneAndMany) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-win32.whl"}});
    EXPECT_THAT(reasons_for(indexes, "alpha = \"*\"\n"),
                Contains("alpha has no wheel that fits: 1.0 has no wheel for this platform and "
                         "Python (1.0 has py3-none-win32)"));
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-win32.whl"}, {"alpha-1.1-py3-none-win32.whl"}});
    EXPECT_THAT(reasons_for(indexes, "alpha = \"*\"\n"),
                Contains("alpha has no wheel that fits: 1.1 and 1.0 have no wheel for this "
                         "platform and Python (1.1 has py3-none-win32)"));
    indexes.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl", {}, ">=3.20"}});
    EXPECT_THAT(reasons_for(indexes, "alpha = \"*\"\n"),
                Contains("alpha has no wheel that fits: 1.0 asks for another Python"));
}

TEST(Explain, ReleasesAfterExcludeNewerAreTheReason) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl", {}, {}, false, "2025-06-01T00:00:00Z"}});
    EXPECT_THAT(why_not(World(indexes, "[workspace]\nexclude-newer = \"2025-01-01\"\n"
                                       "[pypi-dependencies]\nalpha = \"*\"\n")),
                HasSubstr("alpha has no wheel that fits: 1.0 is newer than exclude-newer"));
}

TEST(Explain, OfManyReleasesThatEachPinOneOfAnotherAFewShowIt) {
    FakeIndexes indexes;
    std::vector<universe::test::Release> pinning;
    for (int i = 1; i <= 8; ++i) {
        pinning.push_back(
            {fmt::format("beta-{}.0-py3-none-any.whl", i), {fmt::format("alpha=={}.0", i)}});
    }
    indexes.add("pypi", "beta", pinning);
    indexes.add("pypi", "alpha",
                plain({"1.0", "2.0", "3.0", "4.0", "5.0", "6.0", "7.0", "8.0", "9.0"}));
    const auto reasons = reasons_for(indexes, "alpha = \"==9.0\"\nbeta = \"*\"\n");
    EXPECT_THAT(reasons, Contains("and so on: 3 more such lines of beta about alpha"));
    EXPECT_EQ(reasons.size(), 2U + 5U + 1U);
}

TEST(Explain, AMisspeltNameGetsWhatEarlierRunsSaw) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", plain({"1.0"}));
    World world(indexes, asking_for("alpah = \"*\"\n"));
    EXPECT_THAT(texts_of(explanation_of(world)),
                Contains("no index has `alpah`; asked: `pypi` at https://pypi.example.org/simple "
                         "(`envpm mirror test` says whether that is an index)"));
    world.listings.load(std::vector<PackageName>{universe::test::name_of("alpha")});
    World later(indexes, asking_for("alpah = \"*\"\n"));
    pypi::IndexClient same_cache(indexes.transport, world.folder.path(), {});
    universe::Listings listings(same_cache, {FakeIndexes::index("pypi")}, {});
    const Answer answer = later.solve();
    const auto reasons = explain_reasons(std::get<Conflict>(answer), later.universe, {listings});
    EXPECT_THAT(texts_of({{}, reasons, {}}),
                Contains("no index has `alpah`; did you mean `alpha`?"));
}

TEST(Explain, ANameWithoutFilesIsNotOfferedInItsOwnPlace) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha", {});
    EXPECT_THAT(reasons_for(indexes, "alpha = \"*\"\n"),
                Contains(HasSubstr("but no file of it that envpm can read")));
    EXPECT_THAT(reasons_for(indexes, "alpha = \"*\"\n"), Not(Contains(HasSubstr("did you mean"))));
}

TEST(Explain, UnusableMetadataIsToldInItsWords) {
    FakeIndexes indexes;
    indexes.add("pypi", "alpha",
                {{"alpha-1.0-py3-none-any.whl", {"beta @ https://example.org/b.whl"}}});
    EXPECT_THAT(reasons_for(indexes, "alpha = \"*\"\n"),
                Contains("alpha 1.0 cannot be used: it needs `beta` from a URL"));
}

/// `beta` has a release for each of `alpha` 1.0 to 4.0, `gamma` one for alpha 4.0 only.
class ExplainNearestTest : public testing::Test {
  protected:
    ExplainNearestTest() {
        indexes_.add("pypi", "alpha", plain({"1.0", "2.0", "3.0", "4.0"}));
        indexes_.add("pypi", "beta",
                     {{"beta-1.0-py3-none-any.whl", {"alpha==1.0"}},
                      {"beta-1.1-py3-none-any.whl", {"alpha==1.0"}},
                      {"beta-4.0-py3-none-any.whl", {"alpha==4.0"}}});
        indexes_.add("pypi", "gamma", {{"gamma-1.0-py3-none-any.whl", {"alpha==4.0"}}});
    }

    std::vector<std::string> nearest(const std::string& requirements) {
        World world(indexes_, asking_for(requirements));
        return changes_of(explanation_of(world));
    }

    FakeIndexes indexes_;
};

TEST_F(ExplainNearestTest, OffersWhatWasSolvedSmallestChangeFirst) {
    EXPECT_THAT(nearest("alpha = \"==4.0\"\nbeta = \"<1.1\"\n"),
                ElementsAre("beta = \"~=4.0.0\" gives alpha 4.0, beta 4.0",
                            "alpha = \"~=1.0.0\" gives alpha 1.0, beta 1.0"));
    EXPECT_THAT(nearest("beta = \"<1.1\"\nalpha = \"==2.0\"\n"),
                ElementsAre("alpha = \"~=1.0.0\" gives beta 1.0, alpha 1.0"));
}

TEST_F(ExplainNearestTest, OneFarChangeComesBeforeTwoNearOnes) {
    indexes_.add("pypi", "alpha", plain({"1.0", "2.0", "3.0", "4.0", "5.0"}));
    indexes_.add("pypi", "delta",
                 {{"delta-1.0-py3-none-any.whl", {"alpha==1.0"}},
                  {"delta-2.0-py3-none-any.whl", {"alpha==5.0"}}});
    EXPECT_THAT(nearest("alpha = \"==4.0\"\ndelta = \"==1.0\"\n"),
                ElementsAre("alpha = \"~=1.0.0\" gives alpha 1.0, delta 1.0",
                            "alpha = \"~=5.0.0\", delta = \"~=2.0.0\" gives alpha 5.0, delta 2.0"));
}

TEST_F(ExplainNearestTest, OffersNothingThatOnlyAPinGets) {
    indexes_.add("pypi", "delta",
                 {{"delta-1.0-py3-none-any.whl"}, {"delta-2.0-py3-none-any.whl", {}, {}, true}});
    EXPECT_THAT(nearest("delta = \">=3\"\n"), ElementsAre("delta = \"~=1.0.0\" gives delta 1.0"));
}

TEST_F(ExplainNearestTest, APackageIsToldWhoseExtraIsInTheWay) {
    indexes_.add("pypi", "delta",
                 {{"delta-1.0-py3-none-any.whl", {"alpha==1.0 ; extra == 'x'"}},
                  {"delta-2.0-py3-none-any.whl", {"alpha==4.0 ; extra == 'x'"}}});
    EXPECT_THAT(nearest("alpha = \"==4.0\"\n"
                        "delta = { version = \"<2\", extras = [\"x\"] }\n"),
                ElementsAre("delta = { version = \"~=2.0.0\", … } gives alpha 4.0, delta 2.0",
                            "alpha = \"~=1.0.0\" gives alpha 1.0, delta 1.0"));
}

TEST_F(ExplainNearestTest, APackageIsToldOnceThoughItsExtraIsInTheWayToo) {
    indexes_.add("pypi", "delta",
                 {{"delta-1.0-py3-none-any.whl", {"alpha<4", "beta<4 ; extra == 'x'"}},
                  {"delta-2.0-py3-none-any.whl"}});
    EXPECT_THAT(
        nearest("alpha = \"==4.0\"\nbeta = \"==4.0\"\n"
                "delta = { version = \"<2\", extras = [\"x\"] }\n"),
        Contains("delta = { version = \"~=2.0.0\", … } gives alpha 4.0, delta 2.0, beta 4.0"));
}

TEST_F(ExplainNearestTest, OffersChangesOfConstraints) {
    EXPECT_THAT(nearest("gamma = \"*\"\n[constraints]\nalpha = \"<4\"\n"),
                ElementsAre("alpha = \"~=4.0.0\" gives gamma 1.0, alpha 4.0"));
}

TEST_F(ExplainNearestTest, ARequestWithExtrasIsOneChange) {
    EXPECT_THAT(
        nearest("alpha = \"==4.0\"\nbeta = { version = \"<1.1\", extras = [\"x\", \"y\"] }\n"),
        Contains("beta = { version = \"~=4.0.0\", … } gives alpha 4.0, beta 4.0"));
}

TEST_F(ExplainNearestTest, NothingIsOfferedWhereNoSingleChangeHelps) {
    EXPECT_THAT(nearest("alpha = \"*\"\nmissing = \"*\"\n"), IsEmpty());
}

TEST_F(ExplainNearestTest, APreReleaseIsOfferedAsAPin) {
    indexes_.add("pypi", "delta", {{"delta-5rc1-py3-none-any.whl"}});
    EXPECT_THAT(nearest("delta = \"<5rc1\"\n"), ElementsAre("delta = \"==5rc1\" gives delta 5rc1"));
}

TEST_F(ExplainNearestTest, PlacesPointIntoTheManifest) {
    World world(indexes_, asking_for("alpha = \"==4.0\"\nbeta = \"<1.1\"\n"));
    const Explanation explanation = explanation_of(world);
    EXPECT_THAT(explanation.reasons.at(0).place, HasSubstr("envpm.toml:4:"));
    EXPECT_THAT(explanation.nearest.at(0).changes.at(0).place, HasSubstr("envpm.toml:5:"));
}

} // namespace
} // namespace envpm::advice
