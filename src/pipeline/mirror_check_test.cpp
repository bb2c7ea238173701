#include "pipeline/mirror_check.h"

#include "base/files.h"
#include "base/told_progress.h"
#include "fetch/loopback_server.h"
#include "installing/locate.h"
#include "lockfiles/lock_file.h"
#include "project/ignored_indexes.h"
#include "universe/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

namespace envpm::pipeline {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A project with one wheel in its lock, whose index has mirrors that are folders.
class MirrorCheckTest : public testing::Test {
  protected:
    MirrorCheckTest()
        : folder_(std::filesystem::temp_directory_path()) {
        settings_.cache_root = folder_.path() / "cache";
        write_file(project().manifest_file, "[workspace]\nname = \"demo\"\n");
        Target target;
        target.name = "default";
        Lock lock{sha256_of("manifest"), {}, {}};
        lock.targets.push_back({target, std::nullopt, sha256_of("env"), std::nullopt});
        lock.packages.push_back({universe::test::name_of("alpha"),
                                 "1.0",
                                 "pypi",
                                 wheel,
                                 bytes().size(),
                                 sha256_of(bytes()),
                                 {"default"},
                                 {},
                                 {},
                                 false});
        lock.targets.front().env = lockfiles::env_digest(lock, lock.targets.front());
        lockfiles::write(project().lock_file(), lock);
    }

    [[nodiscard]] project::Project project() const {
        return {folder_.path() / "project/envpm.toml"};
    }

    [[nodiscard]] std::string local(const std::string& name) const {
        return "file://" + (folder_.path() / name).string();
    }

