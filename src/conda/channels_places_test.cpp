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
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Shards, and where files lie.

TEST_F(ChannelsTest, BaseUrlSaysWhereTheFilesLie) {
    const auto serve_base = [this](const std::string& base_url) {
        transport.files[first + "/linux-64/repodata.json"] =
            repodata({entry("demo")}, {{"info", Json::Object{{"base_url", base_url}}}});
        pass(1'000'000);
        Channels all = channels();
        const std::vector<std::string> names = {"demo"};
        all.load(names);
        return all.find("demo").at(0).records.at(0).url;
    };
    EXPECT_EQ(serve_base("https://files.example.org/x"),
              "https://files.example.org/x/demo-1.0-h1_0.conda");
    EXPECT_EQ(serve_base("../files/"), "https://one.example.org/c/files/demo-1.0-h1_0.conda");
    EXPECT_EQ(serve_base("/top/"), "https://one.example.org/top/demo-1.0-h1_0.conda");
    for (const std::string bad :
         {"ftp://example.org/", "http://example.org/", "file:///etc/", "a b"}) {
        EXPECT_THROW(serve_base(bad), Error) << bad;
    }
}

TEST_F(ChannelsTest, ShardsAreFetchedByNameInOneBatch) {
    serve_shards({{"demo", {entry("demo")}}, {"two", {entry("two")}}, {"three", {entry("three")}}});
    serve(first, "noarch", {});
    Channels all = channels();
    const std::vector<std::string> names = {"demo", "two", "absent"};
    all.load(names);
    EXPECT_EQ(all.find("demo").at(0).records.at(0).url,
              "https://one.example.org/c/linux-64/demo-1.0-h1_0.conda");
    EXPECT_EQ(all.find("two").size(), 1U);
    EXPECT_THAT(all.find("absent"), IsEmpty());
    EXPECT_EQ(transport.batches.back().size(), 2U);
    EXPECT_THAT(all.known_names(), ElementsAre("demo", "three", "two"));
    const std::size_t asked = transport.batches.size();
    EXPECT_THAT(files("two"), ElementsAre("two-1.0-h1_0.conda"));
    EXPECT_EQ(transport.batches.size(), asked); // from the cache
    policy.offline = true;
    EXPECT_THAT(files("two"), ElementsAre("two-1.0-h1_0.conda"));
    EXPECT_THROW(files("three"), Error);
}

TEST_F(ChannelsTest, ShardsMayLieElsewhere) {
    serve_shards(
        {{"demo", {entry("demo")}}},
        Json::Object{{"base_url", "https://files.example.org/"}, {"shards_base_url", "../s"}},
        first + "/s/");
    Channels all = channels();
    const std::vector<std::string> names = {"demo"};
    all.load(names);
    EXPECT_EQ(all.find("demo").at(0).records.at(0).url,
              "https://files.example.org/demo-1.0-h1_0.conda");
}

TEST_F(ChannelsTest, AShardWithAnotherDigestIsTakenFromTheNextMirror) {
    serve_shards({{"demo", {entry("demo")}}});
    std::string digest;
    for (auto& [url, bytes] : transport.files) {
        if (!url.ends_with(shards_page)) {
            digest = sha256_of(bytes).hex();
            transport.files[second + url.substr(first.size())] = bytes;
            bytes += "x";
            break;
        }
    }
    EXPECT_THAT(files(), ElementsAre("demo-1.0-h1_0.conda"));
    transport.files.erase(second + "/linux-64/" + digest + ".msgpack.zst");
    std::filesystem::remove_all(folder_.path());
    EXPECT_EQ(complaint(), "`demo` of channel `c`, `linux-64`, cannot be fetched | "
                           "https://one.example.org/c/linux-64/" +
                               digest +
                               ".msgpack.zst: the shard has another sha256 than the index says; "
                               "https://two.example.org/c/linux-64/" +
                               digest + ".msgpack.zst: the server answered 404");
}

TEST_F(ChannelsTest, AShardThatIsNotTheOneOfTheIndexNamesItsFault) {
    serve_shards({{"demo", {entry("demo")}}});
    const std::string good = shard_bytes();
    const std::vector<std::pair<std::string, std::string>> cases = {
        {good.substr(0, good.size() / 2), "another sha256 than the index says"},
        {good + "x", "another sha256 than the index says"},
        {"", "another sha256 than the index says"},
        {"<!DOCTYPE html><p>Log in</p>", "HTML came in place of the shard"},
    };
    for (const auto& [bytes, fault] : cases) {
        shard_bytes() = bytes;
        EXPECT_THAT(complaint(), HasSubstr(".msgpack.zst: "));
        EXPECT_THAT(complaint(), HasSubstr(fault));
        shard_bytes() = good;
        EXPECT_THAT(files(), ElementsAre("demo-1.0-h1_0.conda")) << fault; // nothing was kept
        std::filesystem::remove_all(folder_.path());
    }
}

