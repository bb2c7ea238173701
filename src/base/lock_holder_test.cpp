#include "base/lock_holder.h"

#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

namespace envpm {

namespace {

TEST(LockHolder, IsTheProcessOfTheLineThatHoldsAFlockOnTheInode) {
    const std::string lines = "1: POSIX  ADVISORY  WRITE 10 08:01:77 0 EOF\n"
                              "2: OFDLCK ADVISORY  WRITE -1 08:01:77 0 EOF\n"
                              "3: FLOCK  ADVISORY  WRITE 11 08:02:77 0 EOF\n"
                              "4: -> FLOCK  ADVISORY  WRITE 12 08:01:77 0 EOF\n"
                              "5: FLOCK  ADVISORY  WRITE 0 08:01:77 0 EOF\n"
                              "6: FLOCK  ADVISORY  READ  13 08:01:77 0 EOF\n"
                              "7: FLOCK  ADVISORY  READ  14 08:01:77 0 EOF";
    EXPECT_EQ(lock_holder_in(lines, makedev(8, 1), 77), 13);
    EXPECT_EQ(lock_holder_in(lines, makedev(8, 2), 77), 11);
    EXPECT_EQ(lock_holder_in(lines, makedev(8, 2), 7), std::nullopt);
    EXPECT_EQ(lock_holder_in("1:\n\n2: FLOCK\n", makedev(8, 2), 7), std::nullopt);
}

TEST(LockHolder, IsToldWithWhetherItIsStopped) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path file = folder.path() / "lock";
    const FileLock lock(file, LockKind::exclusive);
    const std::string words = words_of_lock_holder(file);
    if (words.empty()) {
        GTEST_SKIP() << "/proc/locks does not tell";
    }
    EXPECT_EQ(words, fmt::format(" (process {})", ::getpid()));
    EXPECT_EQ(words_of_lock_holder(folder.path() / "none"), "");
    write_file(folder.path() / "free", "", Durability::cached);
    EXPECT_EQ(words_of_lock_holder(folder.path() / "free"), "");

    const std::filesystem::path other = folder.path() / "other";
    const pid_t child = ::fork();
    if (child == 0) {
        const int held = ::open(other.c_str(), O_RDWR | O_CREAT, 0600);
        ::flock(held, LOCK_EX);
        ::raise(SIGSTOP);
        ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);
    EXPECT_EQ(words_of_lock_holder(other), fmt::format(" (process {}, which is stopped)", child));
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
}

} // namespace

} // namespace envpm
