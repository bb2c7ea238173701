#include "pipeline/import.h"

#include "base/error.h"
#include "pipeline/import_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pipeline {

namespace {

using test::both_targets;
using test::imported_from;
using test::lines_of;

constexpr const char* real_environment = R"(# for the course
name: vision-2026
channels:
  - pytorch
  - conda-forge
  - nodefaults
dependencies:
  - python=3.12
  - numpy>=1.26,<3   # the new one too
  - scipy
  - blas=*=openblas
  - ffmpeg 6.*
  - pytorch::torchvision==0.20.1
  - mkl=2024.0=ha957f24_49657
  - "conda-forge::libjpeg-turbo[version='>=3', build='h*_0']"
  - cudatoolkit[version=">=11.8"]
  - _openmp_mutex
  - pip
  - pip:
      - --extra-index-url https://download.example.org/whl/cu128
      - torch==2.9.1
      - transformers[torch]>=4.40 ; python_version < "3.13"
variables:
  HF_HOME: /data/$USER
  LEVEL: 3
prefix: /home/me/miniconda3/envs/vision
)";

} // namespace

TEST(ImportEnvironment, AsksTheDefaultIndexLast) {
    const ImportedManifest imported =
        imported_from("dependencies:\n  - pip:\n"
                      "    - --index-url https://all.example.org/simple\n"
                      "    - --extra-index-url https://own.example.org/simple\n"
                      "    - secret\n",
                      "environment.yml");
    const std::size_t own = imported.text.find("https://own.example.org/simple");
    const std::size_t all = imported.text.find("pypi = \"https://all.example.org/simple\"");
    ASSERT_NE(all, std::string::npos) << imported.text;
    EXPECT_LT(own, all) << imported.text;
}

TEST(ImportEnvironment, CarriesWhatRealFilesHave) {
    const ImportedManifest imported = imported_from(real_environment, "environment.yml");
    EXPECT_EQ(imported.text, R"([workspace]
name = "vision-2026"
channels = ["pytorch", "conda-forge"]

[dependencies]
python = "3.12.*"
numpy = ">=1.26,<3"
scipy = "*"
blas = "* openblas"
ffmpeg = "6.*"
torchvision = { version = "==0.20.1", channel = "pytorch" }
mkl = "==2024.0 ha957f24_49657"
libjpeg-turbo = { version = ">=3", build = "h*_0", channel = "conda-forge" }
cudatoolkit = ">=11.8"
_openmp_mutex = "*"
pip = "*"

[pypi-dependencies]
torch = "==2.9.1"
transformers = { version = ">=4.40", extras = ["torch"], marker = 'python_version < "3.13"' }

[indexes]
cu128 = "https://download.example.org/whl/cu128"

[activation.env]
HF_HOME = "/data/$$USER"
LEVEL = "3"
)");
    EXPECT_THAT(lines_of(imported.remarks),
                testing::ElementsAre("left environment.yml:26:1 `prefix`",
                                     "changed environment.yml:20:9 the extra index "
                                     "https://download.example.org/whl/cu128"));
    EXPECT_EQ(imported.conda_packages, 11U);
    EXPECT_EQ(imported.wheels, 2U);
}

TEST(ImportEnvironment, ListsTheChannelsThatCondaWouldAsk) {
    const std::string body = "dependencies: [python]\n";
    EXPECT_THAT(imported_from(body, "e.yml").text,
                testing::HasSubstr("channels = [\"main\", \"r\"]\n"));
    EXPECT_THAT(imported_from("channels: [defaults]\n" + body, "e.yml").text,
                testing::HasSubstr("main = \"https://repo.anaconda.com/pkgs/main\"\n"));
    const ImportedManifest imported = imported_from(
        "channels: [https://conda.anaconda.org/conda-forge/linux-64, pytorch/label/nightly,\n"
        "  https://me:secret@c.example.org/t/tk-1/forge/, /srv/channel, './channel', "
        "'https://${TOKEN}.example.org/x', conda-forge]\n" +
            body,
        "e.yml");
    EXPECT_THAT(imported.text,
                testing::HasSubstr("channels = [\"conda-forge\", \"pytorch-label-nightly\", "
                                   "\"forge\", \"channel\"]\n"));
    EXPECT_THAT(
        imported.text,
        testing::HasSubstr(
            "[channels]\n"
            "pytorch-label-nightly = \"https://conda.anaconda.org/pytorch/label/nightly\"\n"
            "forge = \"https://c.example.org/forge\"\nchannel = \"file:///srv/channel\"\n"));
    EXPECT_THAT(lines_of(imported.remarks),
                testing::ElementsAre("left e.yml:2:3 the password for https://c.example.org/forge/",
                                     "left e.yml:2:64 channel `./channel`",
                                     "left e.yml:2:77 channel `https://${TOKEN}.example.org/x`"));
}

