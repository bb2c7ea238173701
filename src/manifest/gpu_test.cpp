#include "base/error.h"
#include "manifest/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::manifest {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Manifest parsed_gpu(const std::string& text) {
    return parse(text, "envpm.toml", Platform::linux_64);
}

std::string complaint(const std::string& text) {
    try {
        parsed_gpu(text);
    } catch (const Error& error) {
        return error.what();
    }
    return "no complaint";
}

TEST(GpuTable, LeavesOpenWhatIsNotSaid) {
    const GpuPolicy gpu = parsed_gpu("").gpu;
    EXPECT_FALSE(gpu.accelerator.has_value());
    EXPECT_FALSE(gpu.cuda || gpu.cudnn || gpu.nccl || gpu.chooses_torch_variants);
    EXPECT_EQ(gpu.self_test, CheckPolicy::warn);
    EXPECT_EQ(gpu.audit, CheckPolicy::warn);
}

TEST(GpuTable, HoldsPinsWithTheirPlaces) {
    const GpuPolicy gpu = parsed_gpu("[gpu]\naccelerator = \"cuda\"\ncuda = \"12.8\"\n"
                                     "cudnn = \"9.*\"\nnccl = \">=2.20\"\n"
                                     "torch-variants = \"auto\"\nself-test = \"off\"\n"
                                     "audit = \"strict\"\n"
                                     "audit-allow = [\"libfoo.so.1\", \"_C.so\"]\n")
                              .gpu;
    EXPECT_EQ(gpu.accelerator, Accelerator::cuda);
    EXPECT_EQ(gpu.cuda->text, "12.8");
    EXPECT_EQ(gpu.cuda->location.text(), "envpm.toml:3:8");
    EXPECT_EQ(gpu.cudnn->text, "9.*");
    EXPECT_EQ(gpu.nccl->text, ">=2.20");
    EXPECT_TRUE(gpu.chooses_torch_variants);
    EXPECT_EQ(gpu.self_test, CheckPolicy::off);
    EXPECT_EQ(gpu.audit, CheckPolicy::strict);
    EXPECT_THAT(gpu.audit_allow, ElementsAre("libfoo.so.1", "_C.so"));
}

TEST(GpuTable, RefusesWhatItDoesNotKnow) {
    EXPECT_THAT(complaint("[gpu]\naccelerator = \"gpu\""),
                HasSubstr("`accelerator` cannot be \"gpu\""));
    EXPECT_THAT(complaint("[gpu]\naccelerator = \"gpu\""), HasSubstr("envpm.toml:2:15"));
    EXPECT_THAT(complaint("[gpu]\ncuddn = \"9\""), HasSubstr("did you mean `cudnn`"));
    EXPECT_THAT(complaint("[gpu]\nself-test = \"srict\""), HasSubstr("did you mean `strict`"));
    EXPECT_THAT(complaint("[gpu]\ncuda = 12.8"), HasSubstr("gpu.cuda"));
    EXPECT_THAT(complaint("[gpu]\ncudnn = \" \""), HasSubstr("`gpu.cudnn` pins nothing"));
    EXPECT_THAT(complaint("[gpu]\naudit-allow = [\"lib/a.so\"]"),
                HasSubstr("names \"lib/a.so\", which is no file name"));
    EXPECT_THAT(complaint("[gpu]\naudit-allow = \"a.so\""), HasSubstr("audit-allow"));
    EXPECT_THAT(complaint("[gpu]\naccelerator = \"cpu\"\ncuda = \"12.8\""), HasSubstr("pins CUDA"));
}

TEST(DeclaredGpu, IsWhatTheTargetSays) {
    const Manifest manifest = parsed_gpu("[targets.a]\nplatform = \"linux-64\"\n"
                                         "driver = \"535.104.05\"\ncuda = \"12.2\"\n"
                                         "gpus = [\"8.0\", \"RTX 4090\"]\n"
                                         "[targets.b]\nplatform = \"linux-64\"\ngpus = \"none\"\n"
                                         "[targets.c]\nplatform = \"linux-64\"\n");
    const DeclaredGpu& a = manifest.declared_gpus.at("a");
    EXPECT_EQ(a.driver->text(), "535.104.05");
    EXPECT_EQ(a.cuda, (CudaVersion{12, 2}));
    EXPECT_THAT(a.gpus.value(), ElementsAre("8.0", "RTX 4090"));
    EXPECT_EQ(a.gpus_location.text(), "envpm.toml:5:8");
    EXPECT_THAT(manifest.declared_gpus.at("b").gpus.value(), IsEmpty());
    EXPECT_FALSE(manifest.declared_gpus.at("c").gpus.has_value());
    EXPECT_FALSE(manifest.declared_gpus.at("c").accelerator.has_value());
}

TEST(DeclaredGpu, HasAnAcceleratorOfItsOwn) {
    const Manifest manifest =
        parsed_gpu("[gpu]\naccelerator = \"any\"\n"
                   "[targets.a]\nplatform = \"linux-64\"\naccelerator = \"cuda\"\n"
                   "[targets.b]\nplatform = \"linux-64\"\naccelerator = \"cpu\"\n");
    EXPECT_EQ(manifest.gpu.accelerator, Accelerator::any);
    EXPECT_EQ(manifest.declared_gpus.at("a").accelerator, Accelerator::cuda);
    EXPECT_EQ(manifest.declared_gpus.at("b").accelerator, Accelerator::cpu);
}

TEST(DeclaredGpu, RefusesWhatCannotBe) {
    const auto said = [](const std::string& line) {
        return complaint("[targets.a]\nplatform = \"linux-64\"\n" + line);
    };
    EXPECT_THAT(said("driver = \"535.x\""), HasSubstr("`targets.a.driver` must be like"));
    EXPECT_THAT(said("driver = \"535.x\""), HasSubstr("envpm.toml:3:10"));
    EXPECT_THAT(said("cuda = \"12\""), HasSubstr("`targets.a.cuda` must be like"));
    EXPECT_THAT(said("gpus = \"8.0\""), HasSubstr("must be a list, or \"none\""));
    EXPECT_THAT(said("driver = \"12.8\""), HasSubstr("write `cuda = \"12.8\"`"));
    EXPECT_THAT(said("gpus = []"), HasSubstr("names none"));
    EXPECT_THAT(said("gpu = [\"8.0\"]"), HasSubstr("did you mean `gpus`"));
    EXPECT_THAT(said("accelerator = \"gpu\""),
                HasSubstr("`targets.a.accelerator` cannot be \"gpu\""));
}

} // namespace

} // namespace envpm::manifest
