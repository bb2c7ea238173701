// GPU facts in the solve.

#include "advice/nearest.h"
#include "advice/why_not_for_tests.h"
#include "base/error.h"
#include "project/torch_variants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::locking {
namespace {

using advice::test::why_not;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using universe::test::FakeIndexes;
using universe::test::World;
using universe::test::x86_end;

const std::string any = "[pypi-dependencies]\ntorch = \"*\"\n";

std::string target(const std::string& facts) {
    return "[targets.t]\nplatform = \"linux-64\"\n" + facts;
}

/// An index as the default one is: torch without a local version, whose CUDA its requirements tell.
class DefaultIndex : public testing::Test {
  protected:
    FakeIndexes indexes;

    DefaultIndex() {
        indexes.add("pypi", "torch",
                    {{"torch-2.5.1" + x86_end,
                      {"nvidia-cuda-runtime-cu12==12.4.127", "nvidia-cudnn-cu12==9.1.0.70"}},
                     {"torch-2.9.1" + x86_end,
                      {"nvidia-cuda-runtime-cu12==12.8.90", "nvidia-cudnn-cu12==9.10.2.21"}},
                     {"torch-2.11.0" + x86_end,
                      {"nvidia-cuda-runtime==13.0.48", "nvidia-cudnn-cu13==9.15.1.9"}}});
        indexes.add("pypi", "nvidia-cuda-runtime-cu12",
                    {{"nvidia_cuda_runtime_cu12-12.4.127-py3-none-any.whl"},
                     {"nvidia_cuda_runtime_cu12-12.8.90-py3-none-any.whl"}});
        indexes.add("pypi", "nvidia-cuda-runtime",
                    {{"nvidia_cuda_runtime-13.0.48-py3-none-any.whl"}});
        indexes.add("pypi", "nvidia-cudnn-cu12",
                    {{"nvidia_cudnn_cu12-9.1.0.70-py3-none-any.whl"},
                     {"nvidia_cudnn_cu12-9.10.2.21-py3-none-any.whl"}});
        indexes.add("pypi", "nvidia-cudnn-cu13", {{"nvidia_cudnn_cu13-9.15.1.9-py3-none-any.whl"}});
    }