TEST(ImportEnvironment, LeavesWhatARequirementCannotAskFor) {
    const ImportedManifest imported = imported_from(R"(channels: [conda-forge, nodefaults]
dependencies:
  - numpy[md5=0123456789abcdef0123456789abcdef]
  - scipy[build_number='>=3']
  - zlib-*
  - __glibc>=2.31
  - npm:
      - left-pad
  - pip:
      - python
      - -e .
platforms: [linux-64, osx-arm64, win-64]
nvidia: 12
variables:
  MY-VAR: 1
)",
                                                    "e.yml");
    EXPECT_EQ(imported.text, "[workspace]\nchannels = [\"conda-forge\"]\n\n[dependencies]\n"
                             "numpy = \"*\"\nscipy = \"*\"\n\n"
                             "[targets.linux-64]\nplatform = \"linux-64\"\n");
    EXPECT_THAT(lines_of(imported.remarks),
                testing::ElementsAre(
                    "left e.yml:3:5 `md5` of `numpy`", "left e.yml:4:5 `build_number` of `scipy`",
                    "left e.yml:5:5 `zlib-*`", "left e.yml:6:5 `__glibc>=2.31`",
                    "left e.yml:7:5 section `npm`", "left e.yml:10:9 `python`",
                    "left e.yml:11:9 `-e .`", "left e.yml:12:23 platform `osx-arm64`",
                    "left e.yml:12:34 platform `win-64`", "left e.yml:13:1 `nvidia`",
                    "left e.yml:15:3 variable `MY-VAR`"));
}

TEST(ImportEnvironment, JoinsWhatIsSaidOfANameInSeveralPlaces) {
    const ImportedManifest imported = imported_from(R"(channels: [conda-forge]
dependencies:
  - numpy>=1.26
  - numpy<3
  - scipy
  - scipy=1.14
  - zlib=1=a
  - zlib=1=b
  - pip:
      - torch>=2
      - torch[opt]<3
      - six; python_version < "3.9"
      - six; python_version >= "3.9"
)",
                                                    "e.yml");
    EXPECT_THAT(imported.text, testing::HasSubstr("numpy = \">=1.26,<3\"\nscipy = \"1.14.*\"\n"
                                                  "zlib = \"==1 a\"\n"));
    EXPECT_THAT(imported.text, testing::HasSubstr("torch = { version = \">=2, <3\", "
                                                  "extras = [\"opt\"] }\n"));
    EXPECT_THAT(lines_of(imported.remarks),
                testing::ElementsAre("left e.yml:8:5 build and channel of `zlib ==1`",
                                     "left e.yml:13:9 `six *`"));
}

TEST(ImportEnvironment, NamesThePlaceOfASpecThatIsNone) {
    struct Case {
        std::string line;
        std::string place;
    };

    const std::vector<Case> cases = {
        {"  - numpy\nchannels: [./here]\n", "e.yml:2:5"},
        {"  - numpy=>1\n", "e.yml:2:5"},
        {"  - numpy >=1,\n", "e.yml:2:5"},
        {"  - numpy[version='1'\n", "e.yml:2:5"},
        {"  - '>=1'\n", "e.yml:2:5"},
        {"  - pip: [numpy=1]\n", "e.yml:2:11"},
        {"  - pip: ['numpy ; os']\n", "e.yml:2:11"},
    };
    for (const Case& example : cases) {
        try {
            imported_from("dependencies:\n" + example.line, "e.yml");
            ADD_FAILURE() << "accepted: " << example.line;
        } catch (const Error& error) {
            EXPECT_EQ(error.text().subject, example.place) << example.line;
            EXPECT_FALSE(error.text().hint.empty()) << example.line;
        }
    }
}

