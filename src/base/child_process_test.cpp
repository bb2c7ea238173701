#include "base/child_process.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace envpm {

namespace {

using std::chrono::seconds;

ChildProcess started(const std::string& script) {
    ChildProcess::Start start = ChildProcess::start({{"/bin/sh", "-c", script}, {}, "/"});
    EXPECT_TRUE(start.child);
    return std::move(start.child).value();
}

/// What comes until the first line is whole.
std::string first_line(const ChildProcess& child) {
    std::string text;
    pollfd ready{child.output(), POLLIN, 0};
    while (text.find('\n') == std::string::npos && ::poll(&ready, 1, 10'000) == 1) {
        std::array<char, 64> block{};
        const ssize_t got = ::read(child.output(), block.data(), block.size());
        if (got <= 0) {
            break;
        }
        text.append(block.data(), static_cast<std::size_t>(got));
    }
    return text;
}

bool comes_to_its_end(const ChildProcess& child) {
    for (int tries = 0; tries < 10'000 && !child.has_ended(); ++tries) {
        ::poll(nullptr, 0, 1);
    }
    return child.has_ended();
}

TEST(ChildProcess, CanBeReadWhileItRuns) {
    ChildProcess child = started("echo one; exec sleep 60");
    EXPECT_EQ(first_line(child), "one\n");
    EXPECT_FALSE(child.has_ended());
    const std::optional<int> status = child.end(seconds(10));
    ASSERT_TRUE(status);
    EXPECT_TRUE(WIFSIGNALED(*status));
}

TEST(ChildProcess, HasEndedThoughWhatItStartedHoldsThePipe) {
    ChildProcess child = started("(trap '' TERM; exec sleep 60) & echo one; exit 3");
    EXPECT_EQ(first_line(child), "one\n");
    EXPECT_TRUE(comes_to_its_end(child));
    const std::optional<int> status = child.end(seconds(10));
    ASSERT_TRUE(status);
    EXPECT_EQ(WEXITSTATUS(*status), 3);
}

TEST(ChildProcess, OutputThatIsNotThereYetDoesNotBlock) {
    const ChildProcess child = started("exec sleep 60");
    char byte = 0;
    EXPECT_EQ(::read(child.output(), &byte, 1), -1);
    EXPECT_EQ(errno, EAGAIN);
}

TEST(ChildProcess, AStatusThatSomebodyElseCollectedIsNoSuccess) {
    ChildProcess child = started("exit 0");
    ASSERT_TRUE(comes_to_its_end(child));
    ASSERT_GT(::waitpid(-1, nullptr, 0), 0);
    EXPECT_EQ(child.end(seconds(10)), std::nullopt);
}

TEST(ChildProcess, SaysWhyAProgramDidNotStart) {
    const ChildProcess::Start start = ChildProcess::start({{"/nonexistent/program"}, {}, "/"});
    EXPECT_FALSE(start.child);
    EXPECT_EQ(start.error_number, ENOENT);
}

} // namespace

} // namespace envpm
