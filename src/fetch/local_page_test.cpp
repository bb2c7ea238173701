#include "base/files.h"
#include "fetch/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace envpm::fetch {
namespace {

using testing::HasSubstr;

class LocalPageTest : public testing::Test {
  protected:
    LocalPageTest()
        : folder_(std::filesystem::temp_directory_path()) {
        write_file(folder_.path() / "a b/index.html", "0123456789");
    }

    [[nodiscard]] HttpResponse get(const std::string& path, std::optional<ByteRange> range = {},
                                   std::uint64_t limit_bytes = 100) const {
        Client client({}, {});
        const std::vector<HttpRequest> requests = {
            {"file://" + folder_.path().string() + path, {}, range, limit_bytes}};
        return client.get(requests).at(0);
    }

    TemporaryFolder folder_;
};

TEST_F(LocalPageTest, AFolderStandsForItsIndex) {
    const HttpResponse response = get("/a%20b/");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "0123456789");
    EXPECT_EQ(response.content_type, "text/html");
    EXPECT_EQ(response.total_bytes, 10U);
    EXPECT_THAT(response.url, HasSubstr("/a%20b/"));
}

TEST_F(LocalPageTest, RangesAreHonoured) {
    const HttpResponse part = get("/a%20b/index.html", ByteRange{2, 3});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, "234");
    EXPECT_EQ(part.range_first, 2U);
    const HttpResponse tail = get("/a%20b/index.html", ByteRange{std::nullopt, 4});
    EXPECT_EQ(tail.body, "6789");
    EXPECT_EQ(tail.range_first, 6U);
    EXPECT_EQ(get("/a%20b/index.html", ByteRange{std::nullopt, 99}).body, "0123456789");
}

TEST_F(LocalPageTest, AKnownTagSparesTheBytesUntilTheFileChanges) {
    const std::string url = "file://" + folder_.path().string() + "/a%20b/";
    Client client({}, {});
    const std::string tag = get("/a%20b/").etag;
    const std::vector<HttpRequest> requests = {
        {url, {"If-None-Match: " + tag}, std::nullopt},
        {url, {"If-None-Match: \"other\""}, std::nullopt},
        {url, {"If-None-Match: " + tag}, ByteRange{0, 2}},
    };
    const std::vector<HttpResponse> before = client.get(requests);
    EXPECT_EQ(before.at(0).status, 304);
    EXPECT_EQ(before.at(0).body, "");
    EXPECT_EQ(before.at(1).status, 200);
    EXPECT_EQ(before.at(2).status, 206);
    write_file(folder_.path() / "a b/index.html", "abcdefghij"); // as long as it was
    EXPECT_EQ(client.get(requests).at(0).body, "abcdefghij");
}

TEST_F(LocalPageTest, WhatIsNotThereIs404) {
    EXPECT_EQ(get("/absent/").status, 404);
    std::filesystem::create_directory(folder_.path() / "empty");
    EXPECT_EQ(get("/empty/").status, 404);
}

/// Else an index that is not mounted would leave its projects to the next one.
TEST_F(LocalPageTest, APageInAFolderThatIsNotThereIsAnError) {
    const HttpResponse response = get("/absent/demo/");
    EXPECT_EQ(response.status, 0);
    EXPECT_EQ(response.error, "there is no folder `" + (folder_.path() / "absent").string() + "`");
    EXPECT_EQ(get("/a%20b/index.html/demo/").status, 0);
    EXPECT_EQ(get("/absent/repodata.json").status, 404);
}

TEST_F(LocalPageTest, BelowARootThatIsThereAnAbsentFolderHasNoPage) {
    const std::string root_url = "file://" + (folder_.path() / "whl").string();
    std::vector<HttpRequest> requests = {{root_url + "/cu118/torch/", {}, {}}};
    requests.front().root_url = root_url;
    const auto response = [&] { return Client({}, {}).get(requests).at(0); };
    EXPECT_THAT(response().error, HasSubstr("there is no folder `"));
    std::filesystem::create_directory(folder_.path() / "whl");
    EXPECT_THAT(response().error, HasSubstr("is empty, as where nothing is mounted"));
    std::filesystem::create_directory(folder_.path() / "whl/cpu");
    EXPECT_EQ(response().status, 404);
    EXPECT_EQ(response().error, "");
    std::filesystem::create_directory(folder_.path() / "whl/cu118");
    EXPECT_EQ(response().status, 404);
}

TEST_F(LocalPageTest, AFileBelowARootThatIsNoneIsAnError) {
    std::vector<HttpRequest> requests = {
        {"file://" + (folder_.path() / "channel/noarch/repodata.json").string(), {}, {}}};
    requests.front().root_url = "file://" + (folder_.path() / "channel").string();
    const auto response = [&] { return Client({}, {}).get(requests).at(0); };
    EXPECT_THAT(response().error, HasSubstr("there is no folder `"));
    EXPECT_EQ(response().status, 0);
    write_file(folder_.path() / "channel", "");
    EXPECT_THAT(response().error, HasSubstr("a file stands where a folder is to be"));
    std::filesystem::remove(folder_.path() / "channel");
    std::filesystem::create_directories(folder_.path() / "channel/linux-64");
    EXPECT_EQ(response().status, 404);
}

TEST_F(LocalPageTest, WhereNothingIsMountedOrCanBeReadIsAnError) {
    std::filesystem::create_directory(folder_.path() / "share");
    EXPECT_THAT(get("/share/demo/").error, HasSubstr("is empty, as where nothing is mounted"));
    std::filesystem::create_directory(folder_.path() / "share" / "demo");
    EXPECT_EQ(get("/share/other/").status, 404);
    std::filesystem::create_symlink("index.html", folder_.path() / "share/demo/index.html");
    EXPECT_THAT(get("/share/demo/").error, HasSubstr("cannot be read"));
}

TEST_F(LocalPageTest, SomethingElseInAFoldersPlaceIsNoAbsentPage) {
    ASSERT_EQ(::mkfifo((folder_.path() / "fifo").c_str(), 0600), 0);
    EXPECT_THAT(get("/fifo/").error, HasSubstr("a FIFO stands where a folder is to be"));
    EXPECT_THAT(get("/a%20b/index.html/").error,
                HasSubstr("a file stands where a folder is to be"));
    std::filesystem::create_directory(folder_.path() / "empty");
    EXPECT_EQ(get("/empty/").status, 404);
}

TEST_F(LocalPageTest, WhatIsTooLargeIsAnErrorOfTheAnswer) {
    const HttpResponse response = get("/a%20b/", {}, 9);
    EXPECT_THAT(response.error, HasSubstr("more than 9 bytes"));
    EXPECT_EQ(response.body, "");
}

} // namespace
} // namespace envpm::fetch
