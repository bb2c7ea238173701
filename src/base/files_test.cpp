#include "base/files.h"

#include "base/error.h"
#include "base/remove_tree.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace envpm {

namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
  protected:
    [[nodiscard]] fs::path at(std::string_view name) const { return folder_.path() / name; }

    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto& entry : fs::directory_iterator(folder_.path())) {
            out.push_back(entry.path().filename().string());
        }
        std::sort(out.begin(), out.end());
        return out;
    }

  private:
    TemporaryFolder folder_{fs::temp_directory_path()};
};

TEST_F(Files, AFileComesBackAsItWasWritten) {
    const std::string all_bytes = [] {
        std::string text;
        for (int i = 0; i < 256 * 1000; ++i) {
            text += static_cast<char>(i);
        }
        return text;
    }();
    for (const std::string& content : {std::string(), std::string("x"), all_bytes}) {
        for (const Durability durability : {Durability::cached, Durability::durable}) {
            write_file(at("f"), content, durability);
            EXPECT_EQ(read_file(at("f")), content);
        }
    }
    EXPECT_EQ(names(), std::vector<std::string>{"f"}) << "no temporary file may stay";
}

TEST_F(Files, WritingCreatesTheFoldersAbove) {
    write_file(at("a/b/c"), "deep");
    EXPECT_EQ(read_file(at("a/b/c")), "deep");
}

TEST_F(Files, AWriteThatFailsLeavesTheOldStateAndNothingElse) {
    write_file(at("f"), "old");
    fs::create_directory(at("taken"));
    fs::create_directory(at("taken/x"));
    EXPECT_THROW(write_file(at("taken"), "new"), Error);
    EXPECT_THROW(write_file(at("f/below"), "new"), Error);
    EXPECT_EQ(read_file(at("f")), "old");
    EXPECT_EQ(names(), (std::vector<std::string>{"f", "taken"}));
}

TEST_F(Files, ADurableWriteRemovesWhatACrashLeftAndNothingElse) {
    const std::vector<std::string> others = {".a.0123456", ".a.0123456g", ".a.new", ".b.01234567"};
    for (const std::string& name : others) {
        write_file(at(name), "", Durability::cached);
    }
    write_file(at(".a.01234567"), "left by a crash", Durability::cached);
    write_file(at(".a.89abcdef"), "being written", Durability::cached);
    const Fd writer = open_file(at(".a.89abcdef"), O_RDWR);
    ASSERT_EQ(::flock(writer.get(), LOCK_EX), 0);
    write_file(at("a"), "new");
    EXPECT_THAT(names(), testing::ElementsAre(".a.0123456", ".a.0123456g", ".a.89abcdef", ".a.new",
                                              ".b.01234567", "a"));
}

TEST_F(Files, ALinkStaysALinkAndItsTargetIsReplaced) {
    write_file(at("real/f"), "old");
    fs::create_symlink("real/f", at("f"));
    fs::create_directory(at("below"));
    fs::create_symlink("../f", at("below/f"));
    const Fd open = open_file(at("real/f"), O_RDONLY);
    for (const Durability durability : {Durability::cached, Durability::durable}) {
        const std::string content = durability == Durability::cached ? "cached" : "durable";
        write_file(at("below/f"), content, durability);
        EXPECT_EQ(read_file(at("real/f")), content);
    }
    std::array<char, 8> buffer{};
    EXPECT_EQ(::read(open.get(), buffer.data(), buffer.size()), 3) << "a reader keeps the old file";
    EXPECT_EQ(fs::read_symlink(at("f")), "real/f");
    EXPECT_EQ(fs::read_symlink(at("below/f")), "../f");
    EXPECT_EQ(names(), (std::vector<std::string>{"below", "f", "real"}));
    EXPECT_EQ(std::distance(fs::directory_iterator(at("real")), {}), 1) << "no temporary file";
}

