#include "locking/lock.h"

#include "base/error.h"
#include "base/files.h"
#include "base/told_progress.h"
#include "fetch/loopback_server.h"
#include "lockfiles/lock_file.h"
#include "universe/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::locking {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using universe::test::manifest_of;
using universe::test::name_of;

const std::string lock_start = "[workspace]\nname = \"demo\"\n[pypi-dependencies]\n";

Lock lock_for(const std::string& text,
              const std::vector<std::pair<std::string, std::string>>& has) {
    const Manifest manifest = manifest_of(text);
    Lock lock{universe::manifest_digest(manifest, universe::read_requests(manifest)), {}, {}};
    for (const auto& [name, version] : has) {
        lock.packages.push_back({name_of(name),
                                 version,
                                 "pypi",
                                 name + ".whl",
                                 0,
                                 sha256_of(name),
                                 {"default"},
                                 {},
                                 {},
                                 false});
    }
    return lock;
}

TEST(CheckLock, ALockOfThisVeryManifestIsFresh) {
    const Lock lock = lock_for(lock_start + "alpha = \">=1\"\n", {{"alpha", "1.0"}});
    EXPECT_TRUE(check_lock(manifest_of("# new comment\n" + lock_start + "alpha = \">=1\"\n"), lock)
                    .is_fresh);
}

TEST(CheckLock, SaysThatThereIsNone) {
    const LockCheck check = check_lock(manifest_of(lock_start), std::nullopt);
    EXPECT_FALSE(check.is_fresh);
    EXPECT_THAT(check.reasons, ElementsAre("there is no envpm.lock yet"));
}

TEST(CheckLock, NamesWhatIsNotLockedOrLockedOtherwise) {
    const Lock lock = lock_for(lock_start + "alpha = \">=1\"\n", {{"alpha", "1.0"}});
    const LockCheck check =
        check_lock(manifest_of(lock_start + "alpha = \">=2\"\nbeta = \"*\"\n"), lock);
    EXPECT_FALSE(check.is_fresh);
    EXPECT_THAT(check.reasons, ElementsAre("envpm.toml:4:1 asks for alpha >=2, locked is 1.0",
                                           "envpm.toml:5:1 asks for beta, which is not locked"));
}

TEST(CheckLock, NamesThePythonThatIsAskedForAndLocked) {
    const std::string start = "[workspace]\nname = \"demo\"\n[dependencies]\n";
    Lock lock = lock_for(start + "python = \"3.11.*\"\n", {});
    for (const std::string name : {"default", "other"}) {
        lock.targets.push_back({{name, Platform::linux_64, {}},
                                LockedPython{{}, "3.11.7"},
                                sha256_of(name),
                                std::nullopt});
    }
    const Manifest changed = manifest_of(start + "python = \"3.12.*\"\n");
    EXPECT_THAT(check_lock(changed, lock).reasons,
                ElementsAre("envpm.toml:4:1 asks for python ==3.12.*, locked is 3.11.7"));
}

TEST(CheckLock, DoesNotMissAPackageWhoseMarkerMayNotHold) {
    const Lock lock =
        lock_for(lock_start + "alpha = \"*\"\n", {{"alpha", "1.0"}, {"gamma", "2.0"}});
    // What is not needed, and what is there at another version for the sake of others.
    for (const std::string name : {"beta", "gamma"}) {
        const LockCheck check =
            check_lock(manifest_of(lock_start + "alpha = \"*\"\n" + name +
                                   " = { version = \"<2\", marker = \"python_version < '3'\" }\n"),
                       lock);
        EXPECT_FALSE(check.is_fresh);
        EXPECT_THAT(check.reasons,
                    ElementsAre("the manifest has changed; `envpm lock` finds out whether what is "
                                "locked still does"));
    }
}

/// A project whose index is a folder, so that nothing else is needed of the world but a Python.
class LockTest : public testing::Test {
  protected:
    LockTest()
        : folder_(std::filesystem::temp_directory_path()) {
        variables_.set("PATH", "/usr/bin:/bin:/usr/local/bin");
        settings_.cache_root = folder_.path() / "cache";
        settings_.store_root = folder_.path() / "store";
        settings_.mirrors["pypi"] = {{"file://" + (folder_.path() / "index").string(), "the test",
                                      project::MirrorKind::pip}};
    }

    [[nodiscard]] project::Project project() const {
        return {folder_.path() / "project/envpm.toml"};
    }

    void write_manifest(const std::string& dependencies) const {
        write_file(project().manifest_file, lock_start + dependencies);
    }