/// The channel itself was made wrongly.
TEST_F(ChannelsTest, AShardThatIsTheOneOfTheIndexMayBeDamagedTheSame) {
    const std::string packed_page = test::packed(Json(test::page({entry("demo")})));
    const std::string good = zstd_frame(packed_page);
    const std::vector<std::pair<std::string, std::string>> cases = {
        {good.substr(0, good.size() - 3), "cut short"},
        {zstd_frame(packed_page.substr(0, packed_page.size() / 2)), "cut short"},
        {zstd_frame("<!DOCTYPE html>"), "no shard"},
        {"<!DOCTYPE html>", "damaged"},
    };
    for (const auto& [bytes, fault] : cases) {
        transport.files[first + "/linux-64/" + sha256_of(bytes).hex() + ".msgpack.zst"] = bytes;
        transport.files[first + "/linux-64/" + shards_page] =
            zstd_frame(test::packed_shards({{"demo", bytes}}, Json(Json::Object())));
        EXPECT_THAT(complaint(), HasSubstr("`demo` of channel `c`, `linux-64`, cannot be fetched"));
        EXPECT_THAT(complaint(), HasSubstr(fault));
        pass(1'000'000);
    }
}

TEST_F(ChannelsTest, ADamagedShardOfTheCacheIsFetchedAgain) {
    serve_shards({{"demo", {entry("demo")}}});
    const std::string html = "<!DOCTYPE html>";
    for (const std::size_t left : {0U, 7U, 60U, 1000U}) {
        files();
        for (const auto& file : std::filesystem::recursive_directory_iterator(folder_.path())) {
            if (file.path().parent_path().filename() == "shards") {
                std::string bytes = read_file(file.path());
                bytes.at(60) = static_cast<char>(bytes.at(60) ^ 1); // within the block
                write_file(file.path(), left == 0 ? html : bytes.substr(0, left));
            }
        }
        transport.batches.clear();
        EXPECT_THAT(files(), ElementsAre("demo-1.0-h1_0.conda"));
        EXPECT_EQ(transport.batches.size(), 1U) << "asked for once";
        transport.batches.clear();
        EXPECT_THAT(files(), ElementsAre("demo-1.0-h1_0.conda"));
        EXPECT_THAT(transport.batches, IsEmpty()) << "and mended";
    }
}

TEST_F(ChannelsTest, AShardThatNoPageNamesAnyMoreIsRemoved) {
    serve_shards({{"demo", {entry("demo")}}});
    files();
    serve_shards({{"demo", {entry("demo", "2.0")}}});
    pass(600);
    EXPECT_THAT(files(), ElementsAre("demo-2.0-h1_0.conda"));
    EXPECT_EQ(count_files("/shards/"), 1U);
}

TEST_F(ChannelsTest, ASpoiltIndexOfShardsLeavesTheWholePage) {
    serve(first, "linux-64", {entry("demo")});
    for (const std::string& bytes :
         {zstd_frame("\x90"), zstd_frame("\x81\xa6shards"), std::string("\x28\xb5\x2f\xfd"),
          std::string("{}"), std::string("<html>")}) {
        transport.files[first + "/linux-64/" + shards_page] = bytes;
        EXPECT_THAT(files(), ElementsAre("demo-1.0-h1_0.conda"));
        pass(1'000'000);
    }
}

TEST_F(ChannelsTest, ALockedFileIsOnEveryMirror) {
    serve(first, "linux-64", {entry("demo")});
    Channels all = channels();
    const std::string file = "demo-1.0-h1_0.conda";
    const std::vector<std::string> beside = {first + "/linux-64/" + file,
                                             second + "/linux-64/" + file};
    EXPECT_EQ(all.urls_of("c", "linux-64", file), beside);
    const std::size_t asked = transport.batches.size();
    EXPECT_EQ(channels().urls_of("c", "linux-64", file), beside);
    EXPECT_EQ(transport.batches.size(), asked);
    EXPECT_EQ(all.urls_of("other", "linux-64", file), std::nullopt);
    EXPECT_EQ(all.urls_of("c", "linux-64", "../../x"), std::nullopt);
    policy.offline = true;
    EXPECT_EQ(channels().urls_of("c", "osx-64", file)->at(0), first + "/osx-64/" + file);
}

TEST_F(ChannelsTest, ALockedFileMayLieElsewhere) {
    const auto lies_at = [this](const std::string& base_url) {
        serve_shards({}, Json::Object{{"base_url", base_url}});
        pass(1'000'000);
        files();
        return *channels().urls_of("c", "linux-64", "demo-1.0-h1_0.conda");
    };
    EXPECT_THAT(lies_at("https://files.example.org/x/"),
                ElementsAre("https://files.example.org/x/demo-1.0-h1_0.conda"));
    EXPECT_THAT(lies_at("../f/"),
                ElementsAre(first + "/f/demo-1.0-h1_0.conda", second + "/f/demo-1.0-h1_0.conda"));
}

TEST_F(ChannelsTest, AChannelMayBeAFolder) {
    transport.files["file:///srv/c/linux-64/repodata.json"] = repodata({entry("demo")});
    Channels all(transport, folder_.path(), policy, {{"c", {"file:///srv/c"}}}, Platform::linux_64);
    const std::vector<std::string> names = {"demo"};
    all.load(names);
    EXPECT_EQ(all.find("demo").at(0).records.at(0).url,
              "file:///srv/c/linux-64/demo-1.0-h1_0.conda");
}

TEST_F(ChannelsTest, AChannelWhoseMirrorsHaveOnlyArchivesSaysSo) {
    Channels all(transport, folder_.path(), policy, {{"c", {}}}, Platform::linux_64);
    try {
        all.load({});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.text().subject, "its mirrors have only archives");
        EXPECT_THAT(error.text().hint, testing::HasSubstr("add \"default\""));
    }
}

} // namespace
} // namespace envpm::conda