TEST_F(Files, ALinkToNothingGetsItsTarget) {
    fs::create_symlink(at("absent/f"), at("f"));
    write_file(at("f"), "new");
    EXPECT_TRUE(fs::is_symlink(at("f")));
    EXPECT_FALSE(fs::is_symlink(at("absent/f")));
    EXPECT_EQ(read_file(at("absent/f")), "new");
}

TEST_F(Files, ALinkToAFileOfAnotherNameIsReplacedAndItsTargetStays) {
    write_file(at("precious"), "mine");
    fs::create_symlink("precious", at("envpm.lock"));
    write_file(at("envpm.lock"), "new");
    EXPECT_EQ(read_file(at("precious")), "mine");
    EXPECT_FALSE(fs::is_symlink(at("envpm.lock")));
}

TEST_F(Files, ALinkToItselfIsRefusedAndStays) {
    fs::create_symlink("link", at("link"));
    EXPECT_THROW(write_file(at("link"), "new"), Error);
    EXPECT_EQ(names(), std::vector<std::string>{"link"});
}

TEST_F(Files, AReaderThatHasTheOldFileOpenKeepsIt) {
    write_file(at("f"), "old");
    const Fd open = open_file(at("f"), O_RDONLY);
    write_file(at("f"), "new");
    std::array<char, 8> buffer{};
    ASSERT_EQ(::read(open.get(), buffer.data(), buffer.size()), 3);
    EXPECT_EQ(std::string(buffer.data()), "old");
}

TEST_F(Files, AnAbsentFileIsAnAnswerOnlyWhereAsked) {
    write_file(at("f"), "x");
    EXPECT_EQ(read_file_if_present(at("absent")), std::nullopt);
    EXPECT_EQ(read_file_if_present(at("f/below")), std::nullopt);
    EXPECT_EQ(read_file_if_present(at("f")), "x");
    EXPECT_THROW(read_file(at("absent")), Error);
    fs::create_directory(at("folder"));
    EXPECT_THROW(read_file_if_present(at("folder")), Error);
}

TEST_F(Files, WhatIsNoFileIsRefusedAndNotWaitedFor) {
    ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
    fs::create_directory(at("folder"));
    const Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un place{};
    place.sun_family = AF_UNIX;
    at("socket").string().copy(place.sun_path, sizeof place.sun_path - 1);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&place), sizeof place), 0);
    const std::vector<std::pair<fs::path, std::string>> kinds = {{at("fifo"), "a FIFO stands"},
                                                                 {at("folder"), "a folder stands"},
                                                                 {at("socket"), "a socket"},
                                                                 {"/dev/zero", "a device stands"}};
    for (const auto& [path, what] : kinds) {
        try {
            read_file_if_present(path);
            FAIL() << path;
        } catch (const Error& error) {
            EXPECT_TRUE(error.text().what.starts_with(what)) << error.what();
            EXPECT_EQ(error.text().subject, path.string());
        }
        EXPECT_THROW(read_file(path), Error);
    }
    EXPECT_EQ(read_file("/dev/null"), "");
}