    /// One that needs nothing.
    static std::string wheel_of(const std::string& name, const std::string& version) {
        return envpm::test::make_zip({{.name = name + "-" + version + ".dist-info/METADATA",
                                       .content = "Metadata-Version: 2.1\nName: " + name +
                                                  "\nVersion: " + version + "\n\n"}});
    }

    static std::string link_of(const std::string& file, const std::string& wheel) {
        return "<a href=\"" + file + "#sha256=" + sha256_of(wheel).hex() + "\">" + file + "</a>\n";
    }

    static std::string page_of(const std::string& links) {
        return "<!DOCTYPE html><html><body>\n" + links + "</body></html>\n";
    }

    /// Makes `name` have these versions, none of which needs anything.
    void publish(const std::string& name, const std::vector<std::string>& versions) const {
        std::string links;
        for (const std::string& version : versions) {
            const std::string file = name + "-" + version + "-py3-none-any.whl";
            const std::string wheel = wheel_of(name, version);
            write_file(folder_.path() / "index" / name / file, wheel);
            links += link_of(file, wheel);
        }
        write_file(folder_.path() / "index" / name / "index.html", page_of(links));
    }

    LockReport lock() { return lock({.project = project()}); }

    LockReport lock(const LockRequest& request) {
        project::Services services(settings_, {variables_, stop_.get_token(), now_}, progress_);
        return locking::lock(request, services);
    }

    static std::vector<std::string> versions_of(const LockReport& report) {
        std::vector<std::string> out;
        for (const LockedPackage& package : report.lock.value().packages) {
            out.push_back(package.name.string() + " " + package.version);
        }
        return out;
    }

    TemporaryFolder folder_;
    Variables variables_;
    project::Settings settings_;
    SilentProgress progress_;
    std::stop_source stop_;
    std::chrono::system_clock::time_point now_ = std::chrono::system_clock::now();
};

TEST_F(LockTest, WritesALockAndTheNextTimeFindsItUnchanged) {
    publish("alpha", {"1.0", "2.0"});
    write_manifest("alpha = \"*\"\n");
    const LockReport first = lock();
    EXPECT_EQ(first.outcome, LockReport::Outcome::locked);
    EXPECT_THAT(versions_of(first), ElementsAre("alpha 2.0"));
    EXPECT_EQ(project::read_lock(project()), first.lock);
    const LockReport second = lock();
    EXPECT_EQ(second.outcome, LockReport::Outcome::unchanged);
    EXPECT_THAT(second.changes, IsEmpty());
}

TEST_F(LockTest, AnotherPythonOfTheSameAbiChangesNothingUnlessSomethingTellsThemApart) {
    publish("alpha", {"1.0"});
    write_manifest("alpha = \"*\"\n");
    Lock colleagues = lock().lock.value();
    LockedPython& python = colleagues.targets.at(0).python.value();
    const std::string here = python.version;
    python.version = python.abi.feature_version() + ".99";
    lockfiles::write(project().lock_file(), colleagues);
    EXPECT_EQ(lock().outcome, LockReport::Outcome::unchanged);
    EXPECT_EQ(project::read_lock(project()), colleagues);
    write_manifest(fmt::format("alpha = {{ version = \"*\", marker = \"python_full_version < "
                               "'{}.98'\" }}\n",
                               python.abi.feature_version()));
    const LockReport told_apart = lock();
    EXPECT_EQ(told_apart.lock->targets.at(0).python->version, here);
    ASSERT_EQ(told_apart.changes.size(), 1U);
    EXPECT_EQ(told_apart.changes[0].before, python.version);
}

TEST_F(LockTest, AnUpgradeTakesThePythonOfThisHost) {
    publish("alpha", {"1.0"});
    write_manifest("alpha = \"*\"\n");
    const Lock ours = lock().lock.value();
    Lock colleagues = ours;
    LockedPython& python = colleagues.targets.at(0).python.value();
    python.version = python.abi.feature_version() + ".99";
    for (const LockRequest& upgrade :
         {LockRequest{.project = project(), .upgrade_all = true},
          LockRequest{.project = project(), .upgrade_packages = {name_of("python")}}}) {
        lockfiles::write(project().lock_file(), colleagues);
        const LockReport report = lock(upgrade);
        EXPECT_THAT(report.unknown_upgrades, IsEmpty());
        EXPECT_EQ(report.lock, ours);
        EXPECT_EQ(project::read_lock(project()), ours);
    }
}

