#include "base/error.h"
#include "base/files.h"
#include "base/thread_pool.h"
#include "fetch/loopback_server.h"
#include "fetch/quick_settings.h"

#include <fmt/format.h>

#include <atomic>
#include <thread>

namespace envpm::fetch {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

/// For servers that fall silent; a busy machine may make good ones look so.
NetworkSettings impatient_settings() {
    NetworkSettings settings = quick_settings();
    settings.first_byte_timeout = milliseconds(60);
    settings.stall_timeout = milliseconds(60);
    return settings;
}

class GetTest : public ::testing::Test {
  protected:
    HttpResponse get(const HttpRequest& request) { return client->get({&request, 1}).front(); }

    HttpResponse get(std::string_view path) { return get({server.url(path), {}, {}, 1U << 20U}); }

    HttpResponse get_range(std::string_view path, ByteRange range) {
        return get({server.url(path), {}, range, 1U << 20U});
    }

    LoopbackServer server;
    std::optional<Client> client{std::in_place, quick_settings(), std::stop_token()};
};

/// Remembers what came in which order; "first" leads to the request that it is given.
class Follower final : public HttpFollower {
  public:
    explicit Follower(HttpRequest after_first)
        : after_first_(std::move(after_first)) {}

    void read(std::size_t number, HttpResponse& response) override {
        if (response.body == "bad") {
            throw Error({"enough", {}, {}});
        }
        read_.with([&](auto& all) { all[number] = std::move(response.body); });
    }

    std::vector<HttpRequest> next(std::size_t number) override {
        numbers.push_back(number);
        bodies.push_back(read_.with([&](auto& all) { return all.at(number); }));
        return bodies.back() == "first" ? std::vector<HttpRequest>{after_first_}
                                        : std::vector<HttpRequest>();
    }

    std::vector<std::size_t> numbers;
    std::vector<std::string> bodies;

  private:
    HttpRequest after_first_;
    Guarded<std::map<std::size_t, std::string>> read_;
};

TEST_F(GetTest, FollowsWhatAnAnswerLeadsToWithoutWaitingForTheSlow) {
    NetworkSettings settings = quick_settings();
    settings.first_byte_timeout = milliseconds(500);
    client.emplace(settings, std::stop_token());
    Answer silent;
    silent.silence = Answer::Silence::before_head;
    server.serve("/slow", {silent, with_body("slow")});
    server.serve("/first", {with_body("first")});
    server.serve("/second", {with_body("second")});
    Follower follower({server.url("/second"), {}, {}, 99});
    client->follow({{server.url("/slow"), {}, {}, 99}, {server.url("/first"), {}, {}, 99}},
                   follower);
    EXPECT_EQ(follower.bodies, (std::vector<std::string>{"first", "second", "slow"}));
    EXPECT_EQ(follower.numbers, (std::vector<std::size_t>{1, 2, 0}));
}

TEST_F(GetTest, WaitsThreeTimesAsLongForAProxyThatFetchesFirst) {
    client.emplace(impatient_settings(), std::stop_token());
    Answer page = with_body("page");
    page.headers = {"Server: Nexus/3.70.1"};
    Answer silent;
    silent.silence = Answer::Silence::before_head;
    server.serve("/page", {page});
    server.serve("/slow", {silent});
    EXPECT_EQ(get("/page").body, "page");
    EXPECT_THAT(get("/slow").error, HasSubstr("did not answer for 0.18 s"));
}

/// Asks for one page more, when another thread says so; ends after the first answer.
class WokenFollower final : public HttpFollower {
  public:
    explicit WokenFollower(HttpRequest later)
        : later_(std::move(later)) {}

    void read(std::size_t /*number*/, HttpResponse& response) override {
        throw Error({response.body, {}, {}});
    }

    std::vector<HttpRequest> next(std::size_t /*number*/) override { return {}; }

    std::vector<HttpRequest> more() override {
        ++asked;
        return is_called_.exchange(false) ? std::vector{later_} : std::vector<HttpRequest>();
    }

    void call() { is_called_ = true; }

    std::atomic<int> asked = 0; ///< how often for more