    static std::string bytes() { return std::string(100'000, 'a'); }

    /// `content` is what the page says of the wheel's digest.
    void publish(const std::string& index, const std::string& content) const {
        write_file(folder_.path() / index / "alpha/index.html",
                   "<!DOCTYPE html><a href=\"" + std::string(wheel) +
                       "#sha256=" + sha256_of(content).hex() + "\">" + wheel + "</a>\n");
        write_file(folder_.path() / index / "alpha" / wheel, content);
    }

    MirrorTrial trial_of(const project::Mirror& place) {
        settings_.mirrors["pypi"] = {place};
        project::Services services(
            settings_, {Variables(), stop_.get_token(), std::chrono::system_clock::now()},
            progress_);
        const std::vector<SourceTrial> trials = try_sources(project(), services);
        EXPECT_EQ(trials.front().package, "alpha 1.0");
        EXPECT_EQ(trials.front().has_working_place(), trials.front().trials.front().works());
        return trials.front().trials.front();
    }

    /// As if the project had no lock yet.
    MirrorTrial trial_without_lock(const project::Mirror& place) {
        std::filesystem::remove(project().lock_file());
        settings_.mirrors["pypi"] = {place};
        project::Services services(
            settings_, {Variables(), stop_.get_token(), std::chrono::system_clock::now()},
            progress_);
        return try_sources(project(), services).front().trials.front();
    }

    static constexpr const char* wheel = "alpha-1.0-py3-none-any.whl";
    TemporaryFolder folder_;
    project::Settings settings_;
    SilentProgress progress_;
    std::stop_source stop_;
};

TEST_F(MirrorCheckTest, APlaceThatHasTheFileIsMeasured) {
    publish("index", bytes());
    const MirrorTrial trial = trial_of({local("index"), ""});
    EXPECT_TRUE(trial.works()) << trial.problem;
    EXPECT_EQ(trial.status, 200);
    EXPECT_EQ(trial.has_ranges, true);
    EXPECT_FALSE(trial.lacks);
    EXPECT_TRUE(trial.first_byte_seconds);
    EXPECT_GT(trial.bytes_per_second.value_or(0), 0);
}

TEST_F(MirrorCheckTest, APlaceWithAnotherFileOfThatNameLacksIt) {
    publish("index", "another");
    const MirrorTrial trial = trial_of({local("index"), ""});
    EXPECT_TRUE(trial.works()) << trial.problem;
    EXPECT_EQ(trial.lacks, wheel);
    EXPECT_FALSE(trial.bytes_per_second);
}

TEST_F(MirrorCheckTest, APlaceWithoutThePageIsOfNoUse) {
    EXPECT_THAT(trial_of({local("index"), ""}).problem, HasSubstr("there is no folder"));
    std::filesystem::create_directories(folder_.path() / "index/another");
    EXPECT_EQ(trial_of({local("index"), ""}).problem, "answered 404");
}

TEST_F(MirrorCheckTest, AFolderIsAskedForAPageThatItHasIfNothingIsLocked) {
    publish("index", bytes());
    std::filesystem::create_directory(folder_.path() / "index/empty");
    const MirrorTrial trial = trial_without_lock({local("index"), ""});
    EXPECT_TRUE(trial.works()) << trial.problem;
    EXPECT_EQ(trial.status, 200);
    EXPECT_FALSE(trial.lacks);
    write_file(folder_.path() / "index/alpha/index.html", "no page");
    EXPECT_FALSE(trial_without_lock({local("index"), ""}).works());
}

TEST_F(MirrorCheckTest, AFolderWithoutAnyPageIsOfNoUse) {
    std::filesystem::create_directories(folder_.path() / "index/empty");
    EXPECT_EQ(trial_without_lock({local("index"), ""}).problem,
              "nothing is locked, and the folder has no page of a project");
    EXPECT_THAT(trial_without_lock({local("nowhere"), ""}).problem,
                HasSubstr("there is no folder"));
    ASSERT_EQ(::mkfifo((folder_.path() / "fifo").c_str(), 0600), 0);
    EXPECT_THAT(trial_without_lock({local("fifo"), ""}).problem,
                HasSubstr("a FIFO stands where a folder is to be"));
}

TEST_F(MirrorCheckTest, AFolderOfPyTorchNeedNotHaveAllBuilds) {
    write_file(project().manifest_file, "[pypi-dependencies]\ntorch = \"*\"\n[gpu]\n"
                                        "torch-variants = \"auto\"\n");
    std::filesystem::remove(project().lock_file());
    settings_.mirrors["pypi"] = {{local("index"), ""}};
    settings_.mirrors["pytorch"] = {{local("whl"), ""}};
    const auto problems = [&] {
        project::Services services(
            settings_, {Variables(), stop_.get_token(), std::chrono::system_clock::now()},
            progress_);
        std::set<std::string> found;
        for (const SourceTrial& source : try_sources(project(), services)) {
            for (const MirrorTrial& trial : source.trials) {
                if (source.source.name.starts_with("pytorch-")) {
                    found.insert(trial.problem);
                }
            }
        }
        return found;
    };
    EXPECT_EQ(problems(), std::set<std::string>{"there is no folder `" +
                                                (folder_.path() / "whl").string() + "`"});
    write_file(folder_.path() / "whl/cpu/torch/index.html", "<title>Links for torch</title>");
    EXPECT_EQ(problems(), std::set<std::string>{""});
}

TEST_F(MirrorCheckTest, BlobsAreAskedForTheArchiveItself) {
    const project::Mirror blobs{local("blobs"), "", project::MirrorKind::configured,
                                project::MirrorForm::blobs};
    EXPECT_THAT(trial_of(blobs).problem, HasSubstr("there is no folder")); // nothing is mounted
    write_file(folder_.path() / "blobs/sha256/aa/other", "other");
    EXPECT_EQ(trial_of(blobs).lacks, wheel);
    write_file(folder_.path() / installing::blob_url("blobs", sha256_of(bytes())), bytes());
    const MirrorTrial trial = trial_of(blobs);
    EXPECT_TRUE(trial.works()) << trial.problem;
    EXPECT_GT(trial.bytes_per_second.value_or(0), 0);
}

TEST_F(MirrorCheckTest, BlobsThatAreNotMountedAreToldBeforeThatNothingIsLocked) {
    const project::Mirror blobs{local("blobs"), "", project::MirrorKind::configured,
                                project::MirrorForm::blobs};
    EXPECT_THAT(trial_without_lock(blobs).problem, HasSubstr("there is no folder"));
    write_file(folder_.path() / "blobs/sha256/aa/other", "other");
    EXPECT_THAT(trial_without_lock(blobs).problem, HasSubstr("nothing is locked"));
}

TEST_F(MirrorCheckTest, APlaceThatGivesAByteAndThenRefusesIsOfNoUse) {
    fetch::LoopbackServer server;
    fetch::Answer file;
    file.body = bytes();
    fetch::Answer refusal;
    refusal.body = "too many requests for this file";
    refusal.status = 403;
    server.serve(installing::blob_url("", sha256_of(bytes())), {file, refusal});
    const MirrorTrial trial =
        trial_of({server.url(""), "", project::MirrorKind::configured, project::MirrorForm::blobs});
    EXPECT_EQ(trial.problem, "answered 403");
    EXPECT_FALSE(trial.bytes_per_second);
}

TEST_F(MirrorCheckTest, WithoutAProjectOnlyTheDefaultIndexHasAKind) {
    settings_.mirrors["forge"] = {{"https://a.example.org/forge", ""}};
    settings_.mirrors["pypi"] = {{"https://a.example.org/simple", ""}};
    project::Services services(
        settings_, {Variables(), stop_.get_token(), std::chrono::system_clock::now()}, progress_);
    const std::vector<project::Source> sources = list_sources(std::nullopt, services);
    ASSERT_EQ(sources.size(), 2U);
    EXPECT_EQ(sources[0].kind, std::nullopt);
    EXPECT_EQ(sources[1].kind, project::Source::Kind::index);
}

TEST_F(MirrorCheckTest, MirrorsOfNoSourceAreToldWithTheOneThatMayBeMeant) {
    settings_.mirrors["pypi"] = {{"https://a.example.org/simple", "PIP_INDEX_URL"}};
    settings_.mirrors["pypy"] = {{"https://a.example.org/simple", "/c/config.toml:2"}};
    settings_.mirrors["pytorch"] = {{"https://a.example.org/whl", ""}};
    envpm::test::ToldProgress told;
    project::Services services(
        settings_, {Variables(), stop_.get_token(), std::chrono::system_clock::now()}, told);
    (void)list_sources(project(), services);
    EXPECT_THAT(told.lines, testing::ElementsAre("/c/config.toml:2: no source of this project is "
                                                 "called `pypy`; did you mean `pypi`?"));
}

TEST_F(MirrorCheckTest, WhatIsShownHasNoCredentials) {
    settings_.mirrors["pypi"] = {{"https://me:secret@a.example.org/simple", "PIP_INDEX_URL"}};
    project::Services services(
        settings_, {Variables(), stop_.get_token(), std::chrono::system_clock::now()}, progress_);
    EXPECT_EQ(list_sources(project(), services).front().places.front().url,
              "https://a.example.org/simple");
}

TEST_F(MirrorCheckTest, AChannelThatAnswersWithALoginPageIsOfNoUse) {
    settings_.mirrors["pypi"] = {{local("index"), ""}};
    write_file(project().manifest_file,
               "[workspace]\nname = \"demo\"\nchannels = [\"" + local("chan") + "\"]\n");
    const auto problem = [&](const std::string& page) {
        write_file(folder_.path() / "chan/noarch/repodata.json", page);
        project::Services services(
            settings_, {Variables(), stop_.get_token(), std::chrono::system_clock::now()},
            progress_);
        return try_sources(project(), services).front().trials.front().problem;
    };
    EXPECT_THAT(problem("<!DOCTYPE html><title>sign in</title>"), HasSubstr("HTML came"));
    EXPECT_EQ(problem("{\"packages\": {}}"), "");
}

TEST_F(MirrorCheckTest, WhatPipTakesForAnIndexIsOfferedOnlyIfAManifestCanHaveIt) {
    const auto told = [&](const std::string& indexes) {
        Variables variables;
        variables.set("PIP_EXTRA_INDEX_URL", indexes);
        const project::Services services(
            settings_, {variables, {}, std::chrono::system_clock::now()}, progress_);
        std::string out;
        for (const project::IgnoredIndex& one :
             project::ignored_indexes(project::read_manifest(project()), services)) {
            out += one.what + "; " + one.instead + "\n";
        }
        return out;
    };
    EXPECT_EQ(told("https://a.example/s ;"),
              "pip asks `https://a.example/s` too, and envpm does not: the manifest names the "
              "indexes; if the project needs it, write `extra = \"https://a.example/s\"` under "
              "`[indexes]`\n"
              "pip takes `;` for an index: an index URL begins with `https://`, `http://` or "
              "`file://`; correct it there; envpm does not ask it\n");
    for (const std::string text : {"https://", "http:///", "file://", "://", "///"}) {
        EXPECT_THAT(told(text), HasSubstr("pip ")) << text;
    }
    EXPECT_TRUE(told("/srv/wheels")
                    .ends_with("write `extra = \"file:///srv/wheels\"` under `[indexes]`\n"));
    EXPECT_TRUE(told("https://me:secret@b.example/s").ends_with("and password into ~/.netrc\n"));
    for (const std::string text : {"me:secret@b.example/s", "https://b.example/s?key=secret"}) {
        EXPECT_THAT(told(text), AllOf(HasSubstr("may hold a password"), Not(HasSubstr("secret"))));
    }

    write_file(project().manifest_file,
               "[workspace]\nname = \"demo\"\n[indexes]\nown = \"https://a.example/s\"\n");
    EXPECT_EQ(told("https://A.Example/s/"), "");
    EXPECT_THAT(told("https://a.example/S"), HasSubstr("`extra = \"https://a.example/S\"`"));
}

} // namespace
} // namespace envpm::pipeline
