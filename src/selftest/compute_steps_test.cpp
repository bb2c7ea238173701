#include "selftest/compute_steps.h"

#include "base/error.h"
#include "base/files.h"
#include "selftest/probe.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace envpm::selftest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Case {
    const char* step;
    const char* library;
    Ending error;
    const char* wrong;
};

const Case cases[] = {
    {"copies",
     "libcudart",
     {Outcome::failed, "cudaMemcpy", 700, "cudaErrorIllegalAddress"},
     "byte 16777228 is 0x"},
    {"gemm",
     "libcublas",
     {Outcome::failed, "cublasSgemm_v2", 13, "CUBLAS_STATUS_EXECUTION_FAILED"},
     "value 101 is -34 instead of -36"},
    {"convolution",
     "libcudnn",
     {Outcome::failed, "cudnnConvolutionForward", 5000, "CUDNN_STATUS_EXECUTION_FAILED"},
     "value 11 is -47 instead of -49"},
    {"fft",
     "libcufft",
     {Outcome::failed, "cufftExecC2C", 6, "CUFFT_EXEC_FAILED"},
     "value 0 is -2 instead of -4"},
    {"all-reduce",
     "libnccl",
     {Outcome::failed, "ncclGroupEnd", 1, "ncclUnhandledCudaError"},
     "value 3 is -4 instead of -6"},
};

/// A driver with three GPUs and libraries that compute on the processor.
class ComputeSteps : public testing::Test {
  protected:
    ComputeSteps() {
        request.program = GPUPROBE;
        request.prefix = std::filesystem::canonical(fakes / "libraries");
        request.gpus = UsableGpus::all;
        request.time_limit = std::chrono::seconds(60);
        request.variables.set("LD_LIBRARY_PATH", FAKE_GPU);
        request.variables.set("FAKE_GPU_COUNT", "3");
        for (const char* file : {"libcublas.so.13", "libcudart.so.13", "libcudnn.so.9",
                                 "libcufft.so.12", "libnccl.so.2"}) {
            add(fakes / "libraries" / file);
        }
    }

    void add(const std::filesystem::path& path) {
        const std::string file = path.filename();
        request.libraries.push_back(
            {{file.substr(0, file.find(".so")), path, "", ""}, {}, "", {}, 0});
    }

    /// One library alone.
    void keep(const std::string& name) {
        std::erase_if(request.libraries,
                      [&](const auto& tested) { return tested.library.name != name; });
    }

    void misbehave(const std::string& mode, const std::string& library) {
        request.variables.set("FAKE_LIBRARY", mode);
        request.variables.set("FAKE_LIBRARY_BAD", library);
    }

    std::vector<ComputeStep> done() { return run_compute_steps(request, {}); }

    /// One step; of the others only those run that the driver does.
    ComputeStep step(const std::string& name) {
        const std::vector<TestedLibrary> all = request.libraries;
        const auto of_step = std::find_if(std::begin(cases), std::end(cases),
                                          [&](const auto& each) { return each.step == name; });
        keep(of_step == std::end(cases) ? "" : of_step->library);
        std::vector<ComputeStep> steps = done();
        request.libraries = all;
        for (ComputeStep& each : steps) {
            if (each.name == name) {
                return std::move(each);
            }
        }
        ADD_FAILURE() << "no step " << name;
        return {};
    }

    const std::filesystem::path fakes = FAKE_GPU;
    ComputeRequest request;
};

TEST_F(ComputeSteps, PassOnEveryGpu) {
    std::vector<std::string> names;
    for (const ComputeStep& each : done()) {
        EXPECT_FALSE(each.has_failed() || each.is_skipped)
            << each.name << " " << each.ending.stage << " " << each.ending.detail;
        EXPECT_THAT(each.strangers, IsEmpty());
        names.push_back(each.name + (each.note.empty() ? "" : ": " + each.note));
    }
    EXPECT_THAT(names, ElementsAre("copies", "gemm", "convolution", "fft",
                                   "peer-access: 6 of 6 pairs reach each other directly",
                                   "all-reduce: 3 GPUs"));
}