TEST_F(Files, APipeWithoutANameIsReadToItsEnd) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const Fd reading(ends[0]);
    std::thread writer([writing = ends[1]] {
        const Fd end(writing);
        const std::string piece(60'000, 'x'); // with the next one more than a pipe holds
        write_all(end.get(), piece, "pipe");
        write_all(end.get(), piece + "end", "pipe");
    });
    const std::string text = read_file("/proc/self/fd/" + std::to_string(reading.get()));
    writer.join();
    EXPECT_EQ(text.size(), 120'003U);
    EXPECT_TRUE(text.ends_with("xend"));
}

TEST_F(Files, RefusesWhatIsTooLargeWithoutReadingIt) {
    write_file(at("f"), "12345");
    EXPECT_EQ(read_file(at("f"), 5), "12345");
    EXPECT_THROW(read_file(at("f"), 4), Error);
    // A sparse file of 8 TiB must not be given a buffer of that size first.
    const Fd sparse = open_file(at("sparse"), O_RDWR | O_CREAT);
    ASSERT_EQ(::ftruncate(sparse.get(), off_t{1} << 43U), 0);
    EXPECT_THROW(read_file(at("sparse"), 1000), Error);
    EXPECT_THROW(read_file("/dev/zero", 1000), Error);
}

TEST_F(Files, ReadsFilesWhoseSizeTheSystemDoesNotTell) {
    EXPECT_THAT(read_file("/proc/self/status"), testing::HasSubstr("Pid:"));
}

TEST_F(Files, OpenedFilesAreNotInherited) {
    write_file(at("f"), "x");
    const Fd file = open_file(at("f"), O_RDONLY);
    EXPECT_NE(::fcntl(file.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(Files, RemovesTreesButNeverWhatALinkPointsAt) {
    write_file(at("kept/file"), "x");
    write_file(at("tree/a/b"), "x");
    fs::create_directory_symlink(at("kept"), at("tree/a/link"));
    fs::create_directory(at("tree/read-only"));
    write_file(at("tree/read-only/file"), "x");
    ASSERT_EQ(::chmod(at("tree/read-only").c_str(), 0555), 0);
    EXPECT_TRUE(remove_tree(at("tree")));
    EXPECT_FALSE(fs::exists(at("tree")));
    EXPECT_EQ(read_file(at("kept/file")), "x");
    EXPECT_TRUE(remove_tree(at("tree"))) << "what is missing is fine";
    fs::create_directory_symlink(at("kept"), at("link"));
    EXPECT_TRUE(remove_tree(at("link")));
    EXPECT_EQ(names(), std::vector<std::string>{"kept"});
}

TEST_F(Files, RemovesAFolderOfOnesOwnThatIsClosed) {
    write_file(at("open/tree/closed/file"), "x");
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0) { // to whom nothing is closed
        for (const char* path : {".", "open", "open/tree", "open/tree/closed"}) {
            ASSERT_EQ(::chown(at(path).c_str(), nobody, nobody), 0);
        }
    }
    ASSERT_EQ(::chmod(at("open/tree/closed").c_str(), 0), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const bool is_user = ::geteuid() != 0 || ::setuid(nobody) == 0;
        ::_exit(is_user && remove_tree(at("open/tree")) ? 0 : 1);
    }
    int status = 1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(fs::exists(at("open/tree")));
}

TEST_F(Files, RemovingATreeTellsWhyTheFirstThingStayed) {
    EXPECT_FALSE(remove_tree("/proc/self/ns")); // where nobody can remove anything
    EXPECT_THAT(errno, testing::AnyOf(EPERM, EACCES));
}

TEST_F(Files, RemovesATreeDeeperThanThereAreDescriptors) {
    fs::create_directory(at("tree"));
    Fd folder = open_file(at("tree"), O_RDONLY);
    for (int i = 0; i < 2000; ++i) {
        ASSERT_EQ(::mkdirat(folder.get(), "d", 0755), 0);
        const Fd file(::openat(folder.get(), ".raised-1", O_CREAT | O_WRONLY | O_CLOEXEC, 0444));
        folder = Fd(::openat(folder.get(), "d", O_RDONLY | O_CLOEXEC));
        ASSERT_TRUE(file && folder);
    }
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit few{std::min<rlim_t>(400, before.rlim_max), before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    EXPECT_TRUE(remove_tree(at("tree")));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_FALSE(fs::exists(at("tree")));
}

TEST_F(Files, ATemporaryFolderGoesWithItsContentUnlessKept) {
    fs::path gone;
    fs::path kept;
    {
        TemporaryFolder first(at("below"));
        TemporaryFolder second(at("below"));
        EXPECT_NE(first.path(), second.path());
        gone = first.path();
        kept = second.path();
        write_file(gone / "x/y", "x");
        second.keep();
        const TemporaryFolder moved(std::move(first));
        EXPECT_TRUE(fs::exists(gone));
    }
    EXPECT_FALSE(fs::exists(gone));
    EXPECT_TRUE(fs::exists(kept));
}

TEST_F(Files, ALockExcludesAsItsKindSays) {
    {
        const FileLock shared(at("below/lock"), LockKind::shared);
        EXPECT_TRUE(FileLock::try_take(at("below/lock"), LockKind::shared));
        EXPECT_FALSE(FileLock::try_take(at("below/lock"), LockKind::exclusive));
    }
    const std::optional<FileLock> exclusive =
        FileLock::try_take(at("below/lock"), LockKind::exclusive);
    ASSERT_TRUE(exclusive);
    EXPECT_FALSE(FileLock::try_take(at("below/lock"), LockKind::shared));
}

TEST_F(Files, WhoMayOnlyReadMayLockWhatIsThere) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "root may write anything";
    }
    write_file(at("lock"), "", Durability::cached);
    fs::permissions(at("lock"), fs::perms::owner_read);
    EXPECT_TRUE(FileLock::try_take(at("lock"), LockKind::shared));
}

/// In a folder for a group another member may put there what leads to a file of one's own.
TEST_F(Files, ALockGivesTheGroupNoOtherFile) {
    const fs::path folder = at("site");
    fs::create_directory(folder);
    ASSERT_EQ(::chmod(folder.c_str(), 02775), 0);
    write_file(at("mine"), "secret", Durability::cached);
    ASSERT_EQ(::chmod(at("mine").c_str(), 0600), 0);
    fs::create_symlink(at("mine"), folder / "link");
    EXPECT_THROW((void)FileLock::try_take(folder / "link", LockKind::shared), Error);
    fs::create_hard_link(at("mine"), folder / "second-name");
    EXPECT_TRUE(FileLock::try_take(folder / "second-name", LockKind::shared));
    EXPECT_EQ(fs::status(at("mine")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_TRUE(FileLock::try_take(folder / "lock", LockKind::shared));
    EXPECT_NE(fs::status(folder / "lock").permissions() & fs::perms::group_write, fs::perms::none);
}

TEST_F(Files, ALockThatCannotBeMadeSaysWhy) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "root may write anything";
    }
    fs::create_directory(at("closed"));
    fs::permissions(at("closed"), fs::perms::owner_read | fs::perms::owner_exec);
    for (const char* const name : {"closed/lock", "closed/below/lock"}) {
        try {
            (void)FileLock::try_take(at(name), LockKind::shared);
            ADD_FAILURE() << name;
        } catch (const Error& error) {
            EXPECT_NE(error.text().what.find("Permission denied"), std::string::npos) << name;
        }
    }
}

TEST_F(Files, AWaitingLockIsGivenWhenTheHolderGoes) {
    std::optional<FileLock> holder(std::in_place, at("lock"), LockKind::exclusive);
    std::jthread waiter([&] { const FileLock second(at("lock"), LockKind::exclusive); });
    EXPECT_FALSE(FileLock::try_take(at("lock"), LockKind::shared));
    holder.reset();
    waiter.join();
    EXPECT_TRUE(FileLock::try_take(at("lock"), LockKind::exclusive));
}

TEST_F(Files, WhoHasToWaitForALockIsToldBefore) {
    std::optional<FileLock> holder(std::in_place, at("lock"), LockKind::exclusive);
    int told = 0;
    const auto tell_and_go = [&] {
        ++told;
        holder.reset();
    };
    const FileLock waiter(at("lock"), LockKind::shared, tell_and_go);
    const FileLock another(at("lock"), LockKind::shared, tell_and_go);
    EXPECT_EQ(told, 1);
}

TEST(Fd, OwnsItsDescriptorOnce) {
    Fd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int number = first.get();
    Fd second(std::move(first));
    EXPECT_EQ(second.get(), number);
    second = Fd();
    EXPECT_FALSE(second);
    EXPECT_EQ(::fcntl(number, F_GETFD), -1) << "assigning closes what was owned";
}

TEST(WriteFile, DoesNotWaitForAFifoThatIsNamedLikeWhatACrashLeft) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path pipe = folder.path() / ".file.0123abcd";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    write_file(folder.path() / "file", "content");
    EXPECT_EQ(read_file(folder.path() / "file"), "content");
    EXPECT_TRUE(std::filesystem::exists(pipe));
}

} // namespace

} // namespace envpm
