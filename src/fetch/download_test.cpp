#include "fetch/download_fixture.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>

namespace envpm::fetch {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

TEST_F(DownloadTest, ASmallFileComesInOneRequest) {
    const std::string content = text_of(300'001);
    first.serve("/file", {with_body(content)});
    expect_success(of(content, {first.url("/file")}));
    expect_arrived(content);
    EXPECT_THAT(arrived, ElementsAre(0));
    ASSERT_EQ(first.requests().size(), 1U);
    EXPECT_THAT(first.requests().front().head, Not(HasSubstr("range:")));
    EXPECT_THAT(first.requests().front().head, HasSubstr("accept-encoding: identity"));
}

TEST_F(DownloadTest, ALargeFileComesInPiecesOverSeveralConnections) {
    const std::string content = text_of(70 * mib + 17);
    first.serve("/file", {with_body(content)});
    expect_success(of(content, {first.url("/file")}));
    expect_arrived(content);
    EXPECT_EQ(first.count("/file"), 3U);
    EXPECT_EQ(first.body_bytes_sent(), content.size());
}

TEST_F(DownloadTest, ManyFilesKeepToTheLimits) {
    std::vector<Download> downloads;
    for (std::uint32_t i = 0; i < 30; ++i) {
        const std::string content = text_of(10'000 + i, i);
        const std::string path = fmt::format("/{}", i);
        const Answer answer = dripping(content, 5'000, milliseconds(2));
        first.serve(path, {answer});
        downloads.push_back(of(content, {first.url(path)}));
    }
    for (const std::optional<Error>& error : download(downloads)) {
        EXPECT_FALSE(error);
    }
    EXPECT_EQ(arrived.size(), 30U);
    EXPECT_LE(first.connections(), 4);
    EXPECT_EQ(progress.done_bytes, progress.total_bytes);
}

TEST_F(DownloadTest, AskedTwiceIsFetchedOnce) {
    const std::string content = text_of(1000);
    first.serve("/file", {with_body(content)});
    const std::vector<Download> downloads(2, of(content, {first.url("/file")}));
    download(downloads);
    EXPECT_EQ(first.count("/file"), 1U);
    EXPECT_THAT(arrived, UnorderedElementsAre(0, 1));
    EXPECT_EQ(progress.total_bytes, 1000U);
}

TEST_F(DownloadTest, AnEmptyFileNeedsNoRequest) {
    expect_success(of("", {first.url("/file")}));
    expect_arrived("");
    EXPECT_EQ(first.requests().size(), 0U);
}

TEST_F(DownloadTest, AFileThatIsThereIsUsedOnceItIsProven) {
    const std::string content = text_of(5000);
    first.serve("/file", {with_body(content)});
    const std::filesystem::path path = folder.path() / sha256_of(content).hex();
    write_file(path, content, Durability::cached);
    expect_success(of(content, {first.url("/file")}));
    EXPECT_EQ(first.requests().size(), 0U);
    for (const std::string& damaged : {content.substr(1), text_of(5000, 2)}) {
        write_file(path, damaged, Durability::cached);
        expect_success(of(content, {first.url("/file")}));
        EXPECT_TRUE(read_file(path) == content);
    }
    EXPECT_EQ(first.requests().size(), 2U);
    EXPECT_THAT(progress.notes, HasSubstr("the stored file of torch 2.9.1 was damaged"));
}

TEST_F(DownloadTest, AFolderInAFilesPlaceIsNoFile) {
    const std::string content = text_of(5000);
    first.serve("/file", {with_body(content)});
    const std::filesystem::path path = folder.path() / sha256_of(content).hex();
    write_file(path / "something", "else", Durability::cached);
    expect_success(of(content, {first.url("/file")}));
    EXPECT_TRUE(read_file(path) == content);
}

TEST_F(DownloadTest, TheNextMirrorTakesOver) {
    const std::string content = text_of(40'000);
    Answer cut = with_body(content);
    cut.cut_after = 20'000;
    Answer small = with_body(content.substr(0, 100));
    Answer large = with_body(content + "more");
    Answer larger = large;
    larger.length = Answer::Length::untold;
    Answer html = with_body("<!DOCTYPE html><title>Log in</title>");
    html.length = Answer::Length::untold;
    Answer partial = with_body(content);
    partial.status = 206;
    partial.headers = {"Content-Range: bytes 0-39999/40000"};
    Answer compressed = with_body(content);
    compressed.length = Answer::Length::chunked;
    compressed.headers = {"Content-Encoding: gzip"};
    const std::vector<std::pair<std::string, Answer>> cases = {
        {"answered 403", with_status(403)},
        {"answered 404", with_status(404)},
        {"answered 410", with_status(410)},
        {"answered 500", with_status(500)},
        {"the connection to", cut},
        {"has a file of 100 bytes instead of 40000", small},
        {"has a file of 40004 bytes instead of 40000", large},
        {"sent more than the file", larger},
        {"sent an HTML page instead of the file", html},
        {"a part of the file that was not asked for", partial},
        {"compressed once more", compressed},
        {"sent wrong bytes", with_body(text_of(40'000, 2))},
    };
    for (const auto& [note, answer] : cases) {
        progress.notes.clear();
        std::filesystem::remove(folder.path() / sha256_of(content).hex());
        client.emplace(quick_settings(), std::stop_token());
        expect_survives({answer}, content);
        EXPECT_THAT(progress.notes, HasSubstr(note));
        EXPECT_THAT(progress.notes, HasSubstr(fmt::format("; going on with `{}`", second.host())));
    }
    EXPECT_EQ(first.count("/file"), cases.size()) << "once each";
}

TEST_F(DownloadTest, TheNextMirrorTakesOverFromASilentOne) {
    client.emplace(impatient_settings(), std::stop_token());
    const std::string content = text_of(40'000);
    Answer stall = with_body(content);
    stall.stall_after = 20'000;
    expect_survives({stall}, content);
    EXPECT_THAT(progress.notes, HasSubstr("sent nothing for 0.15 s; going on with"));
    const std::string other = text_of(40'001);
    Answer silent;
    silent.silence = Answer::Silence::before_head;
    client.emplace(impatient_settings(), std::stop_token());
    expect_survives({silent}, other);
    EXPECT_THAT(progress.notes, HasSubstr("did not answer for 0.15 s; going on with"));
}

TEST_F(DownloadTest, WhatCameBeforeTheBreakIsKept) {
    const std::string content = text_of(10 * mib);
    Answer cut = with_body(content);
    cut.cut_after = 7 * mib + 12'345;
    expect_survives({cut}, content);
    EXPECT_LT(second.body_bytes_sent(), 3 * mib);
}

TEST_F(DownloadTest, WhatCameBeforeAFailureIsKeptForTheNextRun) {
    const std::string content = text_of(4 * mib);
    Answer cut = with_body(content);
    cut.cut_after = 3 * mib;
    first.serve("/file", {cut, with_status(404)});
    EXPECT_TRUE(download(of(content, {first.url("/file")})));
    first.serve("/file", {with_body(content)});
    expect_success(of(content, {first.url("/file")}));
    EXPECT_TRUE(read_file(folder.path() / sha256_of(content).hex()) == content);
    EXPECT_LE(first.body_bytes_sent(), content.size() + mib);
}

TEST_F(DownloadTest, OneServerIsTriedAgainAfterTransientFailures) {
    const std::string content = text_of(100'000);
    Answer cut = with_body(content);
    cut.cut_after = 60'000;
    Answer unfinished = with_body(content);
    unfinished.length = Answer::Length::chunked;
    unfinished.cut_after = 10'000;
    first.serve("/file", {with_status(503), cut, with_status(500), unfinished, with_status(429),
                          with_body(content)});
    expect_success(of(content, {first.url("/file")}));
    expect_arrived(content);
    EXPECT_EQ(first.count("/file"), 6U);
}

TEST_F(DownloadTest, AServerThatBreaksOffEveryMebibyteStillGivesTheFile) {
    const std::string content = text_of(15 * mib);
    Answer cut = with_body(content);
    cut.cut_after = mib;
    first.serve("/file", {cut});
    expect_success(of(content, {first.url("/file")}));
    expect_arrived(content);
    EXPECT_EQ(first.body_bytes_sent(), content.size());
}

TEST_F(DownloadTest, GivesUpInTheEndAndListsEveryReason) {
    const std::string content = text_of(1000);
    first.serve("/a", {with_status(404)});
    first.serve("/b", {with_status(502)});
    const std::optional<Error> error = download(
        of(content, {first.url("/a?key=secret"), first.url("/b"), "http://127.0.0.1:1/c"}));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ExitCode::network);
    EXPECT_EQ(error->text().subject, "torch 2.9.1");
    EXPECT_THAT(error->contexts(),
                ElementsAre(HasSubstr("/a`: `" + first.host() + "` answered 404"),
                            HasSubstr("/b`: `" + first.host() + "` answered 502"),
                            HasSubstr("/c`: `127.0.0.1:1` cannot be reached")));
    EXPECT_THAT(error->what(), Not(HasSubstr("secret")));
    EXPECT_LE(first.count("/b"), 10U);
    EXPECT_TRUE(arrived.empty());
    EXPECT_FALSE(std::filesystem::exists(folder.path() / (sha256_of(content).hex() + ".part")));
}

TEST_F(DownloadTest, OneLostFileDoesNotStopTheOthers) {
    const std::string content = text_of(1000);
    first.serve("/good", {with_body(content)});
    const std::vector<Download> downloads = {of("lost", {first.url("/lost")}),
                                             of(content, {first.url("/good")}), of("none", {})};
    const std::vector<std::optional<Error>> errors = download(downloads);
    EXPECT_TRUE(errors.at(0));
    EXPECT_FALSE(errors.at(1));
    EXPECT_TRUE(errors.at(2));
    EXPECT_THAT(arrived, ElementsAre(1));
}

TEST_F(DownloadTest, WrongBytesFromEveryoneAreAnIntegrityError) {
    first.serve("/file", {with_body(text_of(1000, 2))});
    second.serve("/file", {with_body(text_of(1000, 3))});
    const std::optional<Error> error =
        download(of(text_of(1000), {first.url("/file"), second.url("/file")}));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ExitCode::integrity);
    EXPECT_THAT(error->contexts(),
                ElementsAre(HasSubstr("sent wrong bytes"), HasSubstr("sent wrong bytes")));
    EXPECT_EQ(first.count("/file"), 1U);
    EXPECT_FALSE(std::filesystem::exists(folder.path() / sha256_of(text_of(1000)).hex()));
}

TEST_F(DownloadTest, AMixOfMirrorsWithOneLiarEndsRight) {
    // The liar gives one wrong bit and breaks off, so that the other's bytes are mixed with its
    // own; alone it would be found out at once.
    const std::string content = text_of(3 * mib);
    for (const std::size_t place : {std::size_t{5}, mib + 7}) {
        std::string lie = content;
        lie[place] = static_cast<char>(lie[place] ^ 4);
        Answer liar = with_body(lie);
        liar.cut_after = 2 * mib;
        std::filesystem::remove(folder.path() / sha256_of(content).hex());
        client.emplace(quick_settings(), std::stop_token());
        expect_survives({liar, with_body(lie)}, content);
    }
}

TEST_F(DownloadTest, AnHonestServerSuspectedWithALiarIsAskedAgain) {
    const std::string content = text_of(3 * mib);
    std::string lie = content;
    lie[2 * mib + 9] = 'x';
    lie[2 * mib + 10] = 'y';
    Answer cut = with_body(content);
    cut.cut_after = mib;
    first.serve("/file", {cut, with_status(503), with_body(content)});
    second.serve("/file", {with_body(lie)});
    expect_success(of(content, {first.url("/file"), second.url("/file")}));
    expect_arrived(content);
}

TEST_F(DownloadTest, AServerWithoutRangesSendsTheWhole) {
    const std::string content = text_of(40 * mib);
    Answer whole = with_body(content);
    whole.ranges = Answer::Ranges::ignored;
    first.serve("/file", {whole});
    expect_success(of(content, {first.url("/file")}));
    expect_arrived(content);
    EXPECT_LE(first.body_bytes_sent(), content.size() + content.size() / 2);
}

TEST_F(DownloadTest, AServerWithoutRangesGoesOnByHalves) {
    const std::string content = text_of(6 * mib);
    Answer cut = with_body(content);
    cut.ranges = Answer::Ranges::ignored;
    cut.cut_after = 4 * mib;
    Answer whole = with_body(content);
    whole.ranges = Answer::Ranges::ignored;
    first.serve("/file", {cut, whole});
    expect_success(of(content, {first.url("/file")}));
    expect_arrived(content);
    EXPECT_EQ(first.count("/file"), 2U);
}

TEST_F(DownloadTest, WrongContentRangesEndRight) {
    const std::string content = text_of(33 * mib);
    for (const char* const range :
         {"bytes 1-33554432/34603008", "bytes=0-33554431/34603008", "bytes 0-33554431/34603009"}) {
        Answer wrong = with_body(content);
        wrong.content_range = range;
        std::filesystem::remove(folder.path() / sha256_of(content).hex());
        client.emplace(quick_settings(), std::stop_token());
        expect_survives({wrong}, content);
    }
}

TEST_F(DownloadTest, WithoutLengthOrInChunksIsFine) {
    for (const Answer::Length length : {Answer::Length::untold, Answer::Length::chunked}) {
        const std::string content = text_of(700'000, static_cast<std::uint32_t>(length));
        Answer answer = with_body(content);
        answer.length = length;
        first.serve("/file", {answer});
        expect_success(of(content, {first.url("/file")}));
        EXPECT_TRUE(read_file(folder.path() / sha256_of(content).hex()) == content);
    }
    EXPECT_EQ(first.count("/file"), 2U);
}

TEST_F(DownloadTest, RedirectsLeadToTheFile) {
    const std::string content = text_of(1000);
    first.serve("/file", {with_status(302, {"Location: " + second.url("/blob?signature=x")})});
    second.serve("/blob?signature=x", {with_body(content)});
    expect_success(of(content, {first.url("/file")}));
    expect_arrived(content);
}

TEST_F(DownloadTest, RetryAfterSendsTheRestToTheOtherMirror) {
    const std::string content = text_of(1000);
    const auto begin = std::chrono::steady_clock::now();
    expect_survives({with_status(429, {"Retry-After: 100"})}, content);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(DownloadTest, ADripIsLeftForAnotherMirror) {
    const std::string content = text_of(30'000);
    const Answer drip = dripping(content, 10, milliseconds(20));
    expect_survives({drip}, content);
    EXPECT_THAT(progress.notes, HasSubstr("`" + first.host() + "` at 0.0"))
        << "of a megabyte a second";
    EXPECT_THAT(progress.notes, HasSubstr(": moved to `" + second.host() + "`"));
}

TEST_F(DownloadTest, FileUrlsAreCopiedAndProven) {
    const std::string content = text_of(20 * mib + 5);
    TemporaryFolder source(::testing::TempDir());
    write_file(source.path() / "a b", content, Durability::cached);
    write_file(source.path() / "short", "short", Durability::cached);
    write_file(source.path() / "wrong", text_of(20 * mib + 5, 2), Durability::cached);
    const std::string base = "file://" + source.path().string();
    EXPECT_FALSE(download(
        of(content, {base + "/missing", base + "/short", base + "/wrong", base, base + "/a%20b"})));
    expect_arrived(content);
    const std::optional<Error> error = download(of(text_of(10), {base + "/missing"}));
    ASSERT_TRUE(error);
    EXPECT_THAT(error->what(), HasSubstr("/missing`: No such file or directory"));
}

TEST_F(DownloadTest, ALocalFileThatOnlyBeginsRightIsNotTaken) {
    TemporaryFolder source(::testing::TempDir());
    write_file(source.path() / "longer", text_of(10) + "x", Durability::cached);
    const std::optional<Error> error =
        download(of(text_of(10), {"file://" + source.path().string() + "/longer"}));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ExitCode::integrity);
    EXPECT_THAT(error->what(), HasSubstr("/longer`: it has 11 bytes instead of 10"));
}

TEST_F(DownloadTest, AFullDiskEndsWithTheSystemsWordsAndKeepsWhatIsGood) {
    if (!can_fork) {
        GTEST_SKIP() << "no fork under the thread sanitizer";
    }
    const std::string content = text_of(8 * mib);
    first.serve("/file", {with_body(content)});
    const pid_t child = ::fork();
    if (child == 0) {
        // A limit on the size of files stands for a full disk: the same call fails.
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{5 * mib, 5 * mib};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        Client own(quick_settings(), {});
        const Download one = of(content, {first.url("/file")});
        SilentProgress silent;
        const auto errors =
            own.download({&one, 1}, folder.path(), silent,
                         {.complete = [](std::size_t, const std::filesystem::path&) {}});
        const std::string text = errors.front() ? errors.front()->what() : "";
        ::_exit(text.find("cannot write a file: File too large") != std::string::npos ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    const std::uint64_t before = first.body_bytes_sent();
    expect_success(of(content, {first.url("/file")}));
    expect_arrived(content);
    EXPECT_EQ(first.body_bytes_sent() - before, 3 * mib);
}

TEST_F(DownloadTest, FilesThatFindNoRoomLeaveTheOthersTheirBuffers) {
    if (!can_fork) {
        GTEST_SKIP() << "no fork under the thread sanitizer";
    }
    std::vector<Download> downloads;
    for (std::uint32_t i = 0; i < 12; ++i) {
        const std::string path = fmt::format("/{}", i);
        const std::string content = text_of(i < 11 ? 12 * mib : mib / 2, i);
        first.serve(path, {with_body(content)});
        downloads.push_back(of(content, {first.url(path)}));
    }
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{mib, mib};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        ::alarm(60);
        Client own(quick_settings(), {});
        SilentProgress silent;
        const auto errors =
            own.download(downloads, folder.path(), silent,
                         {.complete = [](std::size_t, const std::filesystem::path&) {}});
        ::_exit(errors.front() && !errors.back() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST_F(DownloadTest, NothingIsAskedForWhileTooMuchWaitsToBeUsed) {
    fetch_one_by_one();
    std::vector<Download> downloads;
    for (const std::size_t size : {3 * mib, 2 * mib, mib}) { // the order in which they are fetched
        const std::string content = text_of(size);
        const std::string path = "/" + std::to_string(size);
        first.serve(path, {with_body(content)});
        downloads.push_back(of(content, {first.url(path)}));
    }
    int asked = 0;
    const auto errors =
        client->download(downloads, folder.path(), progress,
                         {.complete = [](std::size_t, const std::filesystem::path&) {},
                          .waiting_bytes = [&]() -> std::uint64_t {
                              if (first.requests().empty() || asked == 9) {
                                  return 0;
                              }
                              ++asked;
                              EXPECT_EQ(first.requests().size(), 1U);
                              return 1024 * mib;
                          }});
    EXPECT_EQ(asked, 9);
    for (const std::optional<Error>& error : errors) {
        EXPECT_FALSE(error);
    }
    EXPECT_EQ(first.requests().size(), 3U);
}

TEST_F(DownloadTest, AFileThatHasBegunGoesOnWhenLessWaits) {
    const std::string content = text_of(70 * mib); // three pieces, two of them later
    fetch_one_by_one();
    first.serve("/file", {with_body(content)});
    const Download one = of(content, {first.url("/file")});
    int asked = 0;
    const auto errors =
        client->download({&one, 1}, folder.path(), progress,
                         {.complete = [](std::size_t, const std::filesystem::path&) {},
                          .waiting_bytes = [&]() -> std::uint64_t {
                              if (first.count("/file") != 1 || asked == 9) {
                                  return 0;
                              }
                              ++asked;
                              return 1024 * mib;
                          }});
    EXPECT_EQ(asked, 9);
    EXPECT_FALSE(errors[0]);
    expect_arrived(content);
}

TEST_F(DownloadTest, AFailureOfTheCallersKeepsWhatCame) {
    const std::string small = text_of(1000);
    const std::string large = text_of(4 * mib);
    Answer slow = with_body(small); // the other comes first: to wait here for that keeps it away
    slow.drip_bytes = 100;
    slow.drip_pause = std::chrono::milliseconds(30);
    first.serve("/small", {slow});
    Answer stall = with_body(large);
    stall.stall_after = 3 * mib;
    first.serve("/large", {stall, with_body(large)});
    const std::vector<Download> downloads = {of(large, {first.url("/large")}),
                                             of(small, {first.url("/small")})};
    EXPECT_THROW(client->download(downloads, folder.path(), progress,
                                  {.complete =
                                       [](std::size_t, const std::filesystem::path&) {
                                           throw Error({"no more", {}, {}});
                                       }}),
                 Error);
    EXPECT_EQ(progress.open, 0);
    expect_success(of(large, {first.url("/large")}));
    EXPECT_TRUE(read_file(folder.path() / sha256_of(large).hex()) == large);
}

} // namespace
} // namespace envpm::fetch