TEST_F(LockTest, APageThatIsLateKeepsNoOtherProjectWaiting) {
    fetch::LoopbackServer server;
    settings_.network.first_byte_timeout = std::chrono::seconds(2);
    settings_.network.first_retry_pause = std::chrono::milliseconds(1);
    settings_.mirrors["pypi"] = {{server.url("/simple"), "the test", project::MirrorKind::pip}};
    fetch::Answer silent;
    silent.silence = fetch::Answer::Silence::before_head;
    for (const std::string name : {"alpha", "beta"}) {
        const std::string file = name + "-1.0-py3-none-any.whl";
        fetch::Answer wheel;
        wheel.body = wheel_of(name, "1.0");
        fetch::Answer page;
        page.body = page_of(link_of(file, wheel.body));
        page.headers = {"Content-Type: text/html"};
        server.serve("/simple/" + name + "/" + file, {wheel});
        server.serve("/simple/" + name + "/",
                     name == "beta" ? std::vector{silent, page} : std::vector{page});
    }
    write_manifest("alpha = \"*\"\nbeta = \"*\"\n");
    EXPECT_THAT(versions_of(lock()), ElementsAre("alpha 1.0", "beta 1.0"));
    std::vector<std::string> asked;
    for (const fetch::LoopbackServer::Request& request : server.requests()) {
        asked.push_back(request.path);
    }
    ASSERT_EQ(asked.size(), 5U);
    EXPECT_EQ(asked[2], "/simple/alpha/alpha-1.0-py3-none-any.whl");
    EXPECT_EQ(asked[3], "/simple/beta/");
}

TEST_F(LockTest, SaysWhoseIndexUrlIsNone) {
    settings_.mirrors["pypi"] = {
        {"ftp://example.org/simple", "PIP_INDEX_URL", project::MirrorKind::pip}};
    write_manifest("alpha = \"*\"\n");
    try {
        (void)lock();
        ADD_FAILURE() << "locked";
    } catch (const Error& error) {
        EXPECT_THAT(error.text().what, HasSubstr("begins with `https://`, `http://` or `file://`"));
        EXPECT_EQ(error.text().subject, "PIP_INDEX_URL");
    }
}

TEST_F(LockTest, AnIndexThatIsAFolderIsReadAnewEachTime) {
    publish("alpha", {"1.0"});
    publish("other", {"1.0"});
    write_manifest("alpha = \"*\"\n");
    (void)lock();
    publish("alpha", {"1.0", "2.0"});
    EXPECT_THAT(versions_of(lock({.project = project(), .upgrade_all = true})),
                ElementsAre("alpha 2.0"));
    std::filesystem::remove_all(folder_.path() / "index/alpha");
    EXPECT_EQ(lock().outcome, LockReport::Outcome::impossible);
    std::filesystem::remove_all(folder_.path() / "index/other");
    EXPECT_THROW((void)lock(), Error) << "nothing may be mounted there";
    std::filesystem::remove_all(folder_.path() / "index");
    EXPECT_THROW((void)lock(), Error);
}

TEST_F(LockTest, KeepsWhatIsLockedUnlessAskedToUpgrade) {
    publish("alpha", {"1.0"});
    publish("beta", {"1.0"});
    write_manifest("alpha = \"*\"\nbeta = \"*\"\n");
    (void)lock();
    publish("alpha", {"1.0", "2.0"});
    publish("beta", {"1.0", "2.0"});
    now_ += std::chrono::seconds(1);
    EXPECT_THAT(versions_of(lock({.project = project(), .refresh = true})),
                ElementsAre("alpha 1.0", "beta 1.0"));
    publish("gamma", {"1.0"});
    write_manifest("alpha = \"*\"\nbeta = \"*\"\ngamma = \"*\"\n");
    const LockReport one =
        lock({.project = project(), .upgrade_packages = {name_of("alpha"), name_of("gamma")}});
    EXPECT_THAT(versions_of(one), ElementsAre("alpha 2.0", "beta 1.0", "gamma 1.0"));
    EXPECT_THAT(one.unknown_upgrades, ElementsAre("gamma"));
    try {
        (void)lock({.project = project(), .upgrade_packages = {name_of("aplha")}});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        EXPECT_EQ(error.text().hint, "did you mean `alpha`?");
    }
    EXPECT_THAT(versions_of(lock({.project = project(), .upgrade_all = true})),
                ElementsAre("alpha 2.0", "beta 2.0", "gamma 1.0"));
}

