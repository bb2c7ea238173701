#include "installing/locate.h"

#include "base/error.h"
#include "base/files.h"
#include "universe/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::installing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Indexes and channels that are folders, and URLs where nothing answers.
class LocateTest : public testing::Test {
  protected:
    LocateTest()
        : folder_(std::filesystem::temp_directory_path()) {
        settings_.cache_root = folder_.path() / "cache";
        settings_.network.first_retry_pause = std::chrono::milliseconds(1);
        settings_.mirrors["pypi"] = {{local("index"), "the test", project::MirrorKind::pip}};
    }

    [[nodiscard]] std::string local(const std::string& name) const {
        return "file://" + (folder_.path() / name).string();
    }

    void publish(const std::string& index, const std::string& link = wheel) const {
        write_file(folder_.path() / index / "alpha/index.html",
                   "<!DOCTYPE html><a href=\"" + link + "#sha256=" + sha256_of("alpha").hex() +
                       "\">" + std::string(wheel) + "</a>\n");
    }

    static LockedPackage alpha() {
        return {universe::test::name_of("alpha"),
                "1.0",
                "pypi",
                wheel,
                5,
                sha256_of("alpha"),
                {"default"},
                {},
                {},
                false};
    }

    static LockedPackage stone() {
        LockedPackage package{*PackageName::parse_conda("stone"),
                              "1.0",
                              "lab",
                              "stone-1.0-0.conda",
                              5,
                              sha256_of("stone"),
                              {"default"},
                              {},
                              {},
                              false};
        package.subdir = "noarch";
        return package;
    }

    std::vector<std::string> urls(const LockedPackage& package,
                                  project::NetworkUse use = project::NetworkUse::online) {
        return urls_of_all({package}, "", use).front();
    }

    /// `tables` is the rest of the manifest.
    std::vector<std::vector<std::string>>
    urls_of_all(const std::vector<LockedPackage>& packages, const std::string& tables,
                project::NetworkUse use = project::NetworkUse::online) {
        project::Services services(
            settings_, {Variables(), stop_.get_token(), std::chrono::system_clock::now(), 0, use},
            progress_);
        const Manifest manifest = universe::test::manifest_of(
            "[channels]\nlab = \"" + local("lab") + "\"\n[workspace]\nname = \"demo\"\n" + tables);
        return locate(packages, manifest, services);
    }

    static constexpr const char* wheel = "alpha-1.0-py3-none-any.whl";
    TemporaryFolder folder_;
    project::Settings settings_;
    SilentProgress progress_;
    std::stop_source stop_;
};

constexpr const char* nowhere = "http://127.0.0.1:9/simple"; // the discard port, where none listens

project::Mirror blobs(const std::string& url) {
    return {url, "the test", project::MirrorKind::configured, project::MirrorForm::blobs};
}

std::string digest(const std::string& content) {
    return sha256_of(content).hex();
}

TEST_F(LocateTest, EveryMirrorThatHasTheWheelIsAPlaceInOrder) {
    publish("index");
    publish("other");
    settings_.mirrors["pypi"] = {{local("other"), ""}, {local("stale"), ""}, {local("index"), ""}};
    EXPECT_THAT(urls(alpha()),
                ElementsAre(local("other/alpha/") + wheel, local("index/alpha/") + wheel));
}

TEST_F(LocateTest, AMirrorThatDoesNotAnswerIsNoFaultWhileAnotherHasTheFile) {
    publish("index");
    settings_.mirrors["pypi"] = {{nowhere, ""}, {local("index"), ""}};
    EXPECT_THAT(urls(alpha()), ElementsAre(local("index/alpha/") + wheel));
    settings_.mirrors["pypi"] = {{nowhere, ""}, {local("stale"), ""}};
    try {
        (void)urls(alpha());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::network);
        EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:9"));
    }
}

TEST_F(LocateTest, AMirrorThatDoesNotAnswerCostsNoOtherIndexItsAnswer) {
    publish("index");
    publish("wheels");
    settings_.mirrors["pypi"] = {{nowhere, ""}, {local("index"), ""}};
    LockedPackage other = alpha();
    other.source = "wheels";
    EXPECT_THAT(urls_of_all({alpha(), other}, "[indexes]\nwheels = { url = \"" + local("wheels") +
                                                  "\", explicit = true }\n"),
                ElementsAre(ElementsAre(local("index/alpha/") + wheel),
                            ElementsAre(local("wheels/alpha/") + wheel)));
}

TEST_F(LocateTest, AFileUnderAnotherDigestIsAnotherFile) {
    publish("index");
    LockedPackage package = alpha();
    package.sha256 = sha256_of("something else");
    EXPECT_THROW((void)urls(package), Error);
}

TEST_F(LocateTest, BlobsHaveEveryArchiveByItsDigestAndKeepTheirPlace) {
    publish("index");
    const std::string name = digest("alpha");
    const std::string blob = "https://b.example.org/x/sha256/" + name.substr(0, 2) + "/" + name;
    settings_.mirrors["pypi"] = {blobs("https://b.example.org/x/"), {local("index"), ""}};
    EXPECT_THAT(urls(alpha()), ElementsAre(blob, local("index/alpha/") + wheel));
    settings_.mirrors["pypi"] = {{local("index"), ""}, blobs("https://b.example.org/x")};
    EXPECT_THAT(urls(alpha()), ElementsAre(local("index/alpha/") + wheel, blob));
}

TEST_F(LocateTest, BlobsAloneNeedNoPage) {
    settings_.mirrors["pypi"] = {blobs("file:///srv/b")};
    settings_.mirrors["lab"] = {blobs("file:///srv/b")};
    EXPECT_THAT(urls(alpha()), ElementsAre(HasSubstr("/srv/b/sha256/")));
    EXPECT_THAT(urls(stone()), ElementsAre("file:///srv/b/sha256/" + digest("stone").substr(0, 2) +
                                           "/" + digest("stone")));
}

TEST_F(LocateTest, BlobsServeWhereNoPageCanBeHad) {
    settings_.mirrors["pypi"] = {{nowhere, ""}, blobs("file:///srv/b")};
    EXPECT_THAT(urls(alpha()), ElementsAre(HasSubstr("/srv/b/sha256/")));
}

TEST_F(LocateTest, OfflineOnlyFoldersCount) {
    publish("index");
    publish("links", "https://a.example.org/" + std::string(wheel));
    settings_.mirrors["pypi"] = {{nowhere, ""},
                                 {local("links"), ""},
                                 {local("index"), ""},
                                 blobs("https://b.example.org"),
                                 blobs("file:///srv/b")};
    EXPECT_THAT(urls(alpha(), project::NetworkUse::offline),
                ElementsAre(local("index/alpha/") + wheel, HasSubstr("file:///srv/b/sha256/")));
    EXPECT_THAT(urls(stone(), project::NetworkUse::offline),
                ElementsAre(local("lab/noarch/stone-1.0-0.conda")));
    settings_.mirrors["pypi"] = {{nowhere, ""}};
    EXPECT_THAT(urls(alpha(), project::NetworkUse::offline), IsEmpty());
}

TEST_F(LocateTest, ASourceThatNobodyNamesIsSaid) {
    LockedPackage package = alpha();
    package.source = "elsewhere";
    try {
        (void)urls(package);
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("no index has that name"));
    }
}

} // namespace
} // namespace envpm::installing
