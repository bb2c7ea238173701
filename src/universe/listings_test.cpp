#include "universe/listings.h"

#include "universe/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::universe {
namespace {

using test::FakeIndexes;
using test::name_of;
using testing::ElementsAre;

/// Two indexes, `own` before `pypi`.
class ListingsTest : public testing::Test {
  protected:
    ListingsTest()
        : folder_(std::filesystem::temp_directory_path()),
          client_(indexes_.transport, folder_.path(), {}) {}

    Listings listings(const std::map<PackageName, std::string>& bound = {},
                      bool is_own_explicit = false) {
        pypi::Index own = FakeIndexes::index("own");
        own.is_explicit = is_own_explicit;
        return {client_, {own, FakeIndexes::index("pypi")}, {bound, {}}};
    }

    /// The index that serves `project`, or "none".
    static std::string server_of(Listings listings, const std::string& project) {
        const std::vector<PackageName> names = {name_of(project)};
        listings.load(names);
        const Listing& found = listings.find(names.front());
        return found.index == nullptr ? "none" : found.index->name;
    }

    TemporaryFolder folder_;
    FakeIndexes indexes_;
    pypi::IndexClient client_;
};

TEST_F(ListingsTest, TheFirstIndexThatHasAProjectHidesTheLaterOnes) {
    indexes_.add("own", "alpha", {{"alpha-1.0-py3-none-any.whl"}});
    indexes_.add("pypi", "alpha", {{"alpha-9.0-py3-none-any.whl"}});
    indexes_.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}});
    EXPECT_EQ(server_of(listings(), "alpha"), "own");
    EXPECT_EQ(server_of(listings(), "beta"), "pypi");
    EXPECT_EQ(server_of(listings(), "gamma"), "none");
    EXPECT_THAT(indexes_.transport.log(),
                testing::Not(testing::Contains(FakeIndexes::page_url("pypi", "alpha"))));
}

TEST_F(ListingsTest, AProjectBoundToAnIndexIsLookedForNowhereElse) {
    indexes_.add("pypi", "alpha", {{"alpha-9.0-py3-none-any.whl"}});
    EXPECT_EQ(server_of(listings({{name_of("alpha"), "own"}}), "alpha"), "none");
    EXPECT_THAT(indexes_.transport.log(), ElementsAre(FakeIndexes::page_url("own", "alpha")));
}

TEST_F(ListingsTest, AnExplicitIndexServesOnlyWhatNamesIt) {
    indexes_.add("own", "alpha", {{"alpha-1.0-py3-none-any.whl"}});
    EXPECT_EQ(server_of(listings({}, true), "alpha"), "none");
    EXPECT_EQ(server_of(listings({{name_of("alpha"), "own"}}, true), "alpha"), "own");
}

TEST_F(ListingsTest, AsksOneBatchAnIndexAndEachPageOnce) {
    indexes_.add("own", "alpha", {{"alpha-1.0-py3-none-any.whl"}});
    indexes_.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}});
    Listings known = listings();
    const std::vector<PackageName> names = {name_of("alpha"), name_of("beta"), name_of("alpha"),
                                            name_of("gamma")};
    known.load(names);
    known.load(names);
    EXPECT_THAT(indexes_.transport.log(),
                ElementsAre(FakeIndexes::page_url("own", "alpha") + " " +
                                FakeIndexes::page_url("own", "beta") + " " +
                                FakeIndexes::page_url("own", "gamma"),
                            FakeIndexes::page_url("pypi", "beta") + " " +
                                FakeIndexes::page_url("pypi", "gamma")));
}

/// Comes to know of a further name after the first page.
class LateGuide final : public Listings::Guide {
  public:
    Listings::Leads after_page(const PackageName& name) override {
        pages.push_back(name.string());
        return {};
    }

    Listings::Leads after_metadata(const pypi::WheelFile& /*wheel*/) override { return {}; }

    Listings::Leads more() override {
        return pages.size() == 1 ? Listings::Leads{{name_of("beta")}, {}} : Listings::Leads();
    }

