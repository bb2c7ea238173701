#include "pipeline/export.h"

#include "base/error.h"
#include "manifest/read.h"
#include "pipeline/import.h"
#include "project/torch_variants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pipeline {

namespace {

using testing::ElementsAre;

std::string digest() {
    return std::string(64, 'a');
}

LockedPackage wheel(const std::string& name, const std::string& version,
                    const std::string& source) {
    return {*PackageName::parse_conda(name),
            version,
            source,
            name + "-" + version + "-py3-none-any.whl",
            1,
            *Sha256::parse(digest()),
            {"default"},
            {},
            {}};
}

LockedPackage conda_package(const std::string& name, const std::string& version,
                            const std::string& source, std::vector<std::string> dependencies = {}) {
    LockedPackage package = wheel(name, version, source);
    package.file = name + "-" + version + "-h1_0.conda";
    package.dependencies = std::move(dependencies);
    package.subdir = name == "tzdata" ? "noarch" : "linux-64";
    return package;
}

Lock lock_of(std::vector<LockedPackage> packages) {
    const Sha256 any = *Sha256::parse(digest());
    return {any, {{Target(), std::nullopt, any, std::nullopt}}, std::move(packages)};
}

const std::string channels = "[workspace]\nname = \"vision\"\nchannels = [\"conda-forge\"]\n";

Export export_of(const std::string& text, const Lock& lock, ExportFormat format) {
    return export_text(manifest::parse(text, "envpm.toml", Platform::linux_64), lock,
                       lock.targets.front(), format);
}

std::vector<std::string> left_of(const Export& exported) {
    std::vector<std::string> left;
    for (const Remark& remark : exported.left) {
        left.push_back(remark.what);
    }
    return left;
}

} // namespace

TEST(ExportExplicit, ListsUrlsBehindThoseOfWhatTheyNeed) {
    const Lock lock = lock_of(
        {conda_package("numpy", "2.0", "conda-forge", {"python >=3.12"}),
         conda_package("python", "3.12.4", "conda-forge", {"tzdata", "zlib >=1", "__glibc >=2.17"}),
         conda_package("tzdata", "2025a", "conda-forge"),
         conda_package("zlib", "1.3", "conda-forge", {"python"}), wheel("torch", "2.9.1", "pypi")});
    const Export exported = export_of(channels, lock, ExportFormat::explicit_list);
    const std::string at = "https://conda.anaconda.org/conda-forge/";
    const std::string hash = "#sha256:" + digest() + "\n";
    EXPECT_EQ(exported.text, "# made by envpm " ENVPM_VERSION " from envpm.lock, target default\n"
                             "# platform: linux-64\n@EXPLICIT\n" +
                                 at + "noarch/tzdata-2025a-h1_0.conda" + hash + at +
                                 "linux-64/zlib-1.3-h1_0.conda" + hash + at +
                                 "linux-64/python-3.12.4-h1_0.conda" + hash + at +
                                 "linux-64/numpy-2.0-h1_0.conda" + hash);
    EXPECT_THAT(left_of(exported), testing::ElementsAre("wheels: torch 2.9.1"));
}

TEST(ExportRequirements, HaveVersionsAndDigestsAndThePlacesOfWheels) {
    const Lock lock =
        lock_of({wheel("alpha", "1.0", "own"), wheel("beta", "2.0", "pypi"),
                 wheel("gamma", "3.0", "gone"), wheel("torch", "2.9.1+cu128", "pytorch-cu128"),
                 wheel("torchvision", "0.24.1+cu128", "pytorch-cu128"),
                 conda_package("zlib", "1.3", "conda-forge")});
    const Export exported =
        export_of(channels + "[indexes]\nown = \"https://own.example.org/simple\"\n"
                             "unused = \"https://unused.example.org/simple\"\n",
                  lock, ExportFormat::requirements_txt);
    const std::string hash = " \\\n    --hash=sha256:" + digest() + "\n";
    EXPECT_EQ(exported.text.substr(exported.text.find('\n') + 1),
              "# the index `own`: alpha\n"
              "--extra-index-url https://own.example.org/simple\n"
              "# the index `pytorch-cu128`: torch, torchvision\n"
              "--extra-index-url " +
                  project::torch_index_url("pytorch-cu128").value() + "\nalpha==1.0" + hash +
                  "beta==2.0" + hash + "gamma==3.0" + hash + "torch==2.9.1+cu128" + hash +
                  "torchvision==0.24.1+cu128" + hash);
    EXPECT_THAT(left_of(exported), ElementsAre("the index `gone`", "1 conda package"));
    EXPECT_EQ(project::torch_index_url("pytorch-"), std::nullopt);
    EXPECT_EQ(project::torch_index_url("pytorch-../x"), std::nullopt);
    EXPECT_THROW((void)export_of(channels, lock_of({conda_package("zlib", "1.3", "conda-forge")}),
                                 ExportFormat::requirements_txt),
                 Error);
}