TEST_F(LockTest, WhatWasSealedIsKeptOrMissedWhereTheLockWasDamaged) {
    publish("alpha", {"1.0", "2.0"});
    write_manifest("alpha = \"<2\"\n");
    Lock sealed = lock().lock.value();
    sealed.targets[0].contents = sha256_of("contents");
    const std::string good = lockfiles::to_text(sealed);
    Lock damaged = sealed;
    damaged.packages[0].sha256 = sha256_of("a digit changed");
    write_file(project().lock_file(), lockfiles::to_text(damaged));
    const LockReport report = lock();
    EXPECT_EQ(read_file(project().lock_file()), good);
    EXPECT_FALSE(report.changes.at(0).is_replaced);
    EXPECT_THAT(report.unsealed, IsEmpty());

    write_file(project().lock_file(), lockfiles::to_text(damaged));
    write_manifest("alpha = \"*\"\n");
    EXPECT_THAT(lock({.project = project(), .upgrade_all = true}).unsealed, ElementsAre("default"));
}

TEST_F(LockTest, AFirstUpdateRefusesWhatIsNotInItsLock) {
    publish("alpha", {"1.0"});
    write_manifest("alpha = \"*\"\n");
    try {
        (void)lock({.project = project(), .upgrade_packages = {name_of("alhpa")}});
        FAIL() << "it is misspelt";
    } catch (const Error& error) {
        EXPECT_EQ(error.text().hint, "did you mean `alpha`?");
    }
    EXPECT_FALSE(project::read_lock(project()));
}

TEST_F(LockTest, WhatAnotherLockWroteMeanwhileIsNotTakenBack) {
    publish("alpha", {"1.0"});
    write_manifest("alpha = \"*\"\n");
    (void)lock();
    publish("beta", {"1.0"});
    write_manifest("alpha = \"*\"\nbeta = \"*\"\n");
    std::optional<FileLock> other(std::in_place, project().folder() / ".envpm/edit.lock",
                                  LockKind::exclusive);
    envpm::test::ToldProgress progress;
    progress.then = [&](std::string_view /*line*/) {
        if (other) {
            publish("alpha", {"1.0", "2.0"});
            other.reset();
            (void)lock({.project = project(), .upgrade_all = true});
        }
    };
    project::Services services(settings_, {variables_, stop_.get_token(), now_}, progress);
    EXPECT_THAT(versions_of(locking::lock({.project = project()}, services)),
                ElementsAre("alpha 2.0", "beta 1.0"));
    EXPECT_THAT(versions_of(lock()), ElementsAre("alpha 2.0", "beta 1.0"));
}

TEST_F(LockTest, SaysOfNoFileThatChangedMeanwhileThatItIsImpossibleOrUnchanged) {
    publish("alpha", {"1.0"});
    write_manifest("alpha = \"*\"\n");
    (void)lock();
    publish("beta", {"1.0"});
    for (const std::string before : {"alpha = \">=2\"\n", "alpha = \"*\"\n# as it was\n"}) {
        write_manifest(before);
        envpm::test::ToldProgress progress;
        progress.then = [&](std::string_view /*line*/) {
            write_manifest("alpha = \"*\"\nbeta = \"*\"\n");
        };
        project::Services services(settings_, {variables_, stop_.get_token(), now_}, progress);
        const LockReport report = locking::lock({.project = project(), .refresh = true}, services);
        EXPECT_EQ(report.outcome, LockReport::Outcome::locked) << before;
        EXPECT_EQ(project::read_lock(project()), report.lock);
        EXPECT_THAT(versions_of(report), ElementsAre("alpha 1.0", "beta 1.0"));
        write_manifest("alpha = \"*\"\n");
        (void)lock();
    }
}

TEST_F(LockTest, TellsNoNotesOfWhatWasSolvedInVain) {
    publish("alpha", {"1.0"});
    const std::string text = "alpha = { version = \"*\", extras = [\"none\"] }\n";
    write_manifest(text);
    envpm::test::ToldProgress progress;
    int changes = 0;
    progress.then = [&](std::string_view line) {
        if (line.starts_with("solve ") && ++changes == 1) {
            write_manifest(text + "# meanwhile\n");
        }
    };
    project::Services services(settings_, {variables_, stop_.get_token(), now_}, progress);
    (void)locking::lock({.project = project()}, services);
    EXPECT_EQ(changes, 2);
    EXPECT_EQ(std::count_if(progress.lines.begin(), progress.lines.end(),
                            [](const auto& line) { return line.find("extra") != line.npos; }),
              1);
}

TEST_F(LockTest, ADryRunTellsAndWritesNothing) {
    publish("alpha", {"1.0"});
    write_manifest("alpha = \"*\"\n");
    const LockReport report = lock({.project = project(), .dry_run = DryRun::yes});
    EXPECT_EQ(report.outcome, LockReport::Outcome::locked);
    EXPECT_EQ(report.changes.size(), 1U);
    EXPECT_FALSE(std::filesystem::exists(project().lock_file()));
}

