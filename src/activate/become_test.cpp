#include "activate/environment.h"
#include "base/error.h"
#include "base/files.h"

#include <csignal>

namespace envpm::activate {

namespace {

namespace fs = std::filesystem;

/// `become` does not come back, so it runs in a death test's process; programs answer on stderr.
class BecomeDeathTest : public testing::Test {
  protected:
    BecomeDeathTest() { variables_.set("PATH", (prefix_ / "bin").string() + ":/usr/bin:/bin"); }

    fs::path program(const std::string& name, const std::string& content) {
        write_file(prefix_ / name, content, Durability::cached);
        fs::permissions(prefix_ / name, fs::perms::owner_all);
        return prefix_ / name;
    }

    void run(const std::vector<std::string>& command) const {
        try {
            become(command, variables_, prefix_, [this] { return tasks_; });
        } catch (const Error& error) {
            std::fprintf(stderr, "%s", error.what());
            std::_Exit(static_cast<int>(error.code()));
        }
    }

    TemporaryFolder folder_{fs::temp_directory_path()};
    fs::path prefix_ = fs::canonical(folder_.path());
    Variables variables_;
    std::vector<std::string> tasks_;
};

const auto exits_with = [](int code) { return testing::ExitedWithCode(code); };

TEST_F(BecomeDeathTest, PassesArgumentsVariablesAndTheCodeOn) {
    variables_.set("GREETING", "hello  $HOME");
    EXPECT_EXIT(run({"sh", "-c", "echo \"$0|$1|$GREETING\" >&2; exit 42", "a b", "c'd"}),
                exits_with(42), "^a b\\|c'd\\|hello  .HOME\n$");
}

TEST_F(BecomeDeathTest, LooksIntoTheNewPathFirst) {
    program("bin/ls", "#!/bin/sh\necho mine $* >&2\nexit 5\n");
    EXPECT_EXIT(run({"ls", "-l"}), exits_with(5), "mine -l");
}

TEST_F(BecomeDeathTest, TakesANameWithASlashAsAPath) {
    const fs::path tool = program("other/tool", "#!/bin/sh\nexit 6\n");
    EXPECT_EXIT(run({tool.string()}), exits_with(6), "");
    EXPECT_EXIT(run({"tool"}), exits_with(127), "no program `tool`");
    EXPECT_EXIT(run({"/absent/tool"}), exits_with(127), "there is no file `/absent/tool` to run");
}

TEST_F(BecomeDeathTest, GivesAScriptWithoutAFirstLineToTheShell) {
    program("bin/plain", "echo \"$0 $1\" >&2\nexit 8\n");
    EXPECT_EXIT(run({"plain", "x y"}), exits_with(8), "/bin/plain x y\n");
}

TEST_F(BecomeDeathTest, NamesTheNearMissAmongThePrefixsPrograms) {
    program("bin/torchrun", "");
    program("bin/tensorboard", "");
    EXPECT_EXIT(run({"torchrnu"}), exits_with(127),
                "no program `torchrnu`.*did you mean `torchrun`\\?");
    EXPECT_EXIT(run({"quite-different"}), exits_with(127),
                "no program `quite-different`[^?]*with `envpm add`, or put it on PATH");
    EXPECT_EXIT(run({""}), exits_with(127), "no program ``");
}

TEST_F(BecomeDeathTest, NamesTheNearMissAmongTheTasksAndElseAllOfThem) {
    program("bin/trial", "");
    tasks_ = {"train", "evaluate"};
    EXPECT_EXIT(run({"trian"}), exits_with(127),
                "no program `trian` .*, and no task of that name .*mean the task `train`\\?");
    EXPECT_EXIT(run({"triall"}), exits_with(127), "did you mean `trial`\\?");
    EXPECT_EXIT(run({"quite-different"}), exits_with(127), "the tasks are `train`, `evaluate`");
    EXPECT_EXIT(run({"./trian"}), exits_with(127), "there is no file `./trian` to run$");
}

TEST_F(BecomeDeathTest, SaysWhatMayNotRun) {
    write_file(prefix_ / "bin/data", "x", Durability::cached);
    fs::create_directories(prefix_ / "bin/folder");
    EXPECT_EXIT(run({"data"}), exits_with(126), "permission denied: .*/bin/data .*chmod");
    EXPECT_EXIT(run({"folder"}), exits_with(126), "it is a folder");
    program("bin/script", "#!/absent/python\n");
    EXPECT_EXIT(run({"script"}), exits_with(126), "interpreter that it names is not there");
}

TEST_F(BecomeDeathTest, GoesOnBehindWhatMayNotRun) {
    write_file(prefix_ / "bin/sh", "not executable", Durability::cached);
    fs::permissions(prefix_ / "bin/sh", fs::perms::owner_read);
    EXPECT_EXIT(run({"sh", "-c", "exit 9"}), exits_with(9), "");
}

TEST_F(BecomeDeathTest, OpensTheSignalsThatEnvpmBlocks) {
    const auto blocked = [this] {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
        run({"sh", "-c", "kill -TERM $$; exit 0"});
    };
    EXPECT_EXIT(blocked(), testing::KilledBySignal(SIGTERM), "");
}

TEST_F(BecomeDeathTest, AFailureLeavesTheSignalsAsTheyWere) {
    const auto blocked = [this] {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        ::pthread_sigmask(SIG_SETMASK, &set, nullptr);
        try {
            become({"absent-program"}, variables_, prefix_);
        } catch (const Error&) {
            sigset_t now;
            ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
            std::_Exit(sigismember(&now, SIGUSR1) == 1 ? 0 : 1);
        }
    };
    EXPECT_EXIT(blocked(), exits_with(0), "");
}

} // namespace

} // namespace envpm::activate
