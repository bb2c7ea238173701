#include "conda/channels.h"

#include "conda/channels_fixture.h"

namespace envpm::conda {
namespace {

using envpm::test::zstd_frame;
using test::ChannelsTest;
using test::entry;
using test::first;
using test::repodata;
using test::second;
using test::shards_page;
using test::with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ChannelsTest, GivesThePlatformsRecordsThenThoseForAll) {
    serve(first, "linux-64", {entry("demo", "2.0"), entry("other")});
    serve(first, "noarch",
          {with(entry("demo", "1.0"), {{"subdir", "noarch"}}),
           with(entry("demo", "3.0"), {{"sha256", Json()}, {"subdir", "noarch"}})});
    Channels all = channels();
    const std::vector<std::string> names = {"demo", "absent", "demo"};
    all.load(names);
    const std::vector<Channels::Found>& found = all.find("demo");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].channel->name, "c");
    ASSERT_EQ(found[0].records.size(), 2U);
    EXPECT_EQ(found[0].records[0].url, "https://one.example.org/c/linux-64/demo-2.0-h1_0.conda");
    EXPECT_EQ(found[0].records[1].subdir, "noarch");
    EXPECT_THAT(found[0].unusable,
                ElementsAre(Unusable{"demo-3.0-h1_0.conda", "it has no sha256"}));
    EXPECT_THAT(all.find("absent"), IsEmpty());
    EXPECT_THAT(all.known_names(), ElementsAre("demo", "other"));
    const std::size_t asked = transport.batches.size();
    all.load(names);
    const std::vector<std::string> more = {"other"};
    all.load(more);
    EXPECT_EQ(all.find("other").size(), 1U);
    EXPECT_EQ(transport.batches.size(), asked);
}

TEST_F(ChannelsTest, AsksForTheBestFormFirstAndForBothSubdirsAtOnce) {
    transport.files[first + "/linux-64/repodata.json"] = repodata({entry("demo")});
    transport.files[first + "/noarch/repodata.json"] = "";
    EXPECT_THAT(files(), ElementsAre("demo-1.0-h1_0.conda"));
    EXPECT_THAT(
        transport.log(),
        ElementsAre(first + "/linux-64/" + shards_page + " " + first + "/noarch/" + shards_page,
                    first + "/linux-64/repodata.json.zst " + first + "/noarch/repodata.json.zst",
                    first + "/linux-64/repodata.json " + first + "/noarch/repodata.json"));
    // Which form a mirror has is remembered for a week.
    transport.batches.clear();
    pass(600);
    files();
    EXPECT_EQ(transport.batches.size(), 1U);
    transport.batches.clear();
    pass(8 * 24 * 3600);
    files();
    EXPECT_EQ(transport.batches.size(), 3U);
}

TEST_F(ChannelsTest, AMirrorMayGoOverToAnotherForm) {
    serve(first, "linux-64", {entry("demo")});
    files();
    transport.files.clear();
    transport.files[first + "/linux-64/repodata.json"] = repodata({entry("demo", "2.0")});
    pass(600);
    EXPECT_THAT(files(), ElementsAre("demo-2.0-h1_0.conda"));
    transport.files.clear();
    serve(first, "linux-64", {entry("demo", "3.0")});
    pass(600);
    EXPECT_THAT(files(), ElementsAre("demo-3.0-h1_0.conda"));
}

TEST_F(ChannelsTest, UsesYoungPagesAndAsksAgainForOldOnes) {
    serve(first, "linux-64", {entry("demo")});
    files();
    const std::size_t asked = transport.batches.size();
    serve(first, "linux-64", {entry("demo", "2.0")});
    pass(599);
    EXPECT_THAT(files(), ElementsAre("demo-1.0-h1_0.conda"));
    EXPECT_EQ(transport.batches.size(), asked);
    pass(1);
    EXPECT_THAT(files(), ElementsAre("demo-2.0-h1_0.conda"));
    EXPECT_EQ(count_files(".index"), 1U); // the old one is gone
    serve(first, "linux-64", {entry("demo", "3.0")});
    policy.refresh = true;
    pass(1);
    EXPECT_THAT(files(), ElementsAre("demo-3.0-h1_0.conda"));
    policy.refresh = false;
    policy.offline = true;
    transport.files.clear();
    pass(10'000'000);
    EXPECT_THAT(files(), ElementsAre("demo-3.0-h1_0.conda"));
}