  private:
    HttpRequest later_;
    std::atomic<bool> is_called_ = false;
};

TEST_F(GetTest, AFollowerThatIsWokenAsksForMoreWhileOthersAreSilent) {
    constexpr int wakes = 100; // unasked it looks once a second, and the silent one would be first
    NetworkSettings settings = quick_settings();
    settings.first_byte_timeout = std::chrono::seconds(10);
    client.emplace(settings, std::stop_token());
    Answer silent;
    silent.silence = Answer::Silence::before_head;
    server.serve("/slow", {silent, with_body("slow")});
    server.serve("/later", {with_body("later")});
    WokenFollower follower({server.url("/later"), {}, {}, 99});
    const std::jthread caller([&](const std::stop_token& over) {
        const auto wait_until = [&over](const auto& is_so) {
            while (!is_so() && !over.stop_requested()) {
                std::this_thread::yield();
            }
        };
        wait_until([&] { return server.count("/slow") > 0; });
        for (int i = 0; i < wakes; ++i) {
            const int before = follower.asked;
            client->wake();
            wait_until([&] { return follower.asked > before; });
        }
        follower.call();
        client->wake();
    });
    EXPECT_THAT(
        [&] {
            client->follow({{server.url("/slow"), {}, {}, 99}}, follower);
        },
        ThrowsMessage<Error>("later"));
}

TEST_F(GetTest, WhatAReaderThrowsEndsIt) {
    server.serve("/page", {with_body("bad")});
    server.serve("/good", {with_body("good")});
    Follower follower({});
    EXPECT_THROW(
        client->follow(std::vector<HttpRequest>(2, {server.url("/page"), {}, {}, 99}), follower),
        Error);
    EXPECT_EQ(get("/good").body, "good");
}

TEST_F(GetTest, AnswersInTheRequestsOrderOverKeptConnections) {
    std::vector<HttpRequest> requests;
    for (int i = 0; i < 60; ++i) {
        const std::string path = fmt::format("/page/{}", i);
        server.serve(path, {with_body(fmt::format("page {}", i))});
        requests.push_back({server.url(path), {}, {}, 1U << 20U});
    }
    for (int round = 0; round < 2; ++round) {
        const std::vector<HttpResponse> responses = client->get(requests);
        for (int i = 0; i < 60; ++i) {
            EXPECT_EQ(responses.at(static_cast<std::size_t>(i)).body, fmt::format("page {}", i));
            EXPECT_EQ(responses.at(static_cast<std::size_t>(i)).status, 200);
        }
    }
    EXPECT_LE(server.connections(), 48);
}

class GetManyTest : public GetTest {
  protected:
    int most_at_once(std::uint64_t limit_bytes, milliseconds pause) {
        Answer slow = with_body("x");
        slow.drip_bytes = 1;
        slow.drip_pause = pause;
        slow.length = Answer::Length::chunked;
        server.serve("/slow", {slow});
        const std::vector<HttpRequest> requests(96, {server.url("/slow"), {}, {}, limit_bytes});
        client->get(requests);
        return server.most_connections_at_once();
    }
};

TEST_F(GetManyTest, PagesRunFortyEightAtOnce) {
    // Long enough for a busy machine to begin with more than would run one after another.
    const int most = most_at_once(HttpRequest().limit_bytes, milliseconds(500));
    EXPECT_GT(most, 16);
    EXPECT_LE(most, 48);
}

TEST_F(GetManyTest, PagesComeOneByOneFromAHostThatHasRefusedSome) {
    Answer page = with_body("x");
    page.drip_bytes = 1;
    page.drip_pause = milliseconds(20);
    page.length = Answer::Length::chunked;
    server.serve("/", {with_status(429), page});
    const HttpRequest one{server.url("/"), {}, {}, 1000};
    client->get({&one, 1});
    const std::vector<HttpRequest> many(12, one);
    for (const HttpResponse& response : client->get(many)) {
        EXPECT_EQ(response.status, 200);
    }
    EXPECT_EQ(server.most_connections_at_once(), 1);
}

TEST_F(GetManyTest, WholeFilesRunEightAtOnce) {
    EXPECT_LE(most_at_once(HttpRequest().limit_bytes + 1, milliseconds(100)), 8);
}

TEST_F(GetTest, SendsHeadersAndNameAndReportsTheType) {
    Answer page = with_body("{}");
    page.headers = {"Content-Type: application/vnd.pypi.simple.v1+json"};
    server.serve("/simple/", {page});
    const HttpResponse response =
        get({server.url("/simple/"), {"Accept: application/json"}, {}, 100});
    EXPECT_EQ(response.content_type, "application/vnd.pypi.simple.v1+json");
    EXPECT_EQ(response.total_bytes, 2U);
    EXPECT_THAT(server.requests().front().head, HasSubstr("accept: application/json\r\n"));
    EXPECT_THAT(server.requests().front().head, HasSubstr("user-agent: envpm/"));
    EXPECT_THAT(server.requests().front().head, HasSubstr("accept-encoding: gzip\r\n"));
}

TEST_F(GetTest, TellsWhatAPageMayBeKeptBy) {
    Answer answer = with_body("page");
    answer.headers = {"ETag: \"v1\"", "Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT",
                      "Cache-Control: public, max-age=60"};
    server.serve("/page", {answer, with_status(304, {"ETag: \"v1\"", "Cache-Control: max-age=5"})});
    const HttpResponse first = get("/page");
    EXPECT_EQ(first.etag, "\"v1\"");
    EXPECT_EQ(first.last_modified, "Wed, 01 Jan 2025 00:00:00 GMT");
    EXPECT_EQ(first.cache_control, "public, max-age=60");
    const HttpResponse second = get("/page");
    EXPECT_EQ(second.status, 304);
    EXPECT_EQ(second.error, "");
    EXPECT_EQ(second.cache_control, "max-age=5");
}

TEST_F(GetTest, ReadsPartsFromTheStartTheMiddleAndTheEnd) {
    server.serve("/wheel", {with_body("0123456789")});
    const HttpResponse middle = get_range("/wheel", {3, 4});
    EXPECT_EQ(middle.body, "3456");
    EXPECT_EQ(middle.status, 206);
    EXPECT_EQ(middle.range_first, 3U);
    EXPECT_EQ(middle.total_bytes, 10U);
    const HttpResponse tail = get_range("/wheel", {std::nullopt, 3});
    EXPECT_EQ(tail.body, "789");
    EXPECT_EQ(tail.range_first, 7U);
    EXPECT_EQ(get_range("/wheel", {std::nullopt, 99}).body, "0123456789");
    EXPECT_EQ(get_range("/wheel", {8, 100}).body, "89");
    EXPECT_THAT(server.requests().front().head, HasSubstr("accept-encoding: identity\r\n"));
    EXPECT_THAT(server.requests().front().head, HasSubstr("range: bytes=3-6\r\n"));
}

TEST_F(GetTest, WrongAndEmptyPartsAreErrors) {
    Answer wrong = with_body("0123456789");
    wrong.content_range = "bytes 0-3/10";
    server.serve("/wrong", {wrong});
    EXPECT_THAT(get_range("/wrong", {3, 4}).error, HasSubstr("another part"));
    wrong.content_range = "bytes=3-6/10";
    server.serve("/old", {wrong});
    EXPECT_THAT(get_range("/old", {3, 4}).error, HasSubstr("cannot be placed"));
    EXPECT_THAT(get_range("/none", {3, 0}).error, HasSubstr("no bytes were asked for"));
    EXPECT_EQ(server.count("/none"), 0U);
}

TEST_F(GetTest, APartThatEndsEarlyIsTriedAgain) {
    Answer shorter = with_body("0123456789");
    shorter.content_range = "bytes 8-11/12";
    shorter.length = Answer::Length::chunked; // no length that would be missed
    server.serve("/short", {shorter, with_body("0123456789")});
    EXPECT_EQ(get_range("/short", {8, 100}).body, "89");
    EXPECT_EQ(server.count("/short"), 2U);
    server.serve("/always", {shorter});
    EXPECT_THAT(get_range("/always", {8, 100}).error, HasSubstr("a part after 2 of 4 bytes"));
}

TEST_F(GetTest, AWholeAnswerToAPartIsTheCallersToJudge) {
    Answer whole = with_body("0123456789");
    whole.ranges = Answer::Ranges::ignored;
    server.serve("/wheel", {whole});
    const HttpResponse response = get_range("/wheel", {3, 4});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "0123456789");
    EXPECT_EQ(response.range_first, std::nullopt);
}