TEST_F(ComputeSteps, ThatFailSayWhichCallOnWhichGpuAndTheLibrarysNameForIt) {
    for (const Case& each : cases) {
        misbehave("compute-error", each.library);
        const bool is_of_one_gpu = std::string(each.library) != "libnccl";
        request.variables.set("FAKE_LIBRARY_GPU", is_of_one_gpu ? "1" : "2");
        const ComputeStep failed = step(each.step);
        EXPECT_EQ(failed.ending, each.error) << each.step;
        EXPECT_EQ(failed.gpu, is_of_one_gpu ? std::optional<int>(1) : std::nullopt) << each.step;
        EXPECT_THAT(failed.library, HasSubstr(std::string(each.library) + ".so."));
        EXPECT_TRUE(failed.has_failed());
    }
    EXPECT_EQ(step("all-reduce").note, "no way from GPU 0 to GPU 1");
}

TEST_F(ComputeSteps, ThatComputeWronglySayHowManyValuesAndTheFirst) {
    for (const Case& each : cases) {
        misbehave("compute-wrong", each.library);
        request.variables.set("FAKE_LIBRARY_GPU", "2");
        const ComputeStep wrong = step(each.step);
        EXPECT_EQ(wrong.ending.outcome, Outcome::wrong_result) << each.step;
        EXPECT_EQ(wrong.ending.stage, "compare");
        EXPECT_GE(wrong.ending.code, 1);
        EXPECT_THAT(wrong.ending.detail, HasSubstr(each.wrong));
        EXPECT_EQ(wrong.gpu, 2) << each.step;
    }
}

TEST_F(ComputeSteps, ThatCrashOrHangNameTheLastCallAndTheOthersGoOn) {
    keep("libcublas");
    const std::pair<const char*, Outcome> endings[] = {{"compute-crash", Outcome::crashed},
                                                       {"compute-exit", Outcome::crashed},
                                                       {"compute-hang", Outcome::timed_out}};
    request.variables.set("FAKE_LIBRARY_GPU", "1");
    for (const auto& [mode, outcome] : endings) {
        misbehave(mode, "libcublas");
        request.time_limit = std::chrono::seconds(outcome == Outcome::timed_out ? 3 : 60);
        const std::vector<ComputeStep> steps = done();
        EXPECT_EQ(steps[1].ending.outcome, outcome) << mode;
        EXPECT_EQ(steps[1].ending.stage, "cublasSgemm_v2") << mode;
        EXPECT_EQ(steps[1].gpu, 1) << mode;
        EXPECT_EQ(steps[4].ending.outcome, Outcome::passed) << mode;
    }
}

TEST_F(ComputeSteps, OfALibraryThatLacksAFunctionFail) {
    keep("libcublas");
    add(fakes / "bare/libcufft.so.12");
    const ComputeStep failed = step("fft");
    EXPECT_EQ(failed.ending, (Ending{Outcome::no_symbol, "load", 0, "cufftPlan1d"}));
}

TEST_F(ComputeSteps, ThatMapALibraryFromOutsideThePrefixAreWrong) {
    keep("libcudnn");
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    request.prefix = std::filesystem::canonical(folder.path());
    const std::filesystem::path inside = request.prefix / "libcudnn.so.9";
    std::filesystem::copy_file(fakes / "libraries/libcudnn.so.9", inside);
    request.libraries.front().library.path = inside;
    const ComputeStep wrong = step("convolution");
    EXPECT_EQ(wrong.ending.outcome, Outcome::passed);
    EXPECT_THAT(wrong.strangers, ElementsAre(HasSubstr("libraries/libcudart.so.13")));
    EXPECT_TRUE(wrong.has_failed());
}

TEST_F(ComputeSteps, WithoutALibraryAreSkippedOrLeftToTheDriver) {
    request.libraries.clear();
    const std::vector<ComputeStep> steps = done();
    EXPECT_EQ(steps[0].note, "by the driver");
    EXPECT_EQ(steps[0].ending.outcome, Outcome::passed);
    EXPECT_EQ(steps[1].note, "no libcublas in the environment");
    EXPECT_TRUE(steps[1].is_skipped);
    EXPECT_EQ(steps[5].note, "no libnccl in the environment");
    request.variables.set("FAKE_GPU", "on-device-wrong");
    EXPECT_EQ(step("copies").ending.outcome, Outcome::wrong_result);
}

