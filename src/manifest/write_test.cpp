#include "manifest/write.h"

#include "manifest/read.h"

#include <gtest/gtest.h>

namespace envpm::manifest {

namespace {

Manifest manifest_of(const std::string& text) {
    return parse(text, "envpm.toml", Platform::linux_64);
}

} // namespace

TEST(WriteManifest, GivesATextThatSaysTheSame) {
    const std::string text = R"([workspace]
name = "vision"
channels = ["conda-forge", "lab"]
channel-priority = "flexible"
exclude-newer = "2026-11-01"
prereleases = "never"
requires-envpm = ">=0.1"

[dependencies]
python = "3.12.*"
pytorch = "2.5.* *cuda*"
mkl = { version = ">=2024", build = "h*_0", channel = "lab" }

[pypi-dependencies]
jupyterlab = "*"
transformers = { version = ">=4", extras = ["torch"], marker = 'os_name == "a"', index = "x" }

[constraints]
numpy = "<3"

[overrides]
urllib3 = ">=2"

[gpu]
accelerator = "cuda"
cuda = "12.8"
cudnn = "9.*"
nccl = ">=2.20"
torch-variants = "auto"
self-test = "strict"

[channels]
lab = "https://conda.lab.example.org/gpu"
other = "https://conda.anaconda.org/other"

[indexes]
x = { url = "https://torch.example.org/whl/cu128", explicit = true }
pypi = "https://mirror.example.org/simple"

[targets.a100]
platform = "linux-64"
glibc = "2.31"
driver = "535.104.05"
cuda = "12.2"
gpus = ["8.0", "RTX 4090"]

[targets.arm]
platform = "linux-aarch64"
gpus = "none"

[tasks]
"a.b" = "echo \"it's\""
train = "python train.py"

[activation.env]
HF_HOME = "$ENVPM_PROJECT_ROOT/.hf"
)";
    EXPECT_EQ(to_text(manifest_of(text)), text);
}

TEST(WriteManifest, KeepsTheAcceleratorOfATarget) {
    const std::string text = "[workspace]\nname = \"a\"\n\n[targets.a]\nplatform = \"linux-64\"\n"
                             "accelerator = \"any\"\n";
    EXPECT_EQ(to_text(manifest_of(text)), text);
}

TEST(WriteManifest, KeepsWhatAnAuditDoes) {
    const std::string text = "[workspace]\nname = \"a\"\n\n[gpu]\naudit = \"off\"\naudit-allow = "
                             "[\"libfoo.so.1\", \"_C.so\"]\n";
    EXPECT_EQ(to_text(manifest_of(text)), text);
}

TEST(WriteManifest, SaysThatScriptsAreSourced) {
    const std::string text = "[workspace]\nname = \"a\"\n\n[activation]\nconda-scripts = true\n";
    EXPECT_EQ(to_text(manifest_of(text)), text);
}

TEST(WriteManifest, LeavesOutWhatIsDefault) {
    EXPECT_EQ(to_text(manifest_of("[workspace]\nname = \"a\"\n[pypi-dependencies]\n[tasks]\n")),
              "[workspace]\nname = \"a\"\n");
}

} // namespace envpm::manifest
