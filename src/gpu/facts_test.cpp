#include "gpu/facts.h"

namespace envpm::gpu {

namespace {

using testing::ElementsAre;

constexpr DriverSystem linux_kernel = DriverSystem::linux_kernel;
constexpr DriverSystem windows = DriverSystem::windows;

DriverVersion driver(std::string_view text) {
    return DriverVersion::parse(text).value();
}

/// An answer's text, or "-".
template <class T> std::string text_of(const std::optional<Cited<T>>& answer) {
    return answer ? answer->value.text() : "-";
}

/// Read once: it never changes.
const Facts& shipped() {
    static const Facts facts = Facts::shipped();
    return facts;
}

class FactsTest : public testing::Test {
  protected:
    std::string cuda_of(std::string_view version, DriverSystem system = linux_kernel) const {
        return text_of(facts_.newest_cuda(driver(version), system));
    }

    std::string capability(std::string_view product) const {
        const auto answer = facts_.capability_of(product);
        const auto* found = std::get_if<Cited<ComputeCapability>>(&answer);
        return found == nullptr ? "-" : found->value.text();
    }

    std::vector<std::string> near(std::string_view product) const {
        const auto answer = facts_.capability_of(product);
        const auto* unknown = std::get_if<UnknownProduct>(&answer);
        return unknown == nullptr ? std::vector<std::string>{} : unknown->near_misses;
    }

