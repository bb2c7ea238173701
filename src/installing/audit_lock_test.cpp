#include "installing/audit_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::installing {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

gpu::Image sass_for(const char* capability) {
    return {gpu::CodeKind::sass, ComputeCapability::parse(capability).value(), {}};
}

gpu::Image ptx_for(const char* capability) {
    return {gpu::CodeKind::ptx, ComputeCapability::parse(capability).value(), {8, 7}};
}

/// A file whose containers all have the same.
CodeReport file_with(const std::string& path, const std::vector<gpu::Image>& images) {
    CodeReport report{path, "torch 2.9.1+cu128", {}, {}};
    for (const gpu::Image& image : images) {
        report.code.images[image] = {3, 0};
    }
    report.code.containers[images] = {3, 0};
    return report;
}

const LockedGpu named_in_lock{{}, {}, {}, {}, {{7, 0}, {8, 0}, {9, 0}}, {}, {}, {}};
const std::string torch_kernels = "lib/python3.11/site-packages/torch/lib/libtorch_cuda.so";

TEST(LessThanLocked, NamesWhatTheFilesDoNotHave) {
    const auto findings = less_than_locked(
        {file_with(torch_kernels, {sass_for("sm_80"), ptx_for("compute_80")})}, named_in_lock, {});
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_EQ(findings[0].rule, gpu::Rule::less_than_locked);
    EXPECT_EQ(findings[0].severity, gpu::Severity::warning);
    EXPECT_EQ(findings[0].file, torch_kernels);
    EXPECT_THAT(findings[0].text, HasSubstr("nothing for 7.0 and only PTX for 9.0"));
    EXPECT_EQ(to_text(findings[0].rule), "less-than-locked");
}

TEST(LessThanLocked, IsNothingWhereTheFilesHaveAll) {
    EXPECT_THAT(less_than_locked({file_with(torch_kernels, {sass_for("sm_70"), sass_for("sm_80"),
                                                            sass_for("sm_90")})},
                                 named_in_lock, {}),
                IsEmpty());
    EXPECT_THAT(less_than_locked({file_with(torch_kernels, {sass_for("sm_80")})}, LockedGpu(), {}),
                IsEmpty())
        << "the lock names none";
}

TEST(LessThanLocked, LooksAtNoOtherLibrariesAndNotAtWhatIsAllowed) {
    const std::vector<gpu::Image> few = {sass_for("sm_80")};
    EXPECT_THAT(less_than_locked({file_with("lib/libcusparseLt.so.0", few),
                                  file_with("lib/flash_attn_2_cuda.so", few)},
                                 named_in_lock, {}),
                IsEmpty());
    EXPECT_THAT(less_than_locked({file_with("lib/libcublas.so.12", few)}, named_in_lock, {}),
                SizeIs(1));
    EXPECT_THAT(less_than_locked({file_with("lib/libcudnn_ops.so.9", few)}, named_in_lock, {}),
                SizeIs(1));
    EXPECT_THAT(
        less_than_locked({file_with(torch_kernels, few)}, named_in_lock, {"libtorch_cuda.so"}),
        IsEmpty());
}

TEST(LessThanLocked, LeavesOutGpusThatTheLockDoesNotTake) {
    LockedGpu newer = named_in_lock;
    newer.least_gpu = ComputeCapability{7, 5};
    EXPECT_THAT(less_than_locked({file_with(torch_kernels, {sass_for("sm_80"), sass_for("sm_90")})},
                                 newer, {}),
                IsEmpty());
}

} // namespace
} // namespace envpm::installing
