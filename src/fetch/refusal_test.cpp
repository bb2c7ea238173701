#include "fetch/download_fixture.h"
#include "fetch/hosts.h"

#include <fmt/format.h>

namespace envpm::fetch {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

/// Servers that want to be left alone, and are asked for many things.
class RefusalTest : public DownloadTest {
  protected:
    static constexpr std::uint32_t many = 20;
    static constexpr std::size_t at_once = 4;
    static constexpr std::size_t in_a_row = 10;

    std::vector<Download> files(const Answer& answer) {
        std::vector<Download> downloads;
        for (std::uint32_t i = 0; i < many; ++i) {
            const std::string path = fmt::format("/{}", i);
            first.serve(path, {answer});
            downloads.push_back(of(text_of(1000 + i, i), {first.url(path)}));
        }
        return downloads;
    }

    std::vector<HttpRequest> pages(const Answer& answer) {
        std::vector<HttpRequest> requests;
        for (const Download& file : files(answer)) {
            requests.push_back({file.urls.front(), {}, {}, 1000});
        }
        return requests;
    }

    static NetworkSettings one_at_a_time() {
        NetworkSettings settings = quick_settings();
        settings.concurrent_downloads = 1;
        return settings;
    }

    /// Of which each gets this answer first, and its bytes then.
    void fetch_two(const Answer& answer) {
        std::vector<Download> downloads;
        for (std::uint32_t i = 0; i < 2; ++i) {
            const std::string content = text_of(1000 + i, i);
            const std::string path = fmt::format("/{}", i);
            first.serve(path, {answer, with_body(content)});
            downloads.push_back(of(content, {first.url(path)}));
        }
        for (const std::optional<Error>& error : download(downloads)) {
            EXPECT_FALSE(error);
        }
    }

    [[nodiscard]] Clock::duration pause_before_the_second_request() const {
        const std::vector<LoopbackServer::Request> requests = first.requests();
        return requests.at(1).at - requests.at(0).at;
    }

    void expect_errors(const std::vector<Download>& downloads, const std::string& words) {
        for (const std::optional<Error>& error : download(downloads)) {
            ASSERT_TRUE(error);
            EXPECT_THAT(error->what(), HasSubstr(words));
        }
    }
};

TEST_F(RefusalTest, AHostThatWantsADaysRestIsNotAskedForAnotherFile) {
    expect_errors(files(with_status(429, {"Retry-After: 86400"})), "asks to wait 86400 s");
    EXPECT_LE(first.requests().size(), at_once);
    expect_errors(files(with_status(503)), "asks to wait 86400 s");
    EXPECT_LE(first.requests().size(), at_once);
}

TEST_F(RefusalTest, NorForAPage) {
    const auto answers = client->get(pages(with_status(429, {"Retry-After: 86400"})));
    EXPECT_THAT(answers.back().error, HasSubstr("asks to wait 86400 s"));
    const std::size_t requests = first.requests().size();
    EXPECT_LE(requests, many);
    EXPECT_THAT(client->get(pages(with_body("page"))).front().error, HasSubstr("86400 s"));
    EXPECT_EQ(first.requests().size(), requests);
}

TEST_F(RefusalTest, ItsFilesComeFromAnotherMirror) {
    std::vector<Download> downloads = files(with_status(429, {"Retry-After: 86400"}));
    for (std::uint32_t i = 0; i < many; ++i) {
        const std::string path = fmt::format("/{}", i);
        second.serve(path, {with_body(text_of(1000 + i, i))});
        downloads[i].urls.push_back(second.url(path));
    }
    for (const std::optional<Error>& error : download(downloads)) {
        EXPECT_FALSE(error);
    }
    EXPECT_LE(first.requests().size(), at_once);
}

TEST_F(RefusalTest, AHostThatAlwaysRefusesIsGivenUpForAllFiles) {
    expect_errors(files(with_status(429)), "answered 429");
    EXPECT_LE(first.requests().size(), at_once + in_a_row);
}

TEST_F(RefusalTest, AndForAllPages) {
    for (const HttpResponse& answer : client->get(pages(with_status(429)))) {
        EXPECT_THAT(answer.error, HasSubstr("answered 429"));
    }
    EXPECT_LE(first.requests().size(), many + in_a_row);
}

TEST_F(RefusalTest, AUniversityThatForbidsTwoPagesIsAskedForNoOther) {
    NetworkSettings settings = one_at_a_time();
    settings.http_proxy = first.url("");
    client.emplace(settings, std::stop_token());
    const auto statuses = [&](const std::string& host) {
        std::vector<int> got;
        for (const char* path : {"/a", "/b", "/c"}) {
            first.serve(path, {with_status(403)});
            const HttpRequest request{fmt::format("http://{}{}", host, path), {}, {}, 1000};
            got.push_back(client->get({&request, 1}).front().status);
        }
        return got;
    };
    EXPECT_THAT(statuses("mirror.example.org"), testing::ElementsAre(403, 403, 403));
    EXPECT_THAT(statuses("mirrors.ustc.edu.cn"), testing::ElementsAre(403, 403, 0));
}

TEST_F(RefusalTest, ARefusalPausesTheHostForAllFiles) {
    NetworkSettings settings = one_at_a_time();
    settings.first_retry_pause = milliseconds(1000);
    client.emplace(settings, std::stop_token());
    const Clock::duration pause =
        Backoff(settings.first_retry_pause, settings.retry_seed).pause(1); // the same dice
    ASSERT_GT(pause, milliseconds(50)) << "else it tells nothing";
    fetch_two(with_status(429));
    EXPECT_GE(pause_before_the_second_request(), pause);
}

TEST_F(RefusalTest, RetryAfterIsWaitedForByAllFilesOfTheHost) {
    client.emplace(one_at_a_time(), std::stop_token());
    fetch_two(with_status(503, {"Retry-After: 1"}));
    EXPECT_GE(pause_before_the_second_request(), milliseconds(990));
}

TEST_F(RefusalTest, RetryAfterIsWaitedForByAllPagesOfTheHost) {
    client.emplace(one_at_a_time(), std::stop_token());
    first.serve("/a", {with_status(503, {"Retry-After: 1"}), with_body("a")});
    first.serve("/b", {with_body("b")});
    const std::uint64_t large = 65 * mib; // of which no two run at once
    const auto answers = client->get(std::vector<HttpRequest>{{first.url("/a"), {}, {}, large},
                                                              {first.url("/b"), {}, {}, large}});
    EXPECT_EQ(answers.at(0).body + answers.at(1).body, "ab");
    EXPECT_GE(pause_before_the_second_request(), milliseconds(990));
}

} // namespace
} // namespace envpm::fetch