TEST(ImportExplicit, PinsEveryPackageAndTellsChannelsApart) {
    const std::string forge = "https://conda.anaconda.org/conda-forge/";
    const std::string md5(32, '0');
    const std::string sha256(64, '0');
    const ImportedManifest imported = imported_from(
        "# created by a tool\n# platform: linux-64\n@EXPLICIT\n" + forge +
            "linux-64/libgcc-14.2.0-h77fa898_1.conda#" + md5 + "\n" + forge +
            "noarch/tzdata-2025a-h78e105d_0.conda#sha256:" + sha256 +
            "\nhttps://conda.anaconda.org/pytorch/linux-64/pytorch-2.5.1-py3.12_cuda_0.tar.bz2\n"
            "# pip lab-tools @ https://w.example.org/lab_tools-2.6.1-py3-none-any.whl --hash=a\n"
            "# pip lab @ git+https://git.example.org/lab.git\n",
        "explicit.txt");
    EXPECT_EQ(imported.text, R"([workspace]
channels = ["conda-forge", "pytorch"]

[dependencies]
libgcc = { version = "==14.2.0", build = "h77fa898_1", channel = "conda-forge" }
tzdata = { version = "==2025a", build = "h78e105d_0", channel = "conda-forge" }
pytorch = { version = "==2.5.1", build = "py3.12_cuda_0", channel = "pytorch" }

[pypi-dependencies]
lab-tools = "==2.6.1"

[targets.linux-64]
platform = "linux-64"
)");
    EXPECT_THAT(
        lines_of(imported.remarks),
        testing::ElementsAre("left explicit.txt:8 `lab @ git+https://git.example.org/lab.git`",
                             "changed explicit.txt:4 hashes (2)"));
}

TEST(ImportExplicit, ListsOfSeveralPlatformsAreJoined) {
    const std::string c = "https://conda.example.org/c/";
    const ImportedManifest imported = imported_from(
        "@EXPLICIT\n" + c + "linux-64/zlib-1.3-a_0.conda\n" + c + "linux-64/xz-5.2-h_0.conda\n" +
            c + "linux-aarch64/zlib-1.4-b_0.conda\n" + c + "linux-aarch64/xz-5.2-h_1.conda\n" + c +
            "noarch/tzdata-2025a-h_0.conda\n" + c + "noarch/tzdata-2025a-h_0.conda\n" + c +
            "osx-64/zlib-9-c_0.conda\n",
        "explicit.txt");
    EXPECT_THAT(imported.text, testing::HasSubstr("[dependencies]\nzlib = \"==1.3|==1.4\"\n"
                                                  "xz = \"==5.2\"\ntzdata = \"==2025a h_0\"\n"));
}

TEST(ImportPins, TwoThatOneEnvironmentCannotHoldAreAnErrorWithBothPlaces) {
    const auto fault = [](const std::string& text, const std::string& file) {
        try {
            imported_from(text, file);
        } catch (const Error& error) {
            EXPECT_THAT(error.text().hint, testing::HasSubstr("remove one of the two"));
            return error.text().subject + ": " + error.text().what;
        }
        return std::string("none");
    };
    const std::string list = "@EXPLICIT\nhttps://c.example.org/c/";
    EXPECT_EQ(fault(list + "linux-64/xz-1.0-h_0.conda\n\nhttps://c.example.org/c/linux-64/"
                           "xz-2.0-h_1.conda\n",
                    "e.txt"),
              "e.txt:4: `xz` is pinned twice: to `==1.0 h_0` at e.txt:2, and here to `==2.0 h_1`");
    EXPECT_EQ(fault(list + "linux-64/xz-1.0-h_0.conda\nhttps://c.example.org/c/noarch/"
                           "xz-1.0-h_1.conda\n",
                    "e.txt"),
              "e.txt:3: `xz` is pinned twice: to `==1.0 h_0` at e.txt:2, and here to `==1.0 h_1`");
    EXPECT_EQ(fault("@EXPLICIT\n# pip Lab @ https://w.example.org/lab-1.0-py3-none-any.whl\n"
                    "# pip lab @ https://w.example.org/lab-2.0-py3-none-any.whl\n",
                    "e.txt"),
              "e.txt:3: `lab` is pinned twice: to 1.0 at e.txt:2, and here to 2.0");
}

TEST(ImportCondaLock, WheelsOfSeveralPlatformsAreOneRequirement) {
    const auto wheel = [](const std::string& name, const std::string& version,
                          const std::string& platform) {
        return "- {name: " + name + ", version: " + version +
               ", manager: pip, platform: " + platform + ", category: main}\n";
    };
    const ImportedManifest imported = imported_from(
        "version: 1\nmetadata: {channels: [], platforms: [linux-64, linux-aarch64]}\npackage:\n" +
            wheel("a", "1.0", "linux-64") + wheel("b", "1.0", "linux-64") +
            wheel("c", "2.5+cu124", "linux-64") + wheel("d", "1.0", "linux-64") +
            wheel("a", "1.0", "linux-aarch64") + wheel("b", "0.9", "linux-aarch64") +
            wheel("c", "2.5", "linux-aarch64"),
        "conda-lock.yml");
    EXPECT_THAT(imported.text,
                testing::HasSubstr("a = \"==1.0\"\nb = \"<=1.0, >=0.9\"\n"
                                   "c = \"==2.5\"\nd = { version = \"==1.0\", marker = "
                                   "\"platform_machine == 'x86_64'\" }\n"));
    EXPECT_THAT(lines_of(imported.remarks),
                testing::ElementsAre("changed conda-lock.yml:4:1 packages (7)",
                                     "changed conda-lock.yml:5:3 version of `b`",
                                     "changed conda-lock.yml:6:3 version of `c`"));
}