TEST_F(ComputeSteps, OfALibraryThatIsThereTwiceAreForEach) {
    keep("libnccl");
    add(fakes / "libraries/libnccl.so.2");
    request.libraries.back().ending.outcome = Outcome::crashed;
    const std::vector<ComputeStep> steps = done();
    ASSERT_EQ(steps.size(), 7U);
    EXPECT_EQ(steps[5].ending.outcome, Outcome::passed);
    EXPECT_EQ(steps[6].note, "libnccl failed the test above");
    EXPECT_TRUE(steps[6].is_skipped);
}

TEST_F(ComputeSteps, BetweenGpusTakeTheWayThatThereIs) {
    request.libraries.clear();
    request.variables.set("FAKE_GPU", "peer-none");
    EXPECT_EQ(step("peer-access").note, "0 of 6 pairs reach each other directly");
    request.variables.set("FAKE_GPU", "peer-error");
    request.variables.set("FAKE_GPU_BAD", "1");
    ComputeStep failed = step("peer-access");
    EXPECT_EQ(failed.ending.stage, "cuCtxEnablePeerAccess");
    EXPECT_EQ(failed.ending.code, 217);
    EXPECT_EQ(failed.gpu, 1);
    request.variables.set("FAKE_GPU", "peer-wrong");
    failed = step("peer-access");
    EXPECT_EQ(failed.ending.outcome, Outcome::wrong_result);
    EXPECT_EQ(failed.gpu, 1);
    request.variables.set("FAKE_GPU_COUNT", "1");
    failed = step("peer-access");
    EXPECT_EQ(failed.note, "one GPU only");
    EXPECT_TRUE(failed.is_skipped);
}

TEST_F(ComputeSteps, AreSkippedWithoutAGpuThatPassedAndNothingIsStarted) {
    request.program = "/nonexistent/envpm-gpuprobe";
    const std::pair<UsableGpus, const char*> reasons[] = {
        {UsableGpus::none, "no GPU"}, {UsableGpus::some, "not every GPU passed the test above"}};
    for (const auto& [gpus, reason] : reasons) {
        request.gpus = gpus;
        for (const ComputeStep& each : done()) {
            EXPECT_TRUE(each.is_skipped) << each.name;
            EXPECT_EQ(each.note, reason);
        }
    }
}

TEST_F(ComputeSteps, AStopIsHeard) {
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(run_compute_steps(request, stop.get_token()), Error);
}

/// Where there is a GPU all of this for real, with the libraries of a toolkit as far as it has
/// them.
TEST(ComputeStepsHere, PassOnTheGpusOfThisMachine) {
    ProbeRequest probe_request;
    probe_request.program = GPUPROBE;
    probe_request.time_limit = std::chrono::seconds(20);
    ComputeRequest request;
    request.program = GPUPROBE;
    request.gpus = probe(probe_request).usable_gpus();
    if (request.gpus != UsableGpus::all) {
        GTEST_SKIP() << "skipped: no GPU";
    }
    for (const char* folder : {"/usr/local/cuda/lib64", "/usr/lib/x86_64-linux-gnu"}) {
        for (const char* name : {"libcudart", "libcublas", "libcudnn", "libcufft", "libnccl"}) {
            const std::filesystem::path path =
                std::filesystem::path(folder) / (name + std::string(".so"));
            if (std::filesystem::exists(path)) {
                request.libraries.push_back({{name, path, "", ""}, {}, "", {}, 0});
            }
        }
    }
    for (const ComputeStep& each : run_compute_steps(request, {})) {
        EXPECT_FALSE(each.has_failed())
            << each.name << " " << each.ending.stage << " " << each.ending.detail;
    }
}

} // namespace
} // namespace envpm::selftest
