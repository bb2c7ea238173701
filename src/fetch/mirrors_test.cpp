#include "fetch/download_fixture.h"

#include <algorithm>

namespace envpm::fetch {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

/// One file of several mirrors.
class MirrorsTest : public DownloadTest {
  protected:
    static std::string with_lies(std::string content) {
        for (std::size_t at = 0; at < content.size(); at += mib) {
            content[at] = static_cast<char>(content[at] ^ 1);
        }
        return content;
    }

    static Answer at_rate(std::string body, std::size_t bytes_per_10_ms) {
        return dripping(std::move(body), bytes_per_10_ms, milliseconds(10));
    }

    Download from_both(const std::string& content) {
        return of(content, {first.url("/file"), second.url("/file")});
    }
};

TEST_F(MirrorsTest, SendPiecesOfOneFileAtTheSameTime) {
    const std::string content = text_of(24 * mib + 5);
    first.serve("/file", {at_rate(content, 128U << 10U)});
    second.serve("/file", {at_rate(content, 128U << 10U)});
    expect_success(from_both(content));
    expect_arrived(content);
    EXPECT_GT(first.body_bytes_sent(), 5 * mib);
    EXPECT_GT(second.body_bytes_sent(), 5 * mib);
    EXPECT_LT(first.body_bytes_sent() + second.body_bytes_sent(), content.size() + 6 * mib);
    EXPECT_THAT(first.requests()[0].head, HasSubstr("range: bytes=0-1048575")) << "a probe";
    EXPECT_EQ(progress.notes, "");
}

TEST_F(MirrorsTest, ASlowOneIsLeftAndTheUserIsTold) {
    const std::string content = text_of(24 * mib);
    first.serve("/file", {at_rate(content, 500)}); // 20 s a mebibyte
    second.serve("/file", {at_rate(content, 256U << 10U)});
    expect_success(from_both(content));
    expect_arrived(content);
    EXPECT_LT(first.body_bytes_sent(), mib);
    EXPECT_THAT(progress.notes, HasSubstr("torch 2.9.1: `" + first.host() + "` at 0.0"));
    EXPECT_THAT(progress.notes, HasSubstr("MB/s: moved to `" + second.host() + "`"));
}

TEST_F(MirrorsTest, ASilentOneIsLeftBeforeItsPatienceEnds) {
    const std::string content = text_of(20 * mib);
    Answer stall = with_body(content);
    stall.stall_after = 700'000;
    first.serve("/file", {stall});
    second.serve("/file", {with_body(content)});
    NetworkSettings patient = quick_settings();
    patient.stall_timeout = std::chrono::hours(1);
    client.emplace(patient, std::stop_token());
    expect_success(from_both(content));
    expect_arrived(content);
    EXPECT_THAT(progress.notes, HasSubstr("`" + first.host() + "` at 0 MB/s: moved to"));
}

TEST_F(MirrorsTest, TheUserIsToldWhoKeepsHimWaiting) {
    Answer silent;
    silent.silence = Answer::Silence::before_head;
    first.serve("/file", {silent});
    NetworkSettings settings = quick_settings();
    settings.first_byte_timeout = std::chrono::milliseconds(300);
    settings.quiet_time = std::chrono::milliseconds(100);
    client.emplace(settings, std::stop_token());
    EXPECT_TRUE(download(of("content", {first.url("/file")})));
    EXPECT_THAT(progress.notes,
                HasSubstr("waiting for `" + first.host() + "`, which has sent nothing"));
    EXPECT_THAT(progress.notes, HasSubstr("; trying again"));
}

TEST_F(MirrorsTest, TheLiarIsFoundAndItsBytesAloneAreFetchedAgain) {
    const std::string content = text_of(18 * mib);
    for (const bool first_lies : {false, true}) {
        LoopbackServer& liar = first_lies ? first : second;
        LoopbackServer& honest = first_lies ? second : first;
        liar.serve("/file", {at_rate(with_lies(content), 256U << 10U)});
        honest.serve("/file", {at_rate(content, 256U << 10U)});
        std::filesystem::remove(folder.path() / sha256_of(content).hex());
        client.emplace(quick_settings(), std::stop_token());
        progress.done_bytes = 0;
        progress.notes.clear();
        const std::uint64_t before = first.body_bytes_sent() + second.body_bytes_sent();
        expect_success(from_both(content));
        expect_arrived(content);
        const std::uint64_t sent = first.body_bytes_sent() + second.body_bytes_sent() - before;
        EXPECT_LT(sent, 3 * content.size());
        EXPECT_THAT(progress.notes, HasSubstr("sent wrong bytes"));
    }
}

TEST_F(MirrorsTest, WhoeverLiedTwiceIsNotAskedAgain) {
    std::vector<std::string> contents;
    for (std::uint32_t i = 0; i < 4; ++i) {
        contents.push_back(text_of(5000 + i, i));
        const std::string path = "/" + std::to_string(i);
        first.serve(path, {with_body(with_lies(contents.back()))});
        second.serve(path, {with_body(contents.back())});
        expect_success(of(contents.back(), {first.url(path), second.url(path)}));
        EXPECT_EQ(first.count(path), i < 2 ? 1U : 0U);
    }
    EXPECT_THAT(progress.notes, HasSubstr("`" + first.host() +
                                          "` sent wrong bytes again: it is not asked any more"));
    first.serve("/only", {with_body("never")});
    const std::optional<Error> error = download(of("never", {first.url("/only")}));
    ASSERT_TRUE(error);
    EXPECT_THAT(error->what(), HasSubstr("sent wrong bytes of other files"));
}

TEST_F(MirrorsTest, AnAnswerIsContinuedOnlyInTheSameVersion) {
    const std::string content = text_of(40 * mib);
    Answer tagged = with_body(content);
    tagged.headers = {"ETag: \"one\""};
    first.serve("/file", {tagged});
    fetch_one_by_one();
    expect_success(of(content, {first.url("/file")}));
    expect_arrived(content);
    ASSERT_EQ(first.requests().size(), 2U);
    EXPECT_THAT(first.requests()[0].head, Not(HasSubstr("if-range")));
    EXPECT_THAT(first.requests()[1].head, HasSubstr("if-range: \"one\""));
}

TEST_F(MirrorsTest, AnIfRangeThatIsRefusedIsNotSentAgain) {
    const std::string content = text_of(40 * mib);
    Answer tagged = with_body(content);
    tagged.headers = {"ETag: \"one\""};
    Answer other = with_body(content);
    other.ranges = Answer::Ranges::ignored; // as a server does whose tag is another one
    other.headers = {"ETag: \"two\""};
    first.serve("/file", {tagged, other, tagged});
    fetch_one_by_one();
    expect_success(of(content, {first.url("/file")}));
    expect_arrived(content);
    ASSERT_EQ(first.requests().size(), 3U);
    EXPECT_THAT(first.requests()[2].head, Not(HasSubstr("if-range")));
}

TEST_F(MirrorsTest, AFileThatWasReplacedIsFetchedOnceMore) {
    const std::string content = text_of(40 * mib);
    Answer old = with_body(with_lies(content));
    old.headers = {"ETag: \"old\""};
    Answer current = with_body(content);
    current.headers = {"ETag: \"new\""};
    Answer whole = current;
    whole.ranges = Answer::Ranges::ignored;
    first.serve("/file", {old, whole, current});
    fetch_one_by_one();
    expect_success(of(content, {first.url("/file")}));
    expect_arrived(content);
}

TEST_F(MirrorsTest, ADeadMirrorDoesNotUseUpTheTries) {
    const std::string content = text_of(30 * mib);
    second.serve("/file", {at_rate(content, 256U << 10U)});
    expect_success(of(content, {"http://127.0.0.1:1/file", second.url("/file")}));
    expect_arrived(content);
}

TEST_F(MirrorsTest, AreTracedInTheEndWithWhatTheySent) {
    const std::string content = text_of(1'200'000);
    first.serve("/file", {with_status(404)});
    second.serve("/file", {at_rate(content, 40'000)});
    expect_success(from_both(content));
    EXPECT_THAT(progress.traces, HasSubstr("`" + first.host() + "` sent 0.0 MB, 1 failed\n"));
    EXPECT_THAT(progress.traces, HasSubstr("`" + second.host() + "` sent 1.2 MB at "));
    EXPECT_THAT(progress.traces, HasSubstr(" MB/s a transfer, 0 failed\n"));
}

} // namespace
} // namespace envpm::fetch