TEST_F(ChannelsTest, RefreshingAsksAgainForThePagesOfARunInTheSameSecond) {
    serve(first, "linux-64", {entry("demo")});
    files();
    serve(first, "linux-64", {entry("demo", "2.0")});
    policy.refresh = true;
    policy.now += std::chrono::microseconds(1);
    EXPECT_THAT(files(), ElementsAre("demo-2.0-h1_0.conda"));
    const std::size_t asked = transport.batches.size();
    EXPECT_THAT(files(), ElementsAre("demo-2.0-h1_0.conda"));
    EXPECT_EQ(transport.batches.size(), asked) << "once a run is enough";
}

TEST_F(ChannelsTest, MaxAgeSaysHowLongAPageIsYoung) {
    const std::string url = first + "/linux-64/repodata.json.zst";
    const auto asked_after = [&](const std::string& control, int seconds) {
        policy.refresh = true;
        pass(1);
        serve(first, "linux-64", {entry("demo")});
        transport.cache_controls[url] = control;
        files();
        policy.refresh = false;
        serve(first, "linux-64", {entry("demo", "2.0")});
        pass(seconds);
        return files() == std::vector<std::string>{"demo-2.0-h1_0.conda"};
    };
    EXPECT_FALSE(asked_after("public, max-age=1200", 1199));
    EXPECT_TRUE(asked_after("public, Max-Age=1200", 1200));
    EXPECT_FALSE(asked_after("max-age=30", 29));
    EXPECT_TRUE(asked_after("max-age=30", 30));
    EXPECT_TRUE(asked_after("no-cache, max-age=100", 1));
    EXPECT_TRUE(asked_after("max-age=99999999", 24 * 3600));
    EXPECT_FALSE(asked_after("max-age=soon", 599));
}

TEST_F(ChannelsTest, APageThatHasNotChangedIsNotFetchedAgain) {
    const std::string url = first + "/linux-64/repodata.json.zst";
    serve(first, "linux-64", {entry("demo")});
    transport.etags[url] = "\"v1\"";
    files();
    transport.files[url] = "not to be read"; // a 304 has no body
    pass(600);
    transport.batches.clear();
    EXPECT_THAT(files(), ElementsAre("demo-1.0-h1_0.conda"));
    EXPECT_THAT(transport.batches.at(0).at(0).headers, ElementsAre("If-None-Match: \"v1\""));
    pass(599);
    const std::size_t asked = transport.batches.size();
    files();
    EXPECT_EQ(transport.batches.size(), asked); // young again
    serve(first, "linux-64", {entry("demo", "2.0")});
    transport.etags[url] = "\"v2\"";
    pass(600);
    EXPECT_THAT(files(), ElementsAre("demo-2.0-h1_0.conda"));
}

TEST_F(ChannelsTest, ADamagedCacheCountsAsAbsent) {
    const std::string url = first + "/linux-64/repodata.json.zst";
    serve(first, "linux-64", {entry("demo")});
    transport.etags[url] = "\"v1\"";
    for (const std::string suffix : {"state.json", ".index"}) {
        files();
        damage(suffix);
        EXPECT_THAT(files(), ElementsAre("demo-1.0-h1_0.conda")) << suffix;
        damage(suffix);
        pass(600); // what is damaged is not asked about, but for
        EXPECT_THAT(files(), ElementsAre("demo-1.0-h1_0.conda")) << suffix;
    }
    policy.offline = true;
    damage(".index");
    EXPECT_THAT(complaint(), HasSubstr("`linux-64` of channel `c` is not in the cache"));
}

TEST_F(ChannelsTest, MirrorsAreAskedInTheirOrder) {
    transport.failures[first + "/linux-64/" + shards_page] = "one.example.org is down";
    serve(second, "linux-64", {entry("demo")});
    Channels all = channels();
    const std::vector<std::string> names = {"demo"};
    all.load(names);
    EXPECT_EQ(all.find("demo").at(0).records.at(0).url,
              "https://two.example.org/c/linux-64/demo-1.0-h1_0.conda");
    EXPECT_THAT(transport.log().at(0), HasSubstr("one.example.org"));
}

TEST_F(ChannelsTest, AMirrorWithoutTheSubdirIsPassedOver) {
    serve(second, "linux-64", {entry("demo")});
    EXPECT_THAT(files(), ElementsAre("demo-1.0-h1_0.conda"));
    transport.batches.clear();
    pass(1);
    files();
    EXPECT_THAT(transport.log(), IsEmpty());
}