TEST(ExportEnvironment, SaysNameVersionAndBuild) {
    const Lock lock = lock_of(
        {conda_package("python", "3.12.4", "conda-forge"), conda_package("stone", "1.0", "lab"),
         wheel("torch", "2.9.1+cu128", "cu128"), wheel("rich", "13.0", "pypi")});
    const Export exported =
        export_of("[workspace]\nname = \"on\"\nchannels = [\"conda-forge\", \"lab\"]\n"
                  "[channels]\nlab = \"https://c.example.org/lab/\"\n"
                  "[indexes]\ncu128 = \"https://w.example.org/whl/cu128\"\n"
                  "unused = \"https://w.example.org/unused\"\n"
                  "[activation.env]\nA = \"x$$y\"\nB = \"$HOME/b\"\nC = \"\"\n",
                  lock, ExportFormat::environment_yml);
    EXPECT_EQ(exported.text,
              "# made by envpm " ENVPM_VERSION " from envpm.lock, target default (linux-64)\n"
              R"(name: "on"
channels:
  - conda-forge
  - https://c.example.org/lab
  - nodefaults
dependencies:
  - conda-forge::python=3.12.4=h1_0
  - https://c.example.org/lab::stone=1.0=h1_0
  - pip:
      - --extra-index-url https://w.example.org/whl/cu128
      - torch==2.9.1+cu128
      - rich==13.0
variables:
  A: "x$y"
  C: ""
)");
    EXPECT_THAT(left_of(exported),
                testing::ElementsAre("the index of each wheel", "variable `B`", "digests"));
}

TEST(ExportEnvironment, AsksAChannelForThePythonOfThisMachine) {
    Lock lock = lock_of({wheel("rich", "13.0", "pypi")});
    lock.targets.front().python = LockedPython{{"cpython", 3, 11, "cp311"}, "3.11.7"};
    const Export exported =
        export_of("[workspace]\nname = \"a\"\n", lock, ExportFormat::environment_yml);
    EXPECT_THAT(exported.text, testing::HasSubstr("channels:\n  - conda-forge\n"));
    EXPECT_THAT(exported.text, testing::HasSubstr("dependencies:\n  - python=3.11.7\n"));
    EXPECT_THAT(left_of(exported), testing::ElementsAre("no channel", "python 3.11.7", "digests"));
}

TEST(Export, RefusesAPackageOfAChannelThatTheManifestLost) {
    const Lock lock = lock_of({conda_package("stone", "1.0", "lab")});
    try {
        export_of(channels, lock, ExportFormat::explicit_list);
        ADD_FAILURE() << "exported";
    } catch (const Error& error) {
        EXPECT_THAT(error.text().what, testing::HasSubstr("the channel `lab`"));
        EXPECT_EQ(error.text().hint, "run `envpm lock`");
        EXPECT_EQ(error.code(), ExitCode::lock_out_of_date);
    }
}

TEST(Export, IsImportedAsTheSamePackages) {
    const Lock lock =
        lock_of({conda_package("python", "3.12.4", "conda-forge"),
                 conda_package("tzdata", "2025a", "conda-forge"), wheel("torch", "2.9.1", "pypi")});
    const std::string packages = "python = \"==3.12.4 h1_0\"\ntzdata = \"==2025a h1_0\"\n";
    const std::string head = "channels = [\"conda-forge\"]\n\n[dependencies]\n" + packages;
    EXPECT_EQ(
        import_text(export_of(channels, lock, ExportFormat::explicit_list).text, "e.txt", "").text,
        "[workspace]\n" + head + "\n[targets.linux-64]\nplatform = \"linux-64\"\n");
    EXPECT_EQ(
        import_text(export_of(channels, lock, ExportFormat::environment_yml).text, "e.yml", "")
            .text,
        "[workspace]\nname = \"vision\"\n" + head + "\n[pypi-dependencies]\ntorch = \"==2.9.1\"\n");
}

TEST(ExportExplicit, IsRefusedIfItWouldBeEmpty) {
    const Lock lock = lock_of({wheel("six", "1.0", "pypi")});
    try {
        export_of(channels, lock, ExportFormat::explicit_list);
        ADD_FAILURE() << "exported";
    } catch (const Error& error) {
        EXPECT_THAT(error.text().what,
                    testing::HasSubstr("target `default` of this lock has none"));
        EXPECT_EQ(error.code(), ExitCode::failed);
    }
}

TEST(ExportExplicit, HasWhatIsForItsTargetAlone) {
    Lock lock = lock_of({conda_package("zlib", "1.3", "conda-forge"),
                         conda_package("xz", "5.6", "conda-forge"), wheel("six", "1.0", "pypi")});
    lock.packages[1].targets = {"other"};
    lock.packages[2].targets = {"other"};
    const Export exported = export_of(channels, lock, ExportFormat::explicit_list);
    EXPECT_THAT(exported.text, testing::HasSubstr("/zlib-1.3-"));
    EXPECT_THAT(exported.text, testing::Not(testing::HasSubstr("/xz-5.6-")));
    EXPECT_THAT(left_of(exported), testing::IsEmpty());
}

} // namespace envpm::pipeline
