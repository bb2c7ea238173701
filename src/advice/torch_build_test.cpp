// PyTorch and its companions are of one build, and the accelerator's.

#include "advice/why_not_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::universe {
namespace {

using advice::test::why_not;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using universe::test::FakeIndexes;
using universe::test::World;
using universe::test::x86_end;

const std::string arm_end = "-cp311-cp311-manylinux_2_17_aarch64.whl";

class TorchBuild : public testing::Test {
  protected:
    FakeIndexes indexes;

    std::vector<std::string> chosen(const std::string& names, const std::string& rest = "") {
        std::string manifest = "[pypi-dependencies]\n";
        for (std::size_t at = 0; at < names.size();) {
            const std::size_t end = std::min(names.find(' ', at), names.size());
            const std::string entry = names.substr(at, end - at);
            const std::size_t equals = std::min(entry.find('='), entry.size());
            manifest += fmt::format("{} = \"{}\"\n", entry.substr(0, equals),
                                    equals == entry.size() ? "*" : entry.substr(equals));
            at = end + 1;
        }
        return World(indexes, manifest + rest).chosen();
    }
};

TEST_F(TorchBuild, ACompanionIsOfTheSame) {
    indexes.add("pypi", "torch", {{"torch-2.9.1+cpu" + x86_end}});
    indexes.add("pypi", "torchvision", {{"torchvision-0.24.1+cu128" + x86_end, {"torch==2.9.1"}}});
    EXPECT_THAT(chosen("torch torchvision"), IsEmpty());
    EXPECT_THAT(
        why_not(World(indexes, "[pypi-dependencies]\ntorch = \"*\"\ntorchvision = \"*\"\n")),
        AllOf(HasSubstr("torch 2.9.1+cpu needs PyTorch's packages for the processor"),
              HasSubstr("torchvision 0.24.1+cu128 needs PyTorch's packages for CUDA")));
    indexes.add("pypi", "torchvision",
                {{"torchvision-0.24.1+cpu" + x86_end, {"torch==2.9.1"}},
                 {"torchvision-0.24.1+cu128" + x86_end, {"torch==2.9.1"}}});
    EXPECT_THAT(chosen("torch torchvision"), Contains("torchvision 0.24.1+cpu"));
}

TEST_F(TorchBuild, ACompanionIsForTheSameCuda) {
    indexes.add("pypi", "torch",
                {{"torch-2.9.1+cu126" + x86_end}, {"torch-2.9.1+rocm6.4" + x86_end}});
    indexes.add("pypi", "torchaudio", {{"torchaudio-2.9.1+cu128" + x86_end}});
    EXPECT_THAT(chosen("torch torchaudio"), IsEmpty());
    indexes.add("pypi", "torchaudio", {{"torchaudio-2.9.1+cu126" + x86_end}});
    EXPECT_THAT(chosen("torch torchaudio"), Contains("torch 2.9.1+cu126"));
    indexes.add("pypi", "torchaudio", {{"torchaudio-2.9.1+rocm6.4" + x86_end}});
    EXPECT_THAT(chosen("torch torchaudio"), Contains("torch 2.9.1+rocm6.4"));
}

TEST_F(TorchBuild, ACompanionThatNamesNoTorchGoesWithThatOfTheTable) {
    indexes.add("pypi", "torch",
                {{"torch-2.8.0+cu126" + x86_end}, {"torch-2.9.1+cu126" + x86_end}});
    indexes.add("pypi", "torchaudio", {{"torchaudio-2.8.0+cu126" + x86_end}});
    EXPECT_THAT(chosen("torch torchaudio"), Contains("torch 2.8.0+cu126"));
    EXPECT_THAT(
        why_not(World(indexes, "[pypi-dependencies]\ntorch = \"==2.9.1\"\ntorchaudio = \"*\"\n")),
        HasSubstr("torchaudio 2.8.0+cu126 needs torch ==2.8.0 "
                  "[gpu-facts: torch_companion 2.8.0]"));
    // Its own word counts more than the table's, and what the table does not know is free.
    indexes.add("pypi", "torchaudio", {{"torchaudio-2.8.0+cu126" + x86_end, {"torch>=2.8"}}});
    EXPECT_THAT(chosen("torch torchaudio"), Contains("torch 2.9.1+cu126"));
    indexes.add("pypi", "torchaudio", {{"torchaudio-2.8.7+cu126" + x86_end}});
    EXPECT_THAT(chosen("torch torchaudio"), Contains("torch 2.9.1+cu126"));
}

TEST_F(TorchBuild, TheLastReleaseOfACompanionGoesWithLaterTorches) {
    indexes.add("pypi", "torch",
                {{"torch-2.10.0+cu126" + x86_end}, {"torch-2.15.0+cu126" + x86_end}});
    indexes.add("pypi", "torchaudio", {{"torchaudio-2.11.0+cu126" + x86_end}});
    EXPECT_THAT(chosen("torch torchaudio"), Contains("torch 2.15.0+cu126"));
    EXPECT_THAT(chosen("torch==2.10.0 torchaudio"), IsEmpty());
}

TEST_F(TorchBuild, TheDefaultIndexsCompanionIsForCuda) {
    indexes.add("pypi", "torch", {{"torch-2.9.1+cpu" + x86_end}});
    indexes.add("pypi", "torchvision", {{"torchvision-0.24.1" + x86_end, {"torch==2.9.1"}}});
    EXPECT_THAT(chosen("torch torchvision"), IsEmpty());
    indexes.add("pypi", "torch", {{"torch-2.9.1+cu126" + x86_end}});
    EXPECT_THAT(chosen("torch torchvision"), Contains("torch 2.9.1+cu126"))
        << "of the same major, which is what torchvision looks at";
    indexes.add("pypi", "torch", {{"torch-2.9.1+cu130" + x86_end}});
    EXPECT_THAT(chosen("torch torchvision"), IsEmpty());
}

TEST_F(TorchBuild, TritonIsTheTablesWhereTorchDoesNotNameIt) {
    indexes.add("pypi", "torch", {{"torch-2.9.1+cu128" + x86_end}});
    indexes.add("pypi", "triton", {{"triton-3.5.1" + x86_end}, {"triton-3.6.0" + x86_end}});
    EXPECT_THAT(chosen("torch triton"), Contains("triton 3.5.1"));
    EXPECT_THAT(chosen("torch"), Not(Contains("triton 3.5.1"))) << "a limit, no need";
    indexes.add("pypi", "torch", {{"torch-2.9.1+cu128" + x86_end, {"triton>=3.5"}}});
    EXPECT_THAT(chosen("torch"), Contains("triton 3.6.0"));
}

/// A wheel whose NVIDIA libraries are marked for one processor.
class Marked : public TorchBuild {
  protected:
    Marked() {
        const std::string marker = "; platform_machine == 'x86_64'";
        indexes.add("pypi", "torch",
                    {{"torch-2.5.1" + x86_end, {"nvidia-cuda-runtime-cu12==12.4.127" + marker}},
                     {"torch-2.5.1" + arm_end, {"nvidia-cuda-runtime-cu12==12.4.127" + marker}}});
        indexes.add("pypi", "nvidia-cuda-runtime-cu12",
                    {{"nvidia_cuda_runtime_cu12-12.4.127-py3-none-any.whl"}});
    }