TEST_F(LockTest, WithoutAnAnswerTheOldLockStands) {
    publish("alpha", {"1.0"});
    write_manifest("alpha = \"*\"\n");
    (void)lock();
    const std::string before = read_file(project().lock_file());
    write_manifest("alpha = \">=2\"\n");
    const LockReport report = lock();
    EXPECT_EQ(report.outcome, LockReport::Outcome::impossible);
    EXPECT_EQ(report.lock, std::nullopt);
    EXPECT_EQ(report.explanation.value().target, "default");
    EXPECT_THAT(report.explanation->reasons.back().text,
                HasSubstr("no release that fits matches alpha >=2; there is only 1.0"));
    EXPECT_EQ(read_file(project().lock_file()), before);
}

TEST_F(LockTest, AStopEndsItWithCode130AndNothingWritten) {
    publish("alpha", {"1.0"});
    write_manifest("alpha = \"*\"\n");
    stop_.request_stop();
    try {
        (void)lock();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::interrupted);
    }
    EXPECT_FALSE(std::filesystem::exists(project().lock_file()));
}

TEST_F(LockTest, APrereleaseIsNecessaryForThePythonThatHasNoStableWheel) {
    for (const std::string minor : {"97", "98"}) {
        const std::filesystem::path program = folder_.path() / "bin" / ("python3." + minor);
        write_file(program,
                   fmt::format(R"(#!/bin/sh
echo '{{"executable": "{0}", "environment": false, "base": "", "libc": "glibc 2.36", "wide": true,
"implementation": "cpython", "major": 3, "minor": {1}, "flags": "", "version": "3.{1}.1"}}'
)",
                               program.string(), minor),
                   Durability::cached, 0777);
    }
    variables_.set("PATH", (folder_.path() / "bin").string() + ":/usr/bin:/bin");
    const auto publish_files = [&](const std::string& name, const std::vector<std::string>& files) {
        std::string links;
        for (const std::string& rest : files) {
            const std::string wheel = wheel_of(name, rest.substr(0, rest.find('-')));
            const std::string file = name + "-" + rest + "-linux_x86_64.whl";
            write_file(folder_.path() / "index" / name / file, wheel);
            links += link_of(file, wheel);
        }
        write_file(folder_.path() / "index" / name / "index.html", page_of(links));
    };
    publish_files("early", {"1.0-cp398-cp398", "2.0rc1-cp397-cp397", "2.0rc1-cp398-cp398"});
    publish_files("old", {"1.0-cp397-cp397"});
    const std::string python = "[dependencies]\npython = \">=3.97\"\n";
    write_manifest("early = \"*\"\n" + python);
    EXPECT_THAT(versions_of(lock()), ElementsAre("early 1.0")) << "it is not necessary";
    write_manifest("early = \"*\"\nold = \"*\"\n" + python);
    EXPECT_THAT(versions_of(lock()), ElementsAre("early 2.0rc1", "old 1.0"));
    EXPECT_EQ(lock().outcome, LockReport::Outcome::unchanged);
    write_file(project().manifest_file,
               "[workspace]\nname = \"demo\"\nprereleases = \"never\"\n[pypi-dependencies]\n"
               "early = \"*\"\nold = \"*\"\n" +
                   python);
    EXPECT_EQ(lock().outcome, LockReport::Outcome::impossible);
}

TEST_F(LockTest, APythonThatTheHostLacksIsNoSolution) {
    write_file(project().manifest_file,
               "[workspace]\nname = \"demo\"\n[dependencies]\npython = \"3.99\"\n");
    const std::filesystem::path broken = project().folder() / "bin/python3.99";
    write_file(broken, "#!/bin/sh\nexit 1\n", Durability::cached);
    std::filesystem::permissions(broken, std::filesystem::perms::owner_all);
    variables_.set("PATH", broken.parent_path().string() + ":/usr/bin:/bin");
    try {
        (void)lock();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::no_solution);
        EXPECT_THAT(error.text().what, HasSubstr("no Python of this host is `python ==3.99.*`"));
        EXPECT_THAT(error.text().subject, HasSubstr("envpm.toml:4:"));
        EXPECT_THAT(error.text().hint,
                    HasSubstr(fmt::format("; `{}` might be one, but it ended with code 1",
                                          broken.string())));
    }
}

} // namespace
} // namespace envpm::locking