TEST_F(ChannelsTest, AMirrorThatFailsIsNoProofThatTheSubdirIsAbsent) {
    serve(second, "noarch", {});
    transport.failures[first + "/linux-64/" + shards_page] = "one.example.org is down";
    EXPECT_EQ(complaint(), "channel `c` cannot be asked for `linux-64` | "
                           "https://one.example.org/c/linux-64/repodata_shards.msgpack.zst: "
                           "one.example.org is down");
}

TEST_F(ChannelsTest, ChannelsKeepTheirOrder) {
    serve("https://a.example.org", "linux-64", {entry("demo", "1.0"), entry("only-a")});
    serve("https://b.example.org", "linux-64", {entry("demo", "2.0")});
    Channels all(transport, folder_.path(), policy,
                 {{"b", {"https://b.example.org"}}, {"a", {"https://a.example.org"}}},
                 Platform::linux_64);
    const std::vector<std::string> names = {"demo", "only-a"};
    all.load(names);
    ASSERT_EQ(all.find("demo").size(), 2U);
    EXPECT_EQ(all.find("demo")[0].channel->name, "b");
    EXPECT_EQ(all.find("demo")[1].channel->name, "a");
    EXPECT_EQ(all.find("only-a").at(0).channel->name, "a");
}

TEST_F(ChannelsTest, NoarchAloneIsAChannelNothingIsNone) {
    transport.files[first + "/noarch/repodata.json"] = "";
    EXPECT_THAT(files(), IsEmpty());
    transport.files.clear();
    pass(600);
    EXPECT_EQ(complaint(), "channel `c` has neither `linux-64` nor `noarch` | "
                           "https://one.example.org/c; https://two.example.org/c/");
}

TEST_F(ChannelsTest, OfflineNeedsACache) {
    policy.offline = true;
    EXPECT_EQ(complaint(),
              "`linux-64` of channel `c` is not in the cache | https://one.example.org/c/linux-64");
    EXPECT_THAT(transport.log(), IsEmpty());
}

TEST_F(ChannelsTest, ABadPageNamesItsFaultAndTheNextFormIsTried) {
    const std::string zst = first + "/linux-64/repodata.json.zst";
    const std::string json = first + "/linux-64/repodata.json";
    const std::string good = zstd_frame(repodata({entry("demo")}));
    const std::vector<std::pair<std::string, std::string>> cases = {
        {good.substr(0, good.size() / 2), "cut short"},
        {good.substr(0, good.size() - 3), "cut short"},
        {zstd_frame("{\"packages\":"), "cut short"},
        {zstd_frame("[]"), "no JSON object"},
        {zstd_frame("{\"error\":\"no\"}"), "no repodata of a channel"},
        {"\n<!DOCTYPE html>", "HTML came in place of the page"},
        {"", "the page is empty"},
        {good.substr(0, 6) + "\xff\xff\xff\xff" + good.substr(10), "the data is damaged"},
    };
    for (const auto& [body, fault] : cases) {
        transport.files = {{zst, body}};
        EXPECT_THAT(complaint(),
                    HasSubstr("channel `c` cannot be asked for `linux-64` | "
                              "https://one.example.org/c/linux-64/repodata.json.zst: "))
            << fault;
        EXPECT_THAT(complaint(), HasSubstr(fault));
        transport.files[json] = repodata({entry("demo")});
        EXPECT_THAT(files(), ElementsAre("demo-1.0-h1_0.conda")) << fault;
        pass(1'000'000);
    }
}

TEST_F(ChannelsTest, AServerMayRefuseTheFormsThatItDoesNotKnow) {
    transport.statuses[first + "/linux-64/" + shards_page] = 403;
    transport.statuses[first + "/linux-64/repodata.json.zst"] = 400;
    transport.files[first + "/linux-64/repodata.json"] = repodata({entry("demo")});
    EXPECT_THAT(files(), ElementsAre("demo-1.0-h1_0.conda"));
    transport.files.clear();
    transport.statuses[first + "/linux-64/repodata.json"] = 403;
    pass(1'000'000);
    EXPECT_THAT(complaint(), HasSubstr("repodata.json: the server answered 403"));
    transport.statuses[first + "/linux-64/" + shards_page] = 401;
    EXPECT_THAT(complaint(), HasSubstr("msgpack.zst: the server answered 401"));
}

} // namespace
} // namespace envpm::conda
