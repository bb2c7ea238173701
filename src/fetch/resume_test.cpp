#include "base/lock_holder.h"
#include "fetch/download_fixture.h"
#include "fetch/part_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>

namespace envpm::fetch {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

class ResumeTest : public DownloadTest {
  protected:
    /// Begins the download in a process of its own.
    pid_t download_in_child(const Download& one) {
        const pid_t child = ::fork();
        if (child == 0) {
            Client own(quick_settings(), {});
            SilentProgress silent;
            const auto errors =
                own.download({&one, 1}, folder.path(), silent,
                             {.complete = [](std::size_t, const std::filesystem::path&) {}});
            ::_exit(errors.front() ? 1 : 0);
        }
        return child;
    }

    /// On the disk: a file of several ranges has holes.
    static std::uint64_t written_bytes(const std::filesystem::path& file) {
        struct stat status {};

        EXPECT_EQ(::stat(file.c_str(), &status), 0);
        constexpr std::uint64_t block_bytes = 512;
        return static_cast<std::uint64_t>(status.st_blocks) * block_bytes;
    }

    static int wait_for(pid_t child) {
        int status = 0;
        ::waitpid(child, &status, 0);
        return status;
    }
};

TEST_F(ResumeTest, AKilledDownloadGoesOnWhereItStopped) {
    if (!can_fork) {
        GTEST_SKIP() << "no fork under the thread sanitizer";
    }
    const std::string content = text_of(60 * mib);
    const Answer slow = dripping(content, 64U << 10U, milliseconds(5));
    first.serve("/file", {slow, slow, with_body(content)});
    const Download one = of(content, {first.url("/file")});
    const pid_t child = download_in_child(one);
    first.wait_for_bytes(16 * mib);
    ::kill(child, SIGKILL);
    EXPECT_TRUE(WIFSIGNALED(wait_for(child)));
    // What was sent and never read, because a busy machine gave the child no time, is not fetched
    // twice: it counts what the child wrote, and what was sent afterwards.
    const std::uint64_t written =
        written_bytes(folder.path() / (sha256_of(content).hex() + ".part"));
    const std::uint64_t sent_before = first.body_bytes_sent();
    expect_success(one);
    expect_arrived(content);
    EXPECT_LT(static_cast<double>(written + first.body_bytes_sent() - sent_before),
              1.1 * static_cast<double>(content.size()));
    EXPECT_GT(written, mib) << "the child had not begun";
}

TEST_F(ResumeTest, AKilledDownloadAsksForMoreOfTheVersionThatItHas) {
    if (!can_fork) {
        GTEST_SKIP() << "no fork under the thread sanitizer";
    }
    const std::string content = text_of(20 * mib);
    Answer slow = dripping(content, 64U << 10U, milliseconds(5));
    slow.headers = {"ETag: \"v1\""};
    Answer fast = with_body(content);
    fast.headers = slow.headers;
    first.serve("/file", {slow, fast});
    const Download one = of(content, {first.url("/file")});
    const pid_t child = download_in_child(one);
    first.wait_for_bytes(12 * mib);
    ::kill(child, SIGKILL);
    wait_for(child);
    const std::size_t before = first.requests().size();
    expect_success(one);
    expect_arrived(content);
    const auto requests = first.requests();
    ASSERT_GT(requests.size(), before);
    EXPECT_THAT(requests[0].head, Not(HasSubstr("if-range")));
    EXPECT_THAT(requests[before].head, HasSubstr("if-range: \"v1\""));
}

TEST_F(ResumeTest, KilledAgainAndAgainItEndsRight) {
    if (!can_fork) {
        GTEST_SKIP() << "no fork under the thread sanitizer";
    }
    const std::string content = text_of(20 * mib);
    const Answer slow = dripping(content, 64U << 10U, milliseconds(1));
    first.serve("/file", {slow});
    const Download one = of(content, {first.url("/file")});
    for (std::uint64_t kill_at = mib / 2; kill_at < 10 * mib; kill_at += 3 * mib / 2) {
        const pid_t child = download_in_child(one);
        first.wait_for_bytes(kill_at);
        ::kill(child, SIGKILL);
        wait_for(child);
    }
    expect_success(one);
    expect_arrived(content);
}

TEST_F(ResumeTest, AnInterruptSavesEveryByte) {
    const std::string content = text_of(4 * mib);
    Answer stall = with_body(content);
    stall.stall_after = mib - 54'321; // what is saved on the way begins at a mebibyte
    first.serve("/file", {stall, with_body(content)});
    NetworkSettings settings = quick_settings();
    settings.stall_timeout = std::chrono::hours(1);
    std::stop_source stop;
    client.emplace(settings, stop.get_token());
    const std::jthread stopper([&] {
        progress.wait_for_bytes(600'000);
        stop.request_stop();
    });
    try {
        static_cast<void>(download(of(content, {first.url("/file")})));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::interrupted);
    }
    EXPECT_EQ(progress.open, 0);
    client.emplace(quick_settings(), std::stop_token());
    expect_success(of(content, {first.url("/file")}));
    EXPECT_TRUE(read_file(folder.path() / sha256_of(content).hex()) == content);
    EXPECT_LE(first.body_bytes_sent(), content.size() + mib / 2);
}

TEST_F(ResumeTest, ASecondProcessWaitsAndFindsTheFile) {
    if (!can_fork) {
        GTEST_SKIP() << "no fork under the thread sanitizer";
    }
    const std::string content = text_of(4 * mib);
    const Answer slow = dripping(content, 256U << 10U, milliseconds(20));
    first.serve("/file", {slow});
    const Download one = of(content, {first.url("/file")});
    const pid_t child = download_in_child(one);
    first.wait_for_bytes(mib);
    const std::string holder = words_of_lock_holder(part_path(folder.path(), one.sha256));
    expect_success(one);
    expect_arrived(content);
    EXPECT_EQ(wait_for(child), 0);
    EXPECT_EQ(first.count("/file"), 1U);
    EXPECT_THAT(progress.notes,
                HasSubstr("another process is fetching torch 2.9.1: waiting for it" + holder));
    if (!holder.empty()) { // as far as /proc tells
        EXPECT_EQ(holder, fmt::format(" (process {})", child));
    }
}

TEST_F(ResumeTest, ASecondProcessTakesOverFromADeadOne) {
    if (!can_fork) {
        GTEST_SKIP() << "no fork under the thread sanitizer";
    }
    const std::string content = text_of(4 * mib);
    Answer stall = with_body(content);
    stall.stall_after = 2 * mib;
    first.serve("/file", {stall, with_body(content)});
    const Download one = of(content, {first.url("/file")});
    NetworkSettings patient = quick_settings();
    patient.stall_timeout = std::chrono::hours(1);
    const pid_t child = ::fork();
    if (child == 0) {
        Client own(patient, {});
        SilentProgress silent;
        own.download({&one, 1}, folder.path(), silent,
                     {.complete = [](std::size_t, const std::filesystem::path&) {}});
        ::_exit(0);
    }
    first.wait_for_bytes(2 * mib);
    const std::jthread killer([&] {
        progress.wait_for_note("another process");
        ::kill(child, SIGKILL);
    });
    expect_success(one);
    expect_arrived(content);
    wait_for(child);
}

TEST_F(ResumeTest, ADamagedPartIsFetchedAgainAndOnlyThat) {
    const std::string content = text_of(8 * mib);
    Answer cut = with_body(content);
    cut.cut_after = 6 * mib;
    first.serve("/file", {cut, with_status(404)});
    EXPECT_TRUE(download(of(content, {first.url("/file")})));
    const std::filesystem::path part = folder.path() / (sha256_of(content).hex() + ".part");
    const Fd file = open_file(part, O_WRONLY);
    ASSERT_EQ(::pwrite(file.get(), "damage", 6, 3 * mib + 100), 6);
    const std::uint64_t before = first.body_bytes_sent();
    first.serve("/file", {with_body(content)});
    expect_success(of(content, {first.url("/file")}));
    EXPECT_TRUE(read_file(folder.path() / sha256_of(content).hex()) == content);
    EXPECT_EQ(first.body_bytes_sent() - before, 3 * mib);
}

TEST_F(ResumeTest, BytesOfAnEarlierRunsLiarAreDropped) {
    const std::string content = text_of(4 * mib);
    std::string lie = content;
    lie[mib] = static_cast<char>(lie[mib] ^ 1);
    Answer liar = with_body(lie);
    liar.cut_after = 2 * mib;
    first.serve("/file", {liar, with_status(404)});
    EXPECT_TRUE(download(of(content, {first.url("/file")})));
    second.serve("/file", {with_body(content)});
    expect_success(of(content, {second.url("/file")}));
    EXPECT_TRUE(read_file(folder.path() / sha256_of(content).hex()) == content);
}

} // namespace
} // namespace envpm::fetch
