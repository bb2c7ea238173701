#include "cli/render_gpu.h"

#include "cli/render_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::cli {
namespace {

using gpu::DriverSystem;
using testing::HasSubstr;
using testing::Not;

const std::string table = R"([meta]
format = 1
generated = "2030-01-02"
[[ptx_isa]]
ptx = "8.0"
cuda = "12.0"
source = "a page"
[[ptx_isa]]
ptx = "8.1"
cuda = "12.1"
source = "a page"
[[cuda_minor_compat]]
cuda_major = 12
min_driver_linux = "525.60.13"
source = "a page"
[[cuda_toolkit]]
version = "12.0.0"
driver_linux = "525.60.13"
source = "a page"
[[cuda_toolkit]]
version = "12.1.0"
driver_linux = "530.30.02"
source = "a page"
[[sm_support]]
sm = 90
first_cuda = "12.0"
last_cuda = "12.1"
source = "a page"
[[gpu]]
cc = "9.0"
names = ["Big One"]
source = "memory"
[[torch_release]]
release = "9.1"
python = ">=3.10,<=3.14"
cuda_variants = ["cu121"]
pypi_default = ""
source = "notes"
[[torch_release]]
release = "9.2"
python = ""
cuda_variants = []
pypi_default = ""
source = "notes"
[[torch_variant]]
torch = "9.1"
variant = "cu121"
cuda = "12.1"
cudnn = ""
nccl = ""
triton = "3.0"
triton_patch = { "9.1.1" = "3.1" }
sass = ["sm_80"]
ptx = ["compute_80"]
source = "notes"
)";

pipeline::GpuAnswer answer(const std::string& driver, std::vector<std::string> gpus) {
    return pipeline::answer(gpu::Facts::parse(table, "t.toml"),
                            {driver, DriverSystem::linux_kernel, std::move(gpus)});
}

pipeline::FactListing listing() {
    const gpu::Facts facts = gpu::Facts::parse(table, "t.toml");
    pipeline::FactListing out{facts.generated(), "", {{"ptx_isa", "about it", {}}}};
    for (const gpu::FactRow& row : facts.rows()) {
        if (row.citation.table == "ptx_isa" || row.citation.table == "gpu" ||
            row.citation.table == "torch_variant") {
            out.tables[0].rows.push_back(row);
        }
    }
    return out;
}

TEST(WordsOfFacts, ShareTheLineOfTheirSource) {
    EXPECT_EQ(words_of(listing()),
              "facts of 2030-01-02\n"
              "\n"
              "ptx_isa: about it\n"
              "  ptx 8.0; cuda 12.0\n"
              "  ptx 8.1; cuda 12.1\n"
              "      from: a page\n"
              "  cc 9.0; names Big One\n"
              "      evidence only, from: memory\n"
              "  torch 9.1; variant cu121; cuda 12.1; cudnn unknown; nccl unknown; triton 3.0; "
              "triton_patch 3.1 for 9.1.1; sass sm_80; ptx compute_80\n"
              "      from: notes\n");
}

TEST(JsonOfFacts, KeepsValuesAsTheTableHasThem) {
    const std::string text = document(json_of(listing()));
    EXPECT_THAT(text, HasSubstr("\"9.1.1\": \"3.1\""));
    EXPECT_THAT(text, HasSubstr("\"is_evidence\": true"));
    EXPECT_THAT(text, HasSubstr("\"line\": 4"));
    EXPECT_THAT(text, HasSubstr("\"file\": null"));
}

TEST(WordsOfGpuAnswer, TellWhatIsInTheWay) {
    EXPECT_EQ(words_of(answer("530.30.02", {"big one"})),
              "driver 530.30.02: CUDA up to 12.1  [gpu-facts: cuda_toolkit 12.1.0]\n"
              "GPU Big One: compute capability 9.0, CUDA 12.0 to 12.1, driver 525.60.13 and later  "
              "[gpu-facts: gpu Big One; gpu-facts: sm_support 90; gpu-facts: cuda_toolkit 12.0.0]\n"
              "builds of PyTorch for linux-64:\n"
              "  9.2   not in the table\n"
              "  9.1   cu121 (compiled for 9.0 when first used)\n");
    EXPECT_THAT(words_of(answer("525.60.13", {"9.0"})),
                HasSubstr("  9.1   none; not cu121 (needs driver 530.30.02 to compile for 9.0)\n"));
    EXPECT_THAT(words_of(answer("525.60.13", {"8.6"})), HasSubstr("  9.1   cu121\n"));
    EXPECT_THAT(words_of(answer("525.60.13", {"7.5"})),
                HasSubstr("  9.1   none; not cu121 (no code for 7.5)\n"));
}

TEST(WordsOfGpuAnswer, TellOfDriversThatAreTooOld) {
    const std::string words = words_of(answer("520.61.05", {"9.0"}));
    EXPECT_THAT(words, HasSubstr("driver 520.61.05: older than every driver known\n"));
    EXPECT_THAT(words, HasSubstr("which this driver is too old for: 525.60.13 is the first"));
    EXPECT_THAT(words, HasSubstr("none; not cu121 (needs driver 525.60.13)"));
    EXPECT_THAT(words_of(pipeline::answer(gpu::Facts::shipped(),
                                          {"535.104.05", DriverSystem::linux_kernel, {"12.0"}})),
                HasSubstr("cu128 (needs driver 570.26 to drive 12.0)"));
    EXPECT_THAT(words_of(answer("530.30.02", {"7.5"})),
                HasSubstr("GPU 7.5: not in the table, so what follows goes by its number alone; "));
}

TEST(JsonOfGpuAnswer, HasAVerdictForEachBuild) {
    const std::string text = document(json_of(answer("520.61.05", {"9.0"})));
    EXPECT_THAT(text, HasSubstr("\"verdict\": \"driver-too-old\""));
    EXPECT_THAT(text, HasSubstr("\"fact\": \"gpu-facts: cuda_minor_compat 12\""));
    EXPECT_THAT(text, HasSubstr("\"cuda\": null"));
    EXPECT_THAT(document(json_of(answer("525.60.13", {"8.6"}))),
                HasSubstr("\"verdict\": \"fits\""));
    EXPECT_THAT(document(json_of(answer("525.60.13", {"8.6"}))), Not(HasSubstr("too-old")));
}

} // namespace
} // namespace envpm::cli
