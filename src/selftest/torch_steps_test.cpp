#include "selftest/torch_steps.h"

#include "base/error.h"
#include "base/files.h"

#include <gmock/gmock.h>

#include <thread>

namespace envpm::selftest {
namespace {

/// A Python that says what a test wants, and writes down what it was asked.
class TorchSteps : public testing::Test {
  protected:
    void use_python(const std::string& lines) {
        const std::filesystem::path file = folder.path() / "python";
        write_file(file, "#!/bin/sh\necho \"$4 $5\" >>" + (folder.path() / "asked").string() +
                             "\n" + lines + "\n");
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
        request.python = file;
        request.variables.set("PATH", "/usr/bin:/bin");
        request.time_limit = std::chrono::seconds(20);
    }

    std::vector<TorchStep> done() { return run_torch_steps(request, {}); }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
    TorchRequest request;
};

TEST_F(TorchSteps, ThatNeedAGpuAreSkippedWithoutOneAndNothingIsStarted) {
    use_python("exit 1");
    const auto steps = done();
    ASSERT_EQ(steps.size(), 6U);
    for (const TorchStep& step : steps) {
        EXPECT_TRUE(step.is_skipped);
        EXPECT_EQ(step.note, "no GPU");
        EXPECT_FALSE(step.has_failed());
    }
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "asked"));
}

TEST_F(TorchSteps, AreSkippedWhereAGpuFailedAndSaySo) {
    request.python = "/nonexistent/python";
    request.gpus = UsableGpus::some;
    EXPECT_EQ(done().front().note, "not every GPU passed the test above");
}

TEST_F(TorchSteps, AreSkippedWithoutPyTorch) {
    request.gpus = UsableGpus::all;
    request.with_training = true;
    const auto steps = done();
    EXPECT_EQ(steps.size(), 9U);
    EXPECT_EQ(steps.back().note, "no PyTorch in the environment");
}

TEST_F(TorchSteps, TrainOnTheProcessorWhereThereIsNoGpu) {
    use_python("echo '{\"stage\": \"import\"}'; echo '{\"verdict\": \"ok\"}'");
    request.with_training = true;
    const auto steps = done();
    EXPECT_EQ(steps[6].name, "training");
    EXPECT_FALSE(steps[6].has_failed() || steps[6].is_skipped);
    EXPECT_EQ(read_file(folder.path() / "asked"), "training cpu\ncompile cpu\nranks cpu\n");
}

TEST_F(TorchSteps, SayWhereTheyFailed) {
    request.gpus = UsableGpus::all;
    use_python("echo '{\"stage\": \"import\"}'; echo '{\"stage\": \"device\"}'\n"
               "case $4 in gemm) echo '{\"verdict\": \"error\", \"detail\": \"off by 2\"}';;\n"
               "fft) echo '{\"verdict\": \"skipped\", \"detail\": \"one GPU only\"}';;\n"
               "copies) exit 0;; *) kill -9 $$;; esac");
    const auto steps = done();
    EXPECT_EQ(steps[0].ending, (Ending{Outcome::failed, "device", 0, "off by 2"}));
    EXPECT_EQ(steps[1].ending.detail, "a signal ended the process");
    EXPECT_TRUE(steps[2].is_skipped);
    EXPECT_EQ(steps[2].note, "one GPU only");
    EXPECT_EQ(steps[3].ending.outcome, Outcome::crashed) << "an exit in the middle";
    EXPECT_TRUE(steps[3].has_failed());
}

TEST_F(TorchSteps, ThatHangAreEnded) {
    use_python("echo '{\"stage\": \"import\"}'; sleep 60");
    request.with_training = true;
    request.time_limit = std::chrono::milliseconds(300);
    EXPECT_EQ(done().back().ending.outcome, Outcome::timed_out);
    EXPECT_EQ(done().back().ending.stage, "import");
}

TEST_F(TorchSteps, AStopEndsTheOneThatRuns) {
    use_python("sleep 60 & wait");
    request.with_training = true;
    std::stop_source stop;
    const std::jthread user([&] {
        while (!std::filesystem::exists(folder.path() / "asked")) {
            std::this_thread::yield();
        }
        stop.request_stop();
    });
    const auto begin = std::chrono::steady_clock::now();
    try {
        run_torch_steps(request, stop.get_token());
        FAIL() << "it went on";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::interrupted);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    EXPECT_EQ(read_file(folder.path() / "asked"), "training cpu\n");
}

TEST_F(TorchSteps, WriteWhereTheEnvironmentsProgramsDo) {
    use_python("pwd >>" + (folder.path() / "where").string());
    const std::filesystem::path there = folder.path() / "tmp";
    std::filesystem::create_directory(there);
    request.variables.set("TMPDIR", there);
    request.with_training = true;
    done();
    EXPECT_THAT(read_file(folder.path() / "where"), testing::StartsWith(there.string() + "/"));
    EXPECT_TRUE(std::filesystem::is_empty(there));
}

TEST_F(TorchSteps, AStopIsHeard) {
    use_python("exit 0");
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(run_torch_steps(request, stop.get_token()), Error);
}

} // namespace
} // namespace envpm::selftest