    const Facts& facts_ = shipped();
};

TEST_F(FactsTest, EveryRuntimeMajorHasItsLeastDriver) {
    EXPECT_EQ(text_of(facts_.least_driver(11, linux_kernel)), "450.80.02");
    EXPECT_EQ(text_of(facts_.least_driver(12, linux_kernel)), "525.60.13");
    EXPECT_EQ(text_of(facts_.least_driver(13, linux_kernel)), "580.65.06");
    EXPECT_EQ(text_of(facts_.least_driver(12, windows)), "528.33");
    EXPECT_EQ(text_of(facts_.least_driver(99, linux_kernel)), "-");
}

TEST_F(FactsTest, AnswersCiteTheirRow) {
    const auto answer = facts_.least_driver(12, linux_kernel);
    EXPECT_THAT(answer->citation.text(),
                testing::StartsWith("gpu-facts: cuda_minor_compat 12 (NVIDIA CUDA 13.2"));
    EXPECT_EQ(answer->citation.standing, Standing::rule);
    EXPECT_GT(answer->citation.location.line, 1);
}

TEST_F(FactsTest, ADriverRunsTheCudaOfTheLastToolkitThatItIsNewEnoughFor) {
    EXPECT_EQ(cuda_of("535.104.05"), "12.2");
    EXPECT_EQ(cuda_of("535.183.01"), "12.2");
    EXPECT_EQ(cuda_of("525.60.13"), "12.0");
    EXPECT_EQ(cuda_of("525.60.12"), "11.8");
    EXPECT_EQ(cuda_of("470.256.02"), "11.4");
    EXPECT_EQ(cuda_of("580.65.06"), "13.0");
    EXPECT_EQ(cuda_of("595.71.05"), "13.2");
}

TEST_F(FactsTest, ADriverBetweenOrPastTheRowsGetsTheLowerOne) {
    EXPECT_EQ(cuda_of("565.57.01"), "12.6"); // its toolkit, if there is one, is not in the table
    EXPECT_EQ(cuda_of("999.1"), "13.3");
    EXPECT_EQ(cuda_of("304.137"), "-");
}

TEST_F(FactsTest, WindowsCountsItsDriversOnItsOwn) {
    EXPECT_EQ(cuda_of("537.58", windows), "12.2");
    EXPECT_EQ(cuda_of("581.15", windows), "13.0");
    EXPECT_EQ(cuda_of("528.33", windows), "12.0");
}

TEST_F(FactsTest, AnExactToolkitNeedsItsOwnDriver) {
    EXPECT_EQ(text_of(facts_.least_driver(ToolkitVersion{{12, 8}, 1}, linux_kernel)), "570.124.06");
    EXPECT_EQ(text_of(facts_.least_driver(ToolkitVersion{{12, 8}}, linux_kernel)), "570.26");
    EXPECT_EQ(text_of(facts_.least_driver(ToolkitVersion{{12, 9}, 0}, windows)), "576.02");
    EXPECT_EQ(text_of(facts_.least_driver(ToolkitVersion{{13, 3}, 0}, linux_kernel)), "610.43.02");
    EXPECT_EQ(text_of(facts_.least_driver(ToolkitVersion{{12, 7}}, linux_kernel)), "-");
}

TEST_F(FactsTest, PtxComesWithToolkits) {
    EXPECT_EQ(text_of(facts_.ptx_of({12, 4})), "8.4");
    EXPECT_EQ(text_of(facts_.ptx_of({12, 6})), "8.5");
    EXPECT_EQ(text_of(facts_.ptx_of({13, 3})), "-");
    EXPECT_EQ(text_of(facts_.ptx_of({8, 0})), "-");
    EXPECT_EQ(text_of(facts_.newest_ptx({13, 3})), "9.2");
    EXPECT_EQ(text_of(facts_.first_cuda(PtxVersion{8, 7})), "12.8");
    EXPECT_EQ(text_of(facts_.first_cuda(PtxVersion{7, 9})), "12.0");
    EXPECT_EQ(text_of(facts_.first_cuda(PtxVersion{5, 0})), "9.0");
    EXPECT_EQ(text_of(facts_.first_cuda(PtxVersion{9, 9})), "-");
}

TEST_F(FactsTest, ArchitecturesComeAndGoWithToolkits) {
    const auto pascal = facts_.toolkits_for({6, 1});
    EXPECT_EQ(pascal->value.first, (CudaVersion{8, 0}));
    EXPECT_EQ(pascal->value.last, (CudaVersion{12, 9}));
    EXPECT_EQ(facts_.toolkits_for({9, 0, 'a'})->value.last, std::nullopt);
    EXPECT_FALSE(facts_.toolkits_for({4, 2}));
    EXPECT_EQ(text_of(facts_.first_driver({12, 0}, linux_kernel)), "570.26");
    EXPECT_EQ(text_of(facts_.first_driver({10, 0}, windows)), "570.65");
    EXPECT_EQ(text_of(facts_.first_driver({6, 1}, linux_kernel)), "-"); // CUDA 8 is no row
    EXPECT_EQ(text_of(facts_.first_driver({8, 7}, linux_kernel)), "-"); // Orin
}

TEST_F(FactsTest, ProductsAreFoundAsPeopleAndToolsWriteThem) {
    for (const auto& [product, wanted] : std::vector<std::pair<std::string, std::string>>{
             {"A100", "8.0"},
             {"NVIDIA A100-SXM4-40GB", "8.0"},
             {"NVIDIA A100 80GB PCIe", "8.0"},
             {"a100 sxm4 40 GB", "8.0"},
             {"RTX 4090", "8.9"},
             {"rtx4090", "8.9"},
             {"NVIDIA GeForce RTX 4090 Laptop GPU", "8.9"},
             {"NVIDIA GeForce GTX 1080 Ti", "6.1"},
             {"gtx 1080ti", "6.1"},
             {"Tesla V100-SXM2-16GB", "7.0"},
             {"NVIDIA H100 80GB HBM3", "9.0"},
             {"Quadro RTX 6000", "7.5"},
             {"NVIDIA RTX 6000 Ada Generation", "8.9"},
             {"NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "12.0"},
             {"NVIDIA GB10", "12.1"},
             {"DGX Spark", "12.1"},
             {"Jetson AGX Orin", "8.7"}}) {
        EXPECT_EQ(capability(product), wanted) << product;
    }
}

TEST_F(FactsTest, AnUnknownProductHasNearMissesAndNoGuess) {
    EXPECT_THAT(near("RTX 4900"), testing::Contains("GeForce RTX 4090"));
    EXPECT_EQ(capability("RTX 6000"), "-"); // three generations have one
    EXPECT_THAT(near("RTX 6000"), testing::IsSupersetOf({"Quadro RTX 6000", "RTX 6000 Ada"}));
    EXPECT_EQ(capability("RTX 3090 Ti"), "-");
    EXPECT_THAT(near("RTX 3090 Ti"), testing::Contains("GeForce RTX 3090"));
    EXPECT_THAT(near("a toaster oven"), testing::IsEmpty());
    EXPECT_EQ(capability(""), "-");
    EXPECT_EQ(capability("NVIDIA"), "-");
}

TEST_F(FactsTest, WhatWasSeenInNoSourceIsEvidenceOnly) {
    const auto answer = facts_.capability_of("A10G");
    EXPECT_EQ(std::get<Cited<ComputeCapability>>(answer).citation.standing, Standing::evidence);
    const auto& rows = facts_.rows();
    for (const FactRow& row : rows) {
        if (row.citation.table == "cudnn") {
            EXPECT_EQ(row.citation.standing, Standing::evidence) << row.citation.text();
        }
    }
    EXPECT_EQ(std::count_if(rows.begin(), rows.end(),
                            [](const FactRow& row) { return row.citation.table == "cudnn"; }),
              7);
}

TEST_F(FactsTest, TorchReleasesKnowTheirPythonsAndVariants) {
    const auto release = facts_.torch_release("2.9.1+cu126");
    EXPECT_THAT(release->value.variants, ElementsAre("cu126", "cu128", "cu130"));
    EXPECT_EQ(release->value.pypi_default, "cu128");
    EXPECT_TRUE(release->value.python->contains({3, 14}));
    EXPECT_FALSE(release->value.python->contains({3, 9}));
    EXPECT_EQ(facts_.torch_releases().front().value.release.text(), "2.15");
    EXPECT_EQ(facts_.torch_releases().front().value.python, std::nullopt);
    EXPECT_FALSE(facts_.torch_release("1.13"));
    EXPECT_FALSE(facts_.torch_release("nightly"));
}

TEST_F(FactsTest, TorchVariantsTellWhatTheyWereBuiltFor) {
    const auto variant = facts_.torch_variant("2.9.1", "cu128", Platform::linux_64);
    EXPECT_EQ(variant->value.cuda.text(), "12.8.1");
    EXPECT_EQ(variant->value.cudnn, "9.10.2.21");
    EXPECT_EQ(variant->value.triton, "3.5.1");
    EXPECT_EQ(variant->value.sass.front(), (ComputeCapability{7, 0}));
    EXPECT_EQ(facts_.torch_variant("2.9.0", "cu128", Platform::linux_64)->value.triton, "3.5.0");
    EXPECT_EQ(facts_.torch_variant("2.9", "cu118", Platform::linux_64), std::nullopt);
    EXPECT_EQ(facts_.torch_variants("2.9", Platform::linux_64).size(), 3U);
    EXPECT_THAT(facts_.torch_variant("2.9", "cu130", Platform::linux_64)->value.ptx_claimed,
                ElementsAre(ComputeCapability{12, 0}));
}

TEST_F(FactsTest, TorchForAnotherProcessorWasBuiltForOtherArchitectures) {
    const auto variant = facts_.torch_variant("2.9.1", "cu130", Platform::linux_aarch64);
    EXPECT_THAT(variant->value.sass, testing::Contains(ComputeCapability{11, 0}));
    EXPECT_EQ(variant->citation.table, "torch_variant_aarch64");
    EXPECT_FALSE(facts_.torch_variant("2.6", "cu124", Platform::linux_aarch64));
}

TEST_F(FactsTest, CondasTorchIsWhatTheRecipeNames) {
    const auto build = facts_.conda_torch("2.9.1", {12, 9}, Platform::linux_64);
    EXPECT_EQ(build->value.sass.front(), (ComputeCapability{5, 0}));
    EXPECT_THAT(build->value.ptx, ElementsAre(ComputeCapability{12, 0}));
    EXPECT_EQ(build->citation.standing, Standing::evidence);
    EXPECT_TRUE(facts_.conda_torch("2.9.1", {12, 8}, Platform::linux_aarch64));
    EXPECT_FALSE(facts_.conda_torch("2.9.1", {12, 6}, Platform::linux_64));
    const auto on = [&](Platform platform) {
        return facts_.conda_torch("2.13.0", {13, 0}, platform)->value.sass;
    };
    EXPECT_THAT(on(Platform::linux_aarch64), testing::Contains(ComputeCapability{8, 7}));
    EXPECT_THAT(on(Platform::linux_64), testing::Not(testing::Contains(ComputeCapability{8, 7})));
}

TEST_F(FactsTest, CudnnDroppedOldGpusWithAVersion) {
    EXPECT_EQ(facts_.least_gpu_of_cudnn("9.11.0.98")->value, (ComputeCapability{7, 5}));
    EXPECT_EQ(facts_.least_gpu_of_cudnn("9.20")->citation.standing, Standing::rule);
    EXPECT_FALSE(facts_.least_gpu_of_cudnn("9.10.2.21"));
    EXPECT_FALSE(facts_.least_gpu_of_cudnn("8.9.7"));
    EXPECT_FALSE(facts_.least_gpu_of_cudnn(""));
}

// PyTorch's own builds agree with it.
TEST_F(FactsTest, NoBuildOfPyTorchHasCodeThatItsCudnnLacks) {
    for (const auto& [release, citation] : facts_.torch_releases()) {
        for (const auto& [build, row] :
             facts_.torch_variants(release.release.text(), Platform::linux_64)) {
            const auto least = facts_.least_gpu_of_cudnn(build.cudnn);
            EXPECT_TRUE(!least || least->value <= build.sass.front()) << row.text();
        }
    }
}

TEST_F(FactsTest, CompanionsNameTheTorchThatTheyWereReleasedWith) {
    const auto torches = [&](std::string_view project, std::string_view version) {
        std::vector<std::string> out;
        for (const auto& row : facts_.companions(project, version)) {
            out.push_back(row.value.torch);
        }
        return out;
    };
    EXPECT_THAT(torches("torchvision", "0.24.1+cu126"), ElementsAre("2.9.1"));
    EXPECT_THAT(torches("torchaudio", "2.9.1"), ElementsAre("2.9.1"));
    EXPECT_THAT(torches("torchaudio", "2.11.0"),
                ElementsAre("2.11.0", "2.12.0", "2.12.1", "2.13.0", "2.14.0"));
    EXPECT_THAT(torches("torchvision", "0.24"), ElementsAre());
}

// What the table says twice, it says alike.

TEST_F(FactsTest, VariantsOfAReleaseAreThoseThatHaveARow) {
    for (const auto& [release, citation] : facts_.torch_releases()) {
        for (const std::string& variant : release.variants) {
            EXPECT_TRUE(facts_.torch_variant(release.release.text(), variant, Platform::linux_64))
                << citation.text() << " " << variant;
        }
    }
}

TEST_F(FactsTest, BranchesReportTheCudaOfTheirToolkits) {
    for (const FactRow& row : facts_.rows()) {
        if (row.citation.table != "driver_branch" || row.citation.standing != Standing::rule) {
            continue;
        }
        const auto branch = DriverVersion::parse(row.citation.row + ".999");
        const TomlValue::Member& cuda = row.fields.at(1);
        ASSERT_EQ(cuda.name, "cuda_max");
        EXPECT_EQ(text_of(facts_.newest_cuda(*branch, linux_kernel)),
                  *cuda.value.get_if<std::string>())
            << row.citation.text();
    }
}

} // namespace

} // namespace envpm::gpu