TEST_F(GetTest, ClientErrorsAreAnswersAtOnce) {
    Answer forbidden = with_status(403);
    forbidden.body = "why";
    server.serve("/403", {forbidden});
    const HttpResponse response = get("/403");
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(response.body, "why");
    EXPECT_EQ(response.error, "");
    EXPECT_EQ(server.count("/403"), 1U);
}

TEST_F(GetTest, TransientFailuresAreTriedAgain) {
    Answer cut = with_body("good content");
    cut.cut_after = 4;
    server.serve("/page", {with_status(503), cut, with_status(429), with_body("good content")});
    const HttpResponse response = get("/page");
    EXPECT_EQ(response.body, "good content");
    EXPECT_EQ(response.error, "");
    EXPECT_EQ(server.count("/page"), 4U);
}

TEST_F(GetTest, TheLastFailureIsTold) {
    server.serve("/page", {with_status(502)});
    const HttpResponse response = get("/page");
    EXPECT_EQ(response.status, 502);
    EXPECT_EQ(response.error, fmt::format("`{}` answered 502 (4 tries)", server.host()));
    EXPECT_EQ(server.count("/page"), 4U);
}

TEST_F(GetTest, StallsEndInTime) {
    client.emplace(impatient_settings(), std::stop_token());
    Answer stall = with_body("half of it");
    stall.stall_after = 4;
    server.serve("/page", {stall});
    EXPECT_THAT(get("/page").error, HasSubstr("sent nothing for 0.06 s (4 tries)"));
    Answer silent;
    silent.silence = Answer::Silence::before_head;
    server.serve("/silent", {silent});
    const HttpResponse response = get("/silent");
    EXPECT_THAT(response.error, HasSubstr("did not answer for 0.06 s"));
    EXPECT_EQ(response.status, 0);
}

