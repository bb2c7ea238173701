#include "base/process.h"

#include "base/error.h"
#include "base/files.h"

#include <csignal>

namespace envpm {

namespace {

ProcessRequest shell(const std::string& script) {
    return {.command = {"/bin/sh", "-c", script}, .environment = {"PATH=/usr/bin:/bin"}};
}

double seconds_of(const ProcessRequest& request, ProcessResult& result) {
    const auto begin = std::chrono::steady_clock::now();
    result = run_process(request);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST(Process, ReturnsWhatTheProgramPrintedAndItsCode) {
    const ProcessResult result = run_process(shell("echo one; echo two >&2; exit 7"));
    EXPECT_EQ(result.end, ProcessEnd::exited);
    EXPECT_EQ(result.exit_code, 7);
    EXPECT_EQ(result.output, "one\n");
}

TEST(Process, GivesTheProgramItsEnvironmentAndNothingElse) {
    ProcessRequest request{.command = {"/usr/bin/env"}, .environment = {"A=1", "B=a b"}};
    EXPECT_EQ(run_process(request).output, "A=1\nB=a b\n");
}

TEST(Process, RunsInTheFolderWithoutInput) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    ProcessRequest request = shell("pwd -P; cat");
    request.folder = folder.path();
    EXPECT_EQ(run_process(request).output,
              std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST(Process, SaysWhyAProgramDidNotStart) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    write_file(folder.path() / "text", "no program", Durability::cached);
    const ProcessResult absent =
        run_process({.command = {"/nonexistent/program"}, .environment = {}});
    EXPECT_EQ(absent.end, ProcessEnd::not_started);
    EXPECT_EQ(absent.error_number, ENOENT);
    const ProcessResult text =
        run_process({.command = {(folder.path() / "text").string()}, .environment = {}});
    EXPECT_EQ(text.end, ProcessEnd::not_started);
    EXPECT_EQ(text.error_number, EACCES);
}

TEST(Process, KillsWhatTakesTooLongWithItsChildren) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::string pid_file = (folder.path() / "pid").string();
    ProcessRequest request = shell("sleep 60 & echo $! >'" + pid_file + "'; echo begun; wait");
    request.time_limit = std::chrono::milliseconds(300);
    ProcessResult result;
    EXPECT_LT(seconds_of(request, result), 10);
    EXPECT_EQ(result.end, ProcessEnd::timed_out);
    EXPECT_EQ(result.output, "begun\n");
    const std::string grandchild = read_file(pid_file);
    // A killed orphan may stay a zombie until init reaps it; what it must not do is sleep.
    const auto state =
        read_file_if_present("/proc/" + std::to_string(std::stoi(grandchild)) + "/stat");
    EXPECT_TRUE(!state || state->find(") S ") == std::string::npos) << *state;
}

TEST(Process, KillsWhatRunsWhenAStopIsRequested) {
    for (const char* script : {"echo begun; sleep 60", "exec >&-; sleep 60"}) {
        std::stop_source stop;
        ProcessRequest request = shell(script);
        request.time_limit = std::chrono::seconds(60);
        request.stop = stop.get_token();
        stop.request_stop();
        ProcessResult result;
        EXPECT_LT(seconds_of(request, result), 10) << script;
        EXPECT_EQ(result.end, ProcessEnd::timed_out) << script;
    }
}

TEST(Process, DoesNotWaitForeverForAProgramThatClosedItsOutput) {
    ProcessRequest request = shell("exec >&-; sleep 60");
    request.time_limit = std::chrono::milliseconds(200);
    ProcessResult result;
    EXPECT_LT(seconds_of(request, result), 10);
    EXPECT_EQ(result.end, ProcessEnd::timed_out);
}

TEST(Process, KillsWhatPrintsTooMuch) {
    ProcessRequest request = shell("while :; do echo 0123456789; done");
    request.limit_bytes = 10'000;
    const ProcessResult result = run_process(request);
    EXPECT_EQ(result.end, ProcessEnd::overflowed);
    EXPECT_EQ(result.output.size(), 10'000U);
}

TEST(Process, OutputOfExactlyTheLimitIsFine) {
    ProcessRequest request = shell("printf 12345");
    request.limit_bytes = 5;
    EXPECT_EQ(run_process(request).end, ProcessEnd::exited);
    request.limit_bytes = 4;
    EXPECT_EQ(run_process(request).end, ProcessEnd::overflowed);
}

TEST(Process, TellsASignalFromAnExit) {
    const ProcessResult result = run_process(shell("kill -SEGV $$"));
    EXPECT_EQ(result.end, ProcessEnd::signalled);
    EXPECT_EQ(result.exit_code, -1);
}

TEST(Process, TheChildHasDefaultSignalsWhateverTheCallerBlocked) {
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
    const ProcessResult result = run_process(shell("kill -TERM $$; echo alive"));
    ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
    EXPECT_EQ(result.end, ProcessEnd::signalled);
    EXPECT_EQ(result.output, "");
}

TEST(Process, TheChildHasItsPipeOnlyAsOutput) {
    const ProcessResult result =
        run_process(shell("me=$(readlink /proc/$$/fd/1); for f in /proc/$$/fd/*; do "
                          "[ \"$(readlink $f)\" = \"$me\" ] && echo ${f##*/}; done; :"));
    EXPECT_EQ(result.output, "1\n");
}

} // namespace

} // namespace envpm