    std::vector<std::string> pages;
};

TEST_F(ListingsTest, AGuideMayComeToKnowMoreWithoutAnAnswer) {
    indexes_.add("own", "alpha", {{"alpha-1.0-py3-none-any.whl"}});
    indexes_.add("own", "beta", {{"beta-1.0-py3-none-any.whl"}});
    Listings known = listings();
    LateGuide guide;
    known.explore({{name_of("alpha")}, {}}, guide);
    EXPECT_THAT(guide.pages, ElementsAre("alpha", "beta"));
    EXPECT_TRUE(known.is_loaded(name_of("beta")));
}

TEST_F(ListingsTest, DescribesWheelsInOneBatchAndEachOnce) {
    indexes_.add("pypi", "alpha",
                 {{"alpha-1.0-py3-none-any.whl", {"beta>=1"}}, {"alpha-2.0-py3-none-any.whl"}});
    Listings known = listings();
    known.load(std::vector<PackageName>{name_of("alpha")});
    const std::vector<pypi::WheelFile>& wheels = known.find(name_of("alpha")).page.wheels;
    ASSERT_EQ(wheels.size(), 2U);
    indexes_.transport.batches.clear();
    const std::vector<const pypi::WheelFile*> twice = {&wheels[0], &wheels[1], &wheels[0]};
    const auto first = known.describe(twice);
    EXPECT_EQ(indexes_.transport.batches.size(), 1U);
    EXPECT_EQ(indexes_.transport.batches.at(0).size(), 2U);
    EXPECT_EQ(first[0], first[2]);
    EXPECT_EQ(first[0]->metadata->requires_dist.at(0).name, name_of("beta"));
    EXPECT_EQ(known.describe(twice), first);
    EXPECT_EQ(indexes_.transport.batches.size(), 1U);
}

TEST_F(ListingsTest, AWrongEntryWithAWheelsUrlDoesNotSpoilTheWheel) {
    indexes_.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl"}});
    Listings known = listings();
    known.load(std::vector<PackageName>{name_of("alpha")});
    const pypi::WheelFile good = known.find(name_of("alpha")).page.wheels.front();
    pypi::WheelFile wrong = good;
    wrong.file_name = "alpha-2.0-py3-none-any.whl";
    wrong.wheel = *pypi::WheelName::parse(wrong.file_name);
    const auto described = known.describe(std::vector<const pypi::WheelFile*>{&wrong, &good});
    EXPECT_NE(described[0]->problem, "");
    EXPECT_EQ(described[1]->problem, "");
}

TEST_F(ListingsTest, BadMetadataIsTheWheelsProblemAndNotTheCommands) {
    indexes_.add("pypi", "alpha", {{"alpha-1.0-py3-none-any.whl", {"beta >>> 1"}}});
    Listings known = listings();
    known.load(std::vector<PackageName>{name_of("alpha")});
    const std::vector<const pypi::WheelFile*> wheels = {
        &known.find(name_of("alpha")).page.wheels.front()};
    const Listings::Description* description = known.describe(wheels).front();
    EXPECT_FALSE(description->metadata);
    EXPECT_THAT(description->problem, testing::HasSubstr("beta >>> 1"));
}

TEST_F(ListingsTest, KnowsTheNamesOfThisRunAndOfEarlierOnes) {
    indexes_.add("own", "alpha", {{"alpha-1.0-py3-none-any.whl"}});
    indexes_.add("pypi", "beta", {{"beta-1.0-py3-none-any.whl"}});
    EXPECT_EQ(server_of(listings(), "beta"), "pypi");
    EXPECT_EQ(server_of(listings(), "missing"), "none");
    Listings later = listings();
    EXPECT_THAT(later.known_names(), ElementsAre("beta"));
    later.load(std::vector<PackageName>{name_of("alpha")});
    EXPECT_THAT(later.known_names(), ElementsAre("alpha", "beta"));
}

} // namespace
} // namespace envpm::universe