    std::string torch_of(const std::string& manifest) {
        for (const std::string& chosen : World(indexes, manifest).chosen()) {
            if (chosen.starts_with("torch ")) {
                return chosen.substr(6);
            }
        }
        return "none";
    }
};

TEST_F(DefaultIndex, TheEnvironmentSaysWhichCudaItRuns) {
    EXPECT_THAT(World(indexes, any).chosen(),
                AllOf(Contains("CUDA 13.0"), Contains("cudnn libraries cu13")));
}

TEST_F(DefaultIndex, ADriverLimitsTheMajorAndNotTheMinor) {
    EXPECT_EQ(torch_of(any), "2.11.0");
    EXPECT_EQ(torch_of(any + target("driver = \"580.65.06\"\n")), "2.11.0");
    EXPECT_EQ(torch_of(any + target("driver = \"535.104.05\"\n")), "2.9.1");
    EXPECT_EQ(torch_of(any + target("cuda = \"12.2\"\n")), "2.9.1");
    EXPECT_EQ(torch_of(any + target("driver = \"470.82.01\"\n")), "none");
    EXPECT_THAT(why_not(World(indexes, any + target("driver = \"470.82.01\"\n"))),
                AllOf(HasSubstr("needs a driver >= 525.60.13, and target `t` has 470.82.01"),
                      HasSubstr("torch")));
}

TEST_F(DefaultIndex, AMinorThatTheDriverCoversIsTakenFirst) {
    indexes.add("pypi", "any-cu12", {{"any_cu12-1.0-py3-none-any.whl"}});
    const std::string asked = "[pypi-dependencies]\nany-cu12 = \"*\"\n";
    EXPECT_THAT(World(indexes, asked + target("cuda = \"12.2\"\n")).chosen(),
                Contains("CUDA 12.2"));
}

TEST_F(DefaultIndex, PinsHoldForWhoeverSuppliesTheLibrary) {
    EXPECT_EQ(torch_of(any + "[gpu]\ncuda = \"12.8\"\n"), "2.9.1");
    EXPECT_EQ(torch_of(any + "[gpu]\ncuda = \"12\"\n"), "2.9.1");
    EXPECT_EQ(torch_of(any + "[gpu]\ncuda = \"<12.5\"\n"), "2.5.1");
    EXPECT_EQ(torch_of(any + "[gpu]\ncudnn = \"9.1.*\"\n"), "2.5.1");
    EXPECT_EQ(torch_of(any + "[gpu]\ncudnn = \">=9.11\"\n"), "2.11.0");
    EXPECT_THAT(why_not(World(indexes, any + "[gpu]\ncuda = \"11.8\"\n")),
                AllOf(HasSubstr("you allow only CUDA ==11.8.* envpm.toml:4:8"),
                      HasSubstr("need CUDA 12.4, 12.8 or 13.0")));
}

/// First the local version, then what is needed, then the table, by which 2.10 on the default index
/// is built for 12.8 and 2.6 for 12.4.
TEST_F(DefaultIndex, TheTableTellsTheCudaOfWhatTellsNothingItself) {
    const auto runtime = [&](const universe::test::Release& torch) {
        indexes.add("pypi", "torch", {torch});
        for (const std::string& chosen : World(indexes, any).chosen()) {
            if (chosen.starts_with("CUDA ")) {
                return chosen;
            }
        }
        return std::string("none");
    };
    EXPECT_EQ(runtime({"torch-2.10.0" + x86_end}), "CUDA 12.8");
    EXPECT_EQ(runtime({"torch-2.6.0" + x86_end, {"filelock ; extra == 'x'"}}), "CUDA 12.4");
    EXPECT_EQ(runtime({"torch-2.10.0" + x86_end, {"nvidia-cuda-runtime-cu12==12.4.127"}}),
              "CUDA 12.4");
    EXPECT_EQ(runtime({"torch-2.10.0+cu126" + x86_end}), "CUDA 12.6");
    EXPECT_EQ(runtime({"torch-2.10.0+cpu" + x86_end}), "none");
    EXPECT_EQ(runtime({"torch-1.9.0" + x86_end}), "none") << "not in the table";
    indexes.add("pypi", "torch", {{"torch-2.10.0" + x86_end}, {"torch-2.6.0" + x86_end}});
    EXPECT_EQ(torch_of(any + "[gpu]\ncuda = \"12.4\"\n"), "2.6.0");
    EXPECT_EQ(torch_of(any + target("gpus = [\"6.0\"]\n")), "2.6.0");
    EXPECT_THAT(why_not(World(indexes, any + "[gpu]\naccelerator = \"cpu\"\n")),
                HasSubstr("\"cpu\" [gpu-facts: torch_release 2.10]"));
}

TEST_F(DefaultIndex, EveryGpuNeedsCode) {
    EXPECT_EQ(torch_of(any + target("gpus = [\"8.0\", \"RTX 4090\"]\n")), "2.11.0");
    // CUDA 13 dropped it, and so did 2.9's build for 12.8; 2.5's for 12.4 has it.
    EXPECT_EQ(torch_of(any + target("gpus = [\"6.0\"]\n")), "2.5.1");
    EXPECT_EQ(torch_of(any + target("gpus = [\"6.0\", \"12.0\"]\n")), "none");
}

TEST_F(DefaultIndex, ATargetThatCannotBeIsToldApartFromAConflict) {
    const auto complaint = [&](const std::string& facts) {
        try {
            World(indexes, any + target(facts));
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string("none");
    };
    EXPECT_THAT(complaint("driver = \"470.82.01\"\ngpus = [\"12.0\"]\n"),
                AllOf(HasSubstr("target `t` cannot be"), HasSubstr("envpm.toml:6:8")));
    EXPECT_THAT(complaint("gpus = [\"RTX 4091\"]\n"),
                AllOf(HasSubstr("unknown GPU \"RTX 4091\""), HasSubstr("did you mean")));
}

TEST_F(DefaultIndex, OneBuildOfALibraryAndOneMajorOfCuda) {
    indexes.add("pypi", "other", {{"other-1.0-py3-none-any.whl", {"nvidia-cudnn-cu12"}}});
    const std::string both = any + "other = \"*\"\n";
    EXPECT_EQ(torch_of(both), "2.9.1");
    EXPECT_THAT(
        why_not(World(indexes, "[pypi-dependencies]\ntorch = \"==2.11.0\"\nother = \"*\"\n")),
        AllOf(HasSubstr("torch 2.11.0 needs CUDA 13.0"),
              HasSubstr("nvidia-cudnn-cu12 9.1.0.70 and 9.10.2.21 need CUDA 12.*")));
}

TEST_F(DefaultIndex, AcceleratorsRuleOutTheOthersBuilds) {
    EXPECT_EQ(torch_of(any + "[gpu]\naccelerator = \"cpu\"\n"), "none");
    EXPECT_THAT(why_not(World(indexes, any + "[gpu]\naccelerator = \"cpu\"\n")),
                HasSubstr("it is for CUDA, and `[gpu] accelerator` is \"cpu\""));
    indexes.add("pypi", "torch", {{"torch-2.9.0+cpu" + x86_end}, {"torch-2.8.0+cu126" + x86_end}});
    EXPECT_EQ(torch_of(any), "2.9.0+cpu");
    EXPECT_EQ(torch_of(any + "[gpu]\naccelerator = \"cuda\"\n"), "2.8.0+cu126");
    EXPECT_EQ(torch_of(any + "[gpu]\naccelerator = \"cpu\"\n"), "2.9.0+cpu");
}

TEST_F(DefaultIndex, ATargetsDeclarationsRuleOutTheOthersBuildsToo) {
    indexes.add("pypi", "torch", {{"torch-2.9.0+cpu" + x86_end}, {"torch-2.8.0+cu126" + x86_end}});
    EXPECT_EQ(torch_of(any + target("gpus = \"none\"\n")), "2.9.0+cpu");
    EXPECT_EQ(torch_of(any + target("gpus = [\"8.0\"]\n")), "2.8.0+cu126");
    EXPECT_EQ(torch_of(any + target("gpus = [\"8.0\"]\naccelerator = \"any\"\n")), "2.9.0+cpu");
    EXPECT_THAT(why_not(World(indexes, any + target("driver = \"470.82.01\"\n"))),
                HasSubstr("processor alone, and target `t` declares an NVIDIA driver"));
}

TEST_F(DefaultIndex, WhatDoesNotFitIsNotFetched) {
    indexes.add("pypi", "torch", {{"torch-2.8.0+cpu" + x86_end}, {"torch-2.8.0+cu126" + x86_end}});
    torch_of(any + "[gpu]\naccelerator = \"cpu\"\n");
    for (const auto& batch : indexes.transport.batches) {
        for (const HttpRequest& request : batch) {
            EXPECT_THAT(request.url, Not(HasSubstr("+cu126")));
        }
    }
}

TEST(TorchVariants, AreThoseThatThePinsLeave) {
    const auto names = [](const universe::GpuRequests& gpu) {
        std::vector<std::string> out;
        for (const project::Source& source :
             project::torch_sources(gpu, gpu::Facts::shipped(), {})) {
            out.push_back(source.name);
            EXPECT_TRUE(source.is_explicit);
        }
        return out;
    };
    EXPECT_THAT(names({}), AllOf(Contains("pytorch-cpu"), Contains("pytorch-cu118"),
                                 Contains("pytorch-cu130")));
    EXPECT_THAT(names({Accelerator::cpu, {}, {}, {}}), ElementsAre("pytorch-cpu"));
    EXPECT_THAT(names({Accelerator::cuda, {}, {}, {}}), Not(Contains("pytorch-cpu")));
    const universe::GpuPinRequest pin{"cuda", pypi::SpecifierSet::parse("==12.8.*"), {}};
    EXPECT_THAT(names({Accelerator::cuda, pin, {}, {}}), ElementsAre("pytorch-cu128"));
}

TEST(TorchVariants, AMirrorStandsForThePlaceAndAllBelow) {
    project::Settings settings;
    settings.mirrors["pytorch"] = {{"https://mirror.example.org/whl/", "test"},
                                   {"default", "test"},
                                   {"https://blobs.example.org", "test",
                                    project::MirrorKind::configured, project::MirrorForm::blobs}};
    const auto sources =
        project::torch_sources({Accelerator::cpu, {}, {}, {}}, gpu::Facts::shipped(), settings);
    ASSERT_EQ(sources.front().places.size(), 3U);
    EXPECT_EQ(sources.front().places[0].url, "https://mirror.example.org/whl/cpu");
    EXPECT_EQ(sources.front().places[1].url, "https://download.pytorch.org/whl/cpu");
    EXPECT_EQ(sources.front().places[2].url, "https://blobs.example.org");
    EXPECT_EQ(sources.front().below, "/cpu");
}

TEST(TorchVariants, AnIndexOfTheManifestBelowThePlaceIsMirroredWithIt) {
    project::Settings settings;
    settings.mirrors["pytorch"] = {{"https://mirror.example.org/whl/", "test"},
                                   {"default", "test"}};
    settings.mirrors["pypi"] = {{"https://a.example.org/simple", "test"}};
    settings.mirrors["named"] = {{"https://b.example.org/simple", "test"}};
    SilentProgress progress;
    project::Services services(settings, {}, progress);
    const std::string place = "https://download.pytorch.org/whl";
    const Manifest manifest = universe::test::manifest_of(
        "[indexes]\nnightly = \"" + place + "/nightly/cu128\"\nall = \"" + place +
        "\"\nnamed = \"" + place + "/cpu\"\nother = \"" + place + "s/cpu\"\n");
    const auto sources =
        project::index_sources(manifest, universe::read_requests(manifest), services);
    const auto urls = [&](std::size_t i) {
        std::vector<std::string> out;
        for (const project::Mirror& mirror : sources[i].places) {
            out.push_back(mirror.url);
        }
        return out;
    };
    EXPECT_THAT(urls(0), ElementsAre("https://mirror.example.org/whl/nightly/cu128",
                                     place + "/nightly/cu128"));
    EXPECT_THAT(urls(1), ElementsAre("https://mirror.example.org/whl", place));
    EXPECT_THAT(urls(2), ElementsAre("https://b.example.org/simple"));
    EXPECT_THAT(urls(3), ElementsAre(place + "s/cpu"));
}

TEST(TorchVariants, ABoundProjectIsNotSpread) {
    const universe::Requests requests = universe::read_requests(universe::test::manifest_of(
        "[pypi-dependencies]\ntorch = { version = \"*\", index = \"own\" }\n"
        "[indexes]\nown = \"https://own.example.org/simple\"\n"));
    const auto spread = project::torch_projects(
        {{project::Source::Kind::index, "pytorch-cpu", true, {}}}, requests);
    EXPECT_FALSE(spread.contains(universe::test::name_of("torch")));
    EXPECT_THAT(spread.at(universe::test::name_of("torchvision")), ElementsAre("pytorch-cpu"));
}

/// Two indexes that each have one build of the same version.
TEST(TorchVariants, ServeTogether) {
    FakeIndexes indexes;
    indexes.add("pytorch-cpu", "torch", {{"torch-2.9.1+cpu" + x86_end}});
    indexes.add("pytorch-cu128", "torch",
                {{"torch-2.9.0+cu128" + x86_end}, {"torch-2.9.1+cu128" + x86_end}});
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    pypi::IndexClient client(indexes.transport, folder.path(), {});
    universe::Listings listings(
        client,
        {FakeIndexes::index("pytorch-cpu"), FakeIndexes::index("pytorch-cu128"),
         FakeIndexes::index("pytorch-cu130")},
        {{}, {{universe::test::name_of("torch"), {"pytorch-cpu", "pytorch-cu128"}}}});
    const std::vector<PackageName> torch = {universe::test::name_of("torch")};
    listings.load(torch);
    const universe::Listing& found = listings.find(torch.front());
    ASSERT_EQ(found.page.wheels.size(), 3U);
    EXPECT_EQ(found.origin(found.page.wheels[0]).name, "pytorch-cpu");
    EXPECT_EQ(found.origin(found.page.wheels[2]).name, "pytorch-cu128");
    EXPECT_EQ(listings.consulted().size(), 2U);
    const auto list = pypi::candidates(found.page, {{}, {universe::test::python_of(11)}, {}});
    EXPECT_EQ(list.wheels.back().release, list.wheels[1].release) << "one release, two builds";
    EXPECT_EQ(list.wheels[0].release, 1U);
}

/// PyTorch's builds as the facts table has them, all on one index with local versions.
class Builds : public testing::Test {
  protected:
    FakeIndexes indexes;

    Builds() {
        const auto build = [](const std::string& version, const std::string& variant,
                              const std::string& runtime, const std::string& cudnn) {
            const std::string major = variant.substr(0, 4);
            return universe::test::Release{
                fmt::format("torch-{}+{}{}", version, variant, x86_end),
                {fmt::format("nvidia-cuda-runtime-{}=={}", major, runtime),
                 fmt::format("nvidia-cudnn-{}=={}", major, cudnn)}};
        };
        indexes.add("pypi", "torch",
                    {build("2.3.1", "cu118", "11.8.89", "8.7.0.84"),
                     build("2.3.1", "cu121", "12.1.105", "8.9.2.26"),
                     build("2.7.1", "cu118", "11.8.89", "9.1.0.70"),
                     build("2.7.1", "cu128", "12.8.57", "9.7.1.26"),
                     build("2.9.1", "cu126", "12.6.77", "9.10.2.21"),
                     build("2.9.1", "cu128", "12.8.90", "9.10.2.21")});
        add("nvidia-cuda-runtime-cu11", {"11.8.89"});
        add("nvidia-cuda-runtime-cu12", {"12.1.105", "12.6.77", "12.8.57", "12.8.90"});
        add("nvidia-cudnn-cu11", {"8.7.0.84", "9.1.0.70"});
        add("nvidia-cudnn-cu12", {"8.9.2.26", "9.7.1.26", "9.10.2.21"});
    }

    void add(const std::string& name, const std::vector<std::string>& versions) {
        std::string file = name;
        std::replace(file.begin(), file.end(), '-', '_');
        std::vector<universe::test::Release> releases;
        for (const std::string& version : versions) {
            releases.push_back({file + "-" + version + "-py3-none-any.whl"});
        }
        indexes.add("pypi", name, releases);
    }

    std::vector<std::string> nearest(const std::string& manifest) {
        World world(indexes, manifest);
        const Answer answer = world.solve();
        std::vector<std::string> out;
        if (const auto* conflict = std::get_if<Conflict>(&answer)) {
            for (const advice::NearestSolution& near :
                 advice::nearest_solutions(*conflict, world.universe, {})) {
                out.push_back(near.change() + " gives " + near.result);
            }
        }
        return out;
    }
};

TEST_F(Builds, TheStackOfArticlesDoesNotExistAndTheNearestAreOffered) {
    EXPECT_THAT(
        nearest("[pypi-dependencies]\ntorch = \"~=2.9.0\"\n"
                "[gpu]\ncuda = \"11.8\"\ncudnn = \"8.*\"\n"),
        ElementsAre("torch = \"~=2.3.0\" gives torch 2.3.1+cu118, CUDA 11.8, cuDNN 8.7.0.84",
                    "torch = \"~=2.7.0\", cudnn = \"9.*\" gives torch 2.7.1+cu118, CUDA "
                    "11.8, cuDNN 9.1.0.70",
                    "cuda = \"12.6\", cudnn = \"9.*\" gives torch 2.9.1+cu126, CUDA 12.6, "
                    "cuDNN 9.10.2.21"));
}

TEST_F(Builds, AnOldDriverAndANewBuild) {
    EXPECT_THAT(
        nearest("[pypi-dependencies]\ntorch = \"~=2.9.0\"\n" + target("driver = \"470.82.01\"\n")),
        ElementsAre("torch = \"~=2.7.0\" gives torch 2.7.1+cu118, CUDA 11.8, cuDNN 9.1.0.70"));
}

TEST_F(Builds, ANewGpuAndAnOldPin) {
    EXPECT_THAT(nearest(any + "[gpu]\ncuda = \"12.1\"\n" + target("gpus = [\"12.0\"]\n")),
                ElementsAre("cuda = \"12.8\" gives torch 2.9.1+cu128, CUDA 12.8, "
                            "cuDNN 9.10.2.21"));
}

} // namespace
} // namespace envpm::locking