TEST(ImportCondaLock, PinsWhatThePlatformsHaveInCommon) {
    const std::string text = R"(version: 1
metadata:
  content_hash: {linux-64: aa, linux-aarch64: bb}
  channels:
  - {url: conda-forge, used_env_vars: []}
  platforms: [linux-64, linux-aarch64, osx-64]
  sources: [environment.yml]
package:
)";
    const auto package = [](const std::string& platform, const std::string& file,
                            const std::string& category = "main") {
        const std::string subdir = file.starts_with("tzdata") ? "noarch" : platform;
        return "- {name: " + file.substr(0, file.find('-')) +
               ", version: '1', manager: conda, platform: " + platform +
               ", dependencies: {}, url: https://conda.anaconda.org/conda-forge/" + subdir + "/" +
               file + ", hash: {md5: aa}, category: " + category + ", optional: false}\n";
    };
    const ImportedManifest imported =
        imported_from(text + package("linux-64", "zlib-1.3.1-a_0.conda") +
                          package("linux-aarch64", "zlib-1.3.1-b_0.conda") +
                          package("linux-64", "tzdata-2025a-h_0.conda") +
                          package("linux-aarch64", "tzdata-2025a-h_0.conda") +
                          package("linux-64", "xz-5.2.6-h_0.conda") +
                          package("linux-aarch64", "xz-5.4.0-h_1.conda") +
                          package("linux-64", "mkl-2024.0-h_0.conda") +
                          package("osx-64", "zlib-1.3.1-c_0.conda") +
                          package("linux-64", "pytest-8-h_0.conda", "dev") +
                          "- {name: torch, version: 2.9.1, manager: pip, platform: linux-64, url: "
                          "https://w.example.org/t.whl, hash: {sha256: aa}, category: main}\n",
                      "conda-lock.yml");
    EXPECT_EQ(imported.text, R"([workspace]
channels = ["conda-forge"]

[dependencies]
zlib = "==1.3.1"
tzdata = "==2025a h_0"
xz = "==5.2.6|==5.4.0"

[pypi-dependencies]
torch = { version = "==2.9.1", marker = "platform_machine == 'x86_64'" }
)" + both_targets);
    EXPECT_THAT(lines_of(imported.remarks),
                testing::ElementsAre("left conda-lock.yml:6:40 platform `osx-64`",
                                     "left conda-lock.yml:15:88 `mkl ==2024.0`",
                                     "left conda-lock.yml:17:3 packages of category `dev` (1)",
                                     "changed conda-lock.yml:9:1 packages (8)",
                                     "changed conda-lock.yml:9:165 hashes (8)",
                                     "changed conda-lock.yml:10:94 build of `zlib ==1.3.1`",
                                     "changed conda-lock.yml:13:87 version of `xz ==5.2.6|==5.4.0`",
                                     "changed conda-lock.yml:14:92 build of `xz ==5.4.0`"));
    EXPECT_THAT(imported.remarks.changed.front().why,
                testing::HasSubstr("the direct requirements are not in a lock file"));
}

TEST(ImportCondaLock, RefusesWhatContradictsItself) {
    const auto fault = [](const std::string& platform, const std::string& name) {
        try {
            imported_from("version: 1\nmetadata:\n  channels: [c]\n  platforms: [" + platform +
                              "]\npackage:\n- {name: " + name +
                              ", version: '1', manager: conda, platform: " + platform +
                              ", url: https://c.example.org/c/linux-64/zlib-1-0.conda}\n",
                          "conda-lock.yml");
        } catch (const Error& error) {
            return error.text().subject + " " + error.text().what;
        }
        return std::string("none");
    };
    EXPECT_EQ(fault("linux-64", "zlib"), "none");
    EXPECT_EQ(fault("linux-64", "xz"),
              "conda-lock.yml:6:69 the package is `xz`, and its URL leads to `zlib-1-0.conda`");
    EXPECT_EQ(fault("osx-64", "zlib"), "conda-lock.yml:1:1 the lock is for no platform that envpm "
                                       "knows");
}

} // namespace envpm::pipeline
