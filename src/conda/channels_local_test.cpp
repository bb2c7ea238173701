// Channels that are folders: `file:` URLs.

#include "conda/channels_fixture.h"

#include <gtest/gtest.h>

namespace envpm::conda {
namespace {

using test::entry;
using test::packed;
using test::packed_shards;
using test::page;
using test::repodata;
using test::zstd_frame;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string folder_url = "file:///srv/c";

class LocalChannels : public test::ChannelsTest {
  protected:
    std::vector<std::string> files_of(const std::vector<std::string>& mirrors) {
        transport.batches.clear();
        Channels all(transport, folder_.path(), policy, {{"c", mirrors}}, Platform::linux_64);
        const std::vector<std::string> names = {"demo"};
        all.load(names);
        std::vector<std::string> out;
        for (const Channels::Found& found : all.find("demo")) {
            for (const Record& record : found.records) {
                out.push_back(record.url);
            }
        }
        return out;
    }
};

TEST_F(LocalChannels, AreReadOfflineToo) {
    policy.offline = true;
    serve(folder_url, "linux-64", {entry("demo")});
    EXPECT_THAT(files_of({folder_url}), ElementsAre("file:///srv/c/linux-64/demo-1.0-h1_0.conda"));
}

TEST_F(LocalChannels, ThatAreNotThereOrNoFolderAreAnErrorThatSaysSo) {
    transport.failures[folder_url + "/linux-64/" + test::shards_page] =
        "there is no folder `/srv/c`";
    try {
        files_of({folder_url});
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::network);
        EXPECT_THAT(error.text().subject, HasSubstr("there is no folder `/srv/c`"));
        EXPECT_EQ(error.text().hint,
                  "correct the URL of the channel, or mount the folder that it names");
    }
    ASSERT_FALSE(transport.batches.empty());
    EXPECT_EQ(transport.batches.at(0).at(0).root_url, folder_url);
}

TEST_F(LocalChannels, AreReadOfflineInShards) {
    policy.offline = true;
    const std::string shard = zstd_frame(packed(Json(page({entry("demo")}))));
    const std::string name = sha256_of(shard).hex() + ".msgpack.zst";
    transport.files[folder_url + "/linux-64/" + name] = shard;
    transport.files[folder_url + "/linux-64/" + test::shards_page] =
        zstd_frame(packed_shards({{"demo", shard}}, Json(Json::Object())));
    EXPECT_THAT(files_of({folder_url}), ElementsAre("file:///srv/c/linux-64/demo-1.0-h1_0.conda"));
}

TEST_F(LocalChannels, AreReadInEachRun) {
    serve(folder_url, "linux-64", {entry("demo")});
    files_of({folder_url});
    serve(folder_url, "linux-64", {entry("demo", "2.0")});
    policy.now += std::chrono::microseconds(1);
    EXPECT_THAT(files_of({folder_url}), ElementsAre("file:///srv/c/linux-64/demo-2.0-h1_0.conda"));
    transport.files.clear();
    policy.offline = true;
    pass(1);
    EXPECT_THROW(files_of({folder_url}), Error);
}

TEST_F(LocalChannels, AreReadInPiecesOfOnePage) {
    const std::string url = folder_url + "/linux-64/repodata.json";
    const Json::Object two_and_a_half{{"a", std::string(std::size_t{5} << 19U, 'a')}};
    transport.files[url] = repodata({entry("demo")}, two_and_a_half);
    EXPECT_THAT(files_of({folder_url}), ElementsAre("file:///srv/c/linux-64/demo-1.0-h1_0.conda"));
    const std::vector<std::string> log = transport.log();
    EXPECT_EQ(std::count(log.begin(), log.end(), url + "[part]"), 2); // the first is of a batch
    pass(1);
    transport.files[url] = repodata({entry("demo", "2.0")});
    EXPECT_THAT(files_of({folder_url}), ElementsAre("file:///srv/c/linux-64/demo-2.0-h1_0.conda"));
}

/// By their bytes, whatever the name says.
TEST_F(LocalChannels, AreReadInPiecesWhenTheyAreCompressed) {
    std::string noise(std::size_t{3} << 20U, 'a');
    std::uint32_t number = 1;
    for (char& letter : noise) {
        number = number * 1664525U + 1013904223U;
        letter = static_cast<char>('a' + (number >> 28U));
    }
    const std::string page = zstd_frame(repodata({entry("demo")}, {{"a", noise}}));
    ASSERT_GT(page.size(), std::size_t{1} << 20U);
    transport.files[folder_url + "/linux-64/repodata.json"] = page;
    EXPECT_THAT(files_of({folder_url}), ElementsAre("file:///srv/c/linux-64/demo-1.0-h1_0.conda"));
}

TEST_F(LocalChannels, AreGivenUpWhenTheUserIs) {
    const Json::Object two_and_a_half{{"a", std::string(std::size_t{5} << 19U, 'a')}};
    transport.files[folder_url + "/linux-64/repodata.json"] =
        repodata({entry("demo")}, two_and_a_half);
    transport.distort = [](HttpResponse& response) {
        if (response.range_first.value_or(0) != 0) {
            throw Error({"interrupted", {}, {}}, ExitCode::interrupted);
        }
    };
    try {
        files_of({folder_url});
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::interrupted);
    }
}

TEST_F(LocalChannels, ThatChangeWhileTheyAreReadAreAnError) {
    const Json::Object two_and_a_half{{"a", std::string(std::size_t{5} << 19U, 'a')}};
    transport.files[folder_url + "/linux-64/repodata.json"] =
        repodata({entry("demo")}, two_and_a_half);
    transport.distort = [](HttpResponse& response) {
        response.etag = response.range_first == 0U ? "one" : "two";
    };
    try {
        files_of({folder_url});
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::network);
        EXPECT_THAT(error.text().subject, HasSubstr("changed while it was read"));
    }
}

TEST_F(LocalChannels, StandInOfflineForMirrorsThatAreNone) {
    policy.offline = true;
    serve(test::second, "linux-64", {entry("demo", "3.0")});
    serve(folder_url, "linux-64", {entry("demo")});
    EXPECT_THAT(files_of({test::second, folder_url}),
                ElementsAre("file:///srv/c/linux-64/demo-1.0-h1_0.conda"));
    for (const std::string& line : transport.log()) {
        EXPECT_THAT(line, Not(HasSubstr("example.org")));
    }
}

TEST_F(LocalChannels, KnowOfflineWhereTheirFilesLie) {
    policy.offline = true;
    transport.files[folder_url + "/linux-64/repodata.json"] =
        repodata({entry("demo")}, {{"info", Json::Object{{"base_url", "../elsewhere/"}}}});
    Channels all(transport, folder_.path(), policy, {{"c", {folder_url}}}, Platform::linux_64);
    const auto urls = all.urls_of("c", "linux-64", "demo-1.0-h1_0.conda");
    ASSERT_TRUE(urls.has_value());
    EXPECT_THAT(*urls, ElementsAre("file:///srv/c/elsewhere/demo-1.0-h1_0.conda"));
}

} // namespace
} // namespace envpm::conda