    static std::string on(const std::string& platform, const std::string& accelerator) {
        return "[gpu]\naccelerator = \"" + accelerator + "\"\n[targets.t]\nplatform = \"" +
               platform + "\"\n";
    }
};

TEST_F(Marked, AWheelIsForCudaOnlyWhereItsMarkersHold) {
    EXPECT_THAT(chosen("torch", on("linux-64", "cuda")), Contains("torch 2.5.1"));
    EXPECT_THAT(chosen("torch", on("linux-aarch64", "cuda")), IsEmpty());
    EXPECT_THAT(why_not(World(indexes, "[pypi-dependencies]\ntorch = \"*\"\n" +
                                           on("linux-aarch64", "cuda"))),
                HasSubstr("it is a build for the processor alone, and `[gpu] accelerator` is "
                          "\"cuda\""));
    EXPECT_THAT(chosen("torch", on("linux-64", "cpu")), IsEmpty());
    EXPECT_THAT(chosen("torch", on("linux-aarch64", "cpu")), Contains("torch 2.5.1"));
}

TEST_F(Marked, ACompanionOfTheProcessorsBuildIsForTheProcessor) {
    indexes.add("pypi", "torchvision", {{"torchvision-0.20.1+cu124" + arm_end}});
    EXPECT_THAT(chosen("torch torchvision", "[targets.t]\nplatform = \"linux-aarch64\"\n"),
                IsEmpty());
}

TEST_F(Marked, AnOldGpuIsNotHeldAgainstLibrariesThatAreNotForTheTarget) {
    const std::string old = "[targets.t]\nplatform = \"linux-aarch64\"\ngpus = [\"3.5\"]\n"
                            "accelerator = \"any\"\n";
    EXPECT_THAT(chosen("torch", old), Contains("torch 2.5.1"));
}

TEST_F(TorchBuild, UnderCudaAWheelMustTellThatItIsForCuda) {
    const std::string on_arm = "[targets.t]\nplatform = \"linux-aarch64\"\n";
    const std::string for_cuda = "[gpu]\naccelerator = \"cuda\"\n";
    indexes.add("pypi", "torch", {{"torch-2.5.1" + arm_end, {"filelock"}}});
    indexes.add("pypi", "filelock", {{"filelock-3.0-py3-none-any.whl"}});
    EXPECT_THAT(chosen("torch", on_arm), Contains("torch 2.5.1"));
    EXPECT_THAT(chosen("torch", on_arm + for_cuda), IsEmpty());
    EXPECT_THAT(why_not(World(indexes, "[pypi-dependencies]\ntorch = \"*\"\n" + on_arm + for_cuda)),
                HasSubstr("nothing tells that it is a build for CUDA"));
    indexes.add("pypi", "torch", {{"torch-2.5.1+rocm6.2" + x86_end}});
    for (const char* accelerator : {"cuda", "cpu"}) {
        EXPECT_THAT(chosen("torch", fmt::format("[gpu]\naccelerator = \"{}\"\n", accelerator)),
                    IsEmpty());
    }
}

// 1.12 named no package of NVIDIA's: it had CUDA within.
TEST_F(TorchBuild, OnTheDefaultIndexAWheelForX86IsForCuda) {
    for (const char* release : {"torch-2.5.1", "torch-1.12.1"}) {
        indexes.add("pypi", "torch", {{release + x86_end}});
        EXPECT_THAT(chosen("torch", "[gpu]\naccelerator = \"cuda\"\n"), Not(IsEmpty())) << release;
        EXPECT_THAT(chosen("torch", "[gpu]\naccelerator = \"cpu\"\n"), IsEmpty()) << release;
    }
}

TEST_F(TorchBuild, ACudnnWithoutCodeForADeclaredGpuIsNotTaken) {
    indexes.add("pypi", "nvidia-cudnn-cu12",
                {{"nvidia_cudnn_cu12-9.10.2.21-py3-none-any.whl"},
                 {"nvidia_cudnn_cu12-9.11.0.98-py3-none-any.whl"}});
    const auto on = [](const char* gpu) {
        return fmt::format("[targets.t]\nplatform = \"linux-64\"\ngpus = [\"{}\"]\n", gpu);
    };
    EXPECT_THAT(chosen("nvidia-cudnn-cu12", on("7.5")), Contains("nvidia-cudnn-cu12 9.11.0.98"));
    EXPECT_THAT(chosen("nvidia-cudnn-cu12", on("7.0")), Contains("nvidia-cudnn-cu12 9.10.2.21"));
    EXPECT_THAT(chosen("nvidia-cudnn-cu12==9.11.0.98", on("7.0")), IsEmpty());
}

} // namespace
} // namespace envpm::universe
