#include "universe/requests.h"

#include "base/error.h"
#include "universe/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::universe {
namespace {

using test::manifest_of;
using test::name_of;
using testing::HasSubstr;

const std::string requests_start = "[workspace]\nname = \"demo\"\n";

std::string python_text(const std::string& specifier) {
    return read_requests(
               manifest_of(requests_start + "[dependencies]\npython = \"" + specifier + "\"\n"))
        .python.specifiers.text();
}

Sha256 digest_of(const std::string& text) {
    const Manifest manifest = manifest_of(text);
    return manifest_digest(manifest, read_requests(manifest));
}

std::string failure_of(const std::string& text) {
    try {
        (void)read_requests(manifest_of(text));
    } catch (const Error& error) {
        return error.text().what + " | " + error.text().subject;
    }
    return "no failure";
}

TEST(Requests, PythonTakesCondasShortForms) {
    EXPECT_EQ(python_text("3.12"), "==3.12.*");
    EXPECT_EQ(python_text("=3.12"), "==3.12.*");
    EXPECT_EQ(python_text("3.12.*"), "==3.12.*");
    EXPECT_EQ(python_text("3"), "==3.*");
    EXPECT_EQ(python_text("3.12.1"), "==3.12.1");
    EXPECT_EQ(python_text("==3.12.1"), "==3.12.1");
    EXPECT_EQ(python_text(">=3.10,<3.13"), "<3.13, >=3.10");
    EXPECT_EQ(python_text("*"), "");
}

TEST(Requests, AnyPythonWillDoIfTheManifestNamesNone) {
    const Requests requests = read_requests(manifest_of(requests_start));
    EXPECT_TRUE(requests.python.specifiers.is_any());
    EXPECT_EQ(requests.python.name, name_of("python"));
}

TEST(Requests, KeepTheManifestsOrderAndPlaces) {
    const Requests requests = read_requests(
        manifest_of(requests_start + "[pypi-dependencies]\nzeta = \"*\"\nalpha = \">=1\"\n"));
    ASSERT_EQ(requests.packages.size(), 2U);
    EXPECT_EQ(requests.packages[0].text(), "zeta");
    EXPECT_EQ(requests.packages[1].text(), "alpha >=1");
    EXPECT_EQ(requests.packages[1].location.line, 5);
}

TEST(Requests, TextHasExtrasAndSpecifier) {
    const Requests requests = read_requests(manifest_of(
        requests_start +
        "[pypi-dependencies]\na = { version = \">=2, <3\", extras = [\"y\", \"x\"] }\n"));
    EXPECT_EQ(requests.packages.at(0).text(), "a[x,y] <3, >=2");
}

TEST(Requests, KnowWhosePreReleasesWereNamed) {
    const Requests requests = read_requests(manifest_of(
        requests_start + "[pypi-dependencies]\na = \">=2.0rc1\"\nb = \">=2.0\"\n"
                         "[constraints]\nc = \"<3.0b1\"\n[overrides]\nd = \"==1.0a1\"\n"));
    EXPECT_THAT(requests.named_prereleases,
                testing::ElementsAre(name_of("a"), name_of("c"), name_of("d")));
}

TEST(Requests, ABadSpecifierOrMarkerIsNamedWithItsPlace) {
    EXPECT_THAT(failure_of(requests_start + "[pypi-dependencies]\na = \">>1\"\n"),
                HasSubstr("| envpm.toml:4:"));
    EXPECT_THAT(failure_of(requests_start +
                           "[pypi-dependencies]\n"
                           "a = { version = \"*\", marker = \"python_version >\" }\n"),
                HasSubstr("| envpm.toml:4:"));
    EXPECT_THAT(failure_of(requests_start + "[constraints]\na = \"1.0\"\n"),
                HasSubstr("| envpm.toml:4:"));
    EXPECT_THAT(failure_of(requests_start + "[overrides]\na = \"=>1\"\n"),
                HasSubstr("| envpm.toml:4:"));
    EXPECT_EQ(failure_of(requests_start + "[gpu]\ncuda = \"12,8\"\n"),
              "`12,8` is no version | envpm.toml:4:8");
    EXPECT_THAT(failure_of(requests_start + "[dependencies]\npython = \">=x\"\n"),
                HasSubstr("| envpm.toml:4:"));
}

TEST(ManifestDigest, IsTheSameForOtherCommentsOrderAndSpelling) {
    const Sha256 digest =
        digest_of(requests_start + "[pypi-dependencies]\nalpha = \">=1,<2\"\nBeta = \"*\"\n"
                                   "[constraints]\nc = \"<3\"\nd = \"<4\"\n");
    EXPECT_EQ(digest, digest_of("# why\n" + requests_start +
                                "[constraints]\nd = \"<4\"\nc = \"<3\"\n[pypi-dependencies]\n"
                                "beta = \"\"\nalpha = \"<2 , >=1\" # text\n"));
}

TEST(ManifestDigest, IsNotMovedByWhatTheSolveDoesNotSee) {
    const std::string body = "[pypi-dependencies]\nalpha = \"*\"\n";
    EXPECT_EQ(digest_of(requests_start + body),
              digest_of("[workspace]\nname = \"other\"\n" + body +
                        "[tasks]\nt = \"true\"\n[activation.env]\nX = \"1\"\n"));
}

TEST(ManifestDigest, IsMovedByEverythingThatTheSolveSees) {
    const std::string body = "[pypi-dependencies]\na = \">=1\"\n";
    const std::vector<std::string> texts = {
        requests_start + body,
        requests_start + "[pypi-dependencies]\na = \">=2\"\n",
        requests_start + "[pypi-dependencies]\na = \">=1\"\nb = \"*\"\n",
        requests_start + "[pypi-dependencies]\na = { version = \">=1\", extras = [\"x\"] }\n",
        requests_start +
            "[pypi-dependencies]\na = { version = \">=1\", marker = \"python_version > "
            "'3.9'\" }\n",
        requests_start + "[dependencies]\npython = \"3.11\"\n" + body,
        requests_start + body + "[constraints]\nb = \"<2\"\n",
        requests_start + body + "[overrides]\nb = \"<2\"\n",
        requests_start + "exclude-newer = \"2025-01-01\"\n" + body,
        requests_start + "prereleases = \"allow\"\n" + body,
        requests_start + body +
            "[indexes]\nx = \"https://x.example.org/simple\"\n"
            "y = \"https://y.example.org/simple\"\n",
        requests_start + body +
            "[indexes]\ny = \"https://y.example.org/simple\"\n"
            "x = \"https://x.example.org/simple\"\n",
        requests_start + body + "[targets]\ngpu = { platform = \"linux-64\", glibc = \"2.35\" }\n",
        requests_start + body + "[targets]\nt = { platform = \"linux-64\", gpus = \"none\" }\n",
        requests_start + body +
            "[targets]\nt = { platform = \"linux-64\", gpus = \"none\", accelerator = \"any\" }\n",
        requests_start + body + "[gpu]\naccelerator = \"any\"\n",
    };
    std::set<std::string> digests;
    for (const std::string& text : texts) {
        EXPECT_TRUE(digests.insert(digest_of(text).hex()).second) << text;
    }
}

TEST(Requests, DemandNoAcceleratorThatAllTargetsOnlyWishFor) {
    const auto demanded = [](const std::string& target) {
        const std::string start = requests_start + "[targets.t]\nplatform = \"linux-64\"\n";
        return read_requests(manifest_of(start + target)).gpu.accelerator;
    };
    EXPECT_EQ(demanded("gpus = \"none\"\n"), Accelerator::any);
    EXPECT_EQ(demanded("gpus = \"none\"\naccelerator = \"cpu\"\n"), Accelerator::cpu);
    EXPECT_EQ(demanded("gpus = [\"8.0\"]\n"), Accelerator::cuda);
}

std::string accelerator_of(const std::string& target, const std::string& gpu = "") {
    const Manifest manifest = manifest_of(requests_start + (gpu.empty() ? "" : "[gpu]\n" + gpu) +
                                          "[targets.t]\nplatform = \"linux-64\"\n" + target);
    const AskedAccelerator asked = accelerator_for(manifest, manifest.targets.front());
    return std::string(to_text(asked.value)) + (asked.is_wish ? "?" : "") +
           (asked.reason.empty() ? "" : ": " + asked.reason);
}

TEST(AcceleratorFor, FollowsFromWhatATargetDeclares) {
    EXPECT_EQ(accelerator_of(""), "any");
    EXPECT_EQ(accelerator_of("gpus = \"none\"\n"), "cpu?: target `t` has `gpus = \"none\"`");
    EXPECT_EQ(accelerator_of("gpus = [\"8.0\"]\n"), "cuda: target `t` declares GPUs");
    EXPECT_EQ(accelerator_of("driver = \"535\"\n"), "cuda: target `t` declares an NVIDIA driver");
    EXPECT_EQ(accelerator_of("cuda = \"12.2\"\n"), "cuda: target `t` declares an NVIDIA driver");
}

TEST(AcceleratorFor, AWordCountsMoreThanDeclarationsAndThoseMoreThanAPin) {
    EXPECT_EQ(accelerator_of("gpus = \"none\"\n", "accelerator = \"cuda\"\n"),
              "cuda: `[gpu] accelerator` is \"cuda\"");
    EXPECT_EQ(accelerator_of("gpus = [\"8.0\"]\n", "accelerator = \"any\"\n"),
              "any: `[gpu] accelerator` is \"any\"");
    EXPECT_EQ(
        accelerator_of("gpus = [\"8.0\"]\naccelerator = \"cpu\"\n", "accelerator = \"cuda\"\n"),
        "cpu: `accelerator` of target `t` is \"cpu\"");
    EXPECT_EQ(accelerator_of("gpus = \"none\"\n", "cuda = \"12.8\"\n"),
              "cpu?: target `t` has `gpus = \"none\"`");
    EXPECT_EQ(accelerator_of("", "cuda = \"12.8\"\n"), "cuda: `[gpu]` pins CUDA");
}

TEST(RequirementFromText, ReadsWhatPeopleType) {
    const ManifestRequirement plain = requirement_from_text("numpy");
    EXPECT_EQ(plain.name, name_of("numpy"));
    EXPECT_EQ(plain.specifier, "");
    const ManifestRequirement full =
        requirement_from_text("Trans_Formers[torch]>=4 ; python_version > '3.9'");
    EXPECT_EQ(full.name, name_of("trans-formers"));
    EXPECT_EQ(full.specifier, ">=4");
    EXPECT_EQ(full.extras.at(0), name_of("torch"));
    EXPECT_FALSE(full.marker.empty());
}

TEST(RequirementFromText, AUrlOrAPathIsToldAsSuch) {
    for (const std::string text :
         {"git+https://example.org/a", "https://example.org/a-1-py3-none-any.whl", "./a", "../a",
          ".", "..", "~/a", "/srv/a", "a-1-py3-none-any.whl", "a @ https://example.org/a.whl"}) {
        try {
            (void)requirement_from_text(text);
            FAIL() << text;
        } catch (const Error& error) {
            EXPECT_THAT(error.text().what, testing::HasSubstr("a URL or a path")) << text;
        }
    }
}

TEST(RequirementFromText, SaysHowAVersionBehindAnAtIsWritten) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"a@1.0", "`a==1.0`"}, {"a[x] @ 1.0rc1", "`a[x]==1.0rc1`"}, {"a@>=1.0", "`a>=1.0`"}};
    for (const auto& [text, meant] : cases) {
        try {
            (void)requirement_from_text(text);
            FAIL() << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.text().hint, "did you mean " + meant + "?");
        }
    }
}

TEST(RequirementFromText, RefusesUrlsAndNonsenseWithTheirPlace) {
    for (const std::string text : {"numpy @ https://example.org/numpy.whl", "numpy>>1", "",
                                   "./here", "nump@@y", "a[x,,y]", "a; b"}) {
        try {
            (void)requirement_from_text(text);
            FAIL() << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.text().subject, "the command line") << text;
            EXPECT_EQ(error.code(), ExitCode::usage) << text;
        }
    }
}

} // namespace
} // namespace envpm::universe