TEST_F(GetTest, ADayIsNotWaitedFor) {
    server.serve("/banned", {with_status(429, {"Retry-After: 86400"})});
    EXPECT_THAT(get("/banned").error, HasSubstr("asks to wait 86400 s"));
    EXPECT_EQ(server.count("/banned"), 1U);
}

TEST_F(GetTest, FollowsTenRedirectsAndNoMore) {
    for (int i = 0; i < 12; ++i) {
        server.serve(fmt::format("/r{}", i),
                     {with_status(302, {fmt::format("Location: /r{}", i + 1)})});
    }
    server.serve("/r12", {with_body("end")});
    const HttpResponse ten = get("/r2");
    EXPECT_EQ(ten.body, "end");
    EXPECT_EQ(ten.url, server.url("/r12"));
    EXPECT_THAT(get("/r1").error, HasSubstr("redirects more than 10 times"));
}

TEST_F(GetTest, RedirectsToFilesAreRefused) {
    server.serve("/r", {with_status(302, {"Location: file:///etc/passwd"})});
    const HttpResponse response = get("/r");
    EXPECT_THAT(response.error, HasSubstr("neither http nor https"));
    EXPECT_TRUE(response.body.empty());
}

TEST_F(GetTest, NamesHostAndReasonWithoutCredentials) {
    const HttpResponse refused =
        get({"http://user:secret@127.0.0.1:1/x?token=secret", {}, {}, 100});
    EXPECT_THAT(refused.error, HasSubstr("`127.0.0.1:1` cannot be reached"));
    EXPECT_THAT(refused.error, Not(HasSubstr("secret")));
    const HttpResponse unknown = get({"http://nowhere.invalid/", {}, {}, 100});
    EXPECT_THAT(unknown.error, HasSubstr("`nowhere.invalid` cannot be reached"));
    EXPECT_THAT(get({"ftp://example.org/x", {}, {}, 100}).error, HasSubstr("neither http"));
    EXPECT_NE(get({"http://" + std::string(100'000, 'a'), {}, {}, 100}).error, "");
    EXPECT_NE(get({"", {}, {}, 100}).error, "");
}

TEST_F(GetTest, ConnectionRefusedLeavesTheOthersAlone) {
    server.serve("/good", {with_body("good")});
    const std::vector<HttpRequest> requests = {{"http://127.0.0.1:1/x", {}, {}, 100},
                                               {server.url("/good"), {}, {}, 100}};
    const std::vector<HttpResponse> responses = client->get(requests);
    EXPECT_NE(responses.at(0).error, "");
    EXPECT_EQ(responses.at(1).body, "good");
}

TEST(GetSettings, TheProxyIsUsedUnlessTheHostIsExempt) {
    LoopbackServer proxy;
    proxy.serve("/x", {with_body("from the proxy")});
    NetworkSettings settings = quick_settings();
    settings.http_proxy = "http://user:secret@" + proxy.host();
    settings.no_proxy = "exempt.invalid";
    Client client(settings, {});
    const std::vector<HttpRequest> requests = {{"http://example.org/x", {}, {}, 100},
                                               {"http://exempt.invalid/x", {}, {}, 100}};
    const std::vector<HttpResponse> responses = client.get(requests);
    EXPECT_EQ(responses.at(0).body, "from the proxy");
    EXPECT_THAT(proxy.requests().front().head, HasSubstr("proxy-authorization: basic"));
    EXPECT_THAT(responses.at(1).error, HasSubstr("exempt.invalid"));
    settings.http_proxy = "http://user:secret@127.0.0.1:1";
    Client lost(settings, {});
    const std::string error = lost.get({requests.data(), 1}).front().error;
    EXPECT_THAT(error, HasSubstr("(the proxy is `http://127.0.0.1:1`, unless no_proxy names"));
    EXPECT_THAT(error, Not(HasSubstr("secret")));
}

TEST(GetSettings, NetrcIsSentToItsHostOnly) {
    LoopbackServer server;
    server.serve("/x", {with_body("x")});
    server.serve("/away", {with_status(302, {fmt::format("Location: http://localhost:{}/x",
                                                         server.host().substr(10))})});
    TemporaryFolder folder(::testing::TempDir());
    write_file(folder.path() / "netrc", "machine 127.0.0.1 login me password pass\n");
    NetworkSettings settings = quick_settings();
    settings.netrc_file = folder.path() / "netrc";
    Client client(settings, {});
    const HttpRequest request{server.url("/away"), {}, {}, 100};
    EXPECT_EQ(client.get({&request, 1}).front().body, "x");
    ASSERT_EQ(server.requests().size(), 2U);
    EXPECT_THAT(server.requests().at(0).head, HasSubstr("authorization: basic bwu6cgfzcw=="));
    EXPECT_THAT(server.requests().at(1).head, Not(HasSubstr("authorization")));
}

TEST(GetSettings, AStopEndsTheWait) {
    LoopbackServer server;
    Answer stall = with_body("half of it");
    stall.stall_after = 4;
    server.serve("/page", {stall});
    NetworkSettings settings = quick_settings();
    settings.stall_timeout = std::chrono::hours(1);
    std::stop_source stop;
    Client client(settings, stop.get_token());
    const std::jthread stopper([&] {
        server.wait_for_bytes(4);
        stop.request_stop();
    });
    const HttpRequest request{server.url("/page"), {}, {}, 100};
    try {
        client.get({&request, 1});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::interrupted);
    }
}

TEST_F(GetTest, TellsWhomItWaitsForAndThatItTriesAgain) {
    Answer silent;
    silent.silence = Answer::Silence::before_head;
    server.serve("/silent", {silent});
    NetworkSettings settings = impatient_settings();
    settings.first_byte_timeout = milliseconds(400);
    settings.quiet_time = milliseconds(20);
    std::vector<std::string> told;
    client.emplace(settings, std::stop_token(),
                   PageEvents{[&](const std::string& what) { told.push_back(what); }});
    EXPECT_THAT(get("/silent").error, HasSubstr("tries"));
    ASSERT_GE(told.size(), 2U);
    EXPECT_THAT(told[0], HasSubstr("waiting for `" + server.host() + "`, which has sent nothing"));
    EXPECT_THAT(told, ::testing::Contains(HasSubstr("trying again")));
}

TEST_F(GetTest, ManyRequestsThatWaitForOneHostAreOneLine) {
    Answer silent;
    silent.silence = Answer::Silence::before_head;
    server.serve("/silent", {silent});
    NetworkSettings settings = impatient_settings();
    settings.quiet_time = milliseconds(40);
    std::vector<std::string> told;
    client.emplace(settings, std::stop_token(),
                   PageEvents{[&](const std::string& what) { told.push_back(what); }});
    const std::vector<HttpRequest> many(4, {server.url("/silent"), {}, {}, 1000});
    client->get({many.data(), 1});
    const std::size_t of_one = told.size();
    told.clear();
    client->get(many);
    EXPECT_LT(told.size(), 4 * of_one) << "four wait, and each of them several times";
}

TEST_F(GetTest, SaysNothingOfATryThatFailsAtOnce) {
    server.serve("/", {with_status(503), with_body("good")});
    int told = 0;
    std::uint64_t answers = 0;
    client.emplace(quick_settings(), std::stop_token(),
                   PageEvents{[&](const std::string& /*what*/) { ++told; },
                              [&](std::uint64_t count) { answers += count; }});
    EXPECT_EQ(get("/").body, "good");
    EXPECT_TRUE(told == 0 && answers == 1) << told << " " << answers;
}

} // namespace
} // namespace envpm::fetch
