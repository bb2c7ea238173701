#include "pipeline/edit.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/lock_holder.h"
#include "base/told_progress.h"
#include "lockfiles/lock_file.h"
#include "project/edit_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

namespace envpm::pipeline {
namespace {

using testing::Contains;
using testing::HasSubstr;

class EditTest : public testing::Test {
  protected:
    EditTest()
        : folder_(std::filesystem::temp_directory_path()) {
        settings_.cache_root = folder_.path() / "cache";
        settings_.store_root = folder_.path() / "store";
        variables_.set("PATH", "/usr/bin:/bin:/usr/local/bin");
    }

    [[nodiscard]] project::Project project() const {
        return {folder_.path() / "project/envpm.toml"};
    }

    [[nodiscard]] std::filesystem::path journal() const {
        return folder_.path() / "project/.envpm/edit.json";
    }

    [[nodiscard]] std::filesystem::path open_journal() const {
        return folder_.path() / "project/.envpm/edit-open.json";
    }

    /// Of an edit that began when both files were "old\n", or the lock was not there.
    [[nodiscard]] static std::string
    journal_text(const std::string& until,
                 const std::optional<std::string>& lock_before = "old\n") {
        Json::Object journal{{"version", 3},
                             {"until", until},
                             {"manifest", "new manifest\n"},
                             {"manifest-before", "old\n"},
                             {"lock", "new lock\n"}};
        if (lock_before) {
            journal.emplace("lock-before", *lock_before);
        }
        return to_text(Json(std::move(journal)));
    }

    void settle() { project::settle_interrupted_edit(project(), told_); }

    void write_files(const std::string& manifest, const std::string& lock) const {
        write_file(project().manifest_file, manifest);
        write_file(project().lock_file(), lock);
    }

    void expect_files(const std::string& manifest, const std::optional<std::string>& lock) const {
        EXPECT_EQ(read_file(project().manifest_file), manifest);
        EXPECT_EQ(read_file_if_present(project().lock_file()), lock);
    }

    [[nodiscard]] project::Services services() {
        return {settings_, {variables_, {}, {}}, progress_};
    }

    TemporaryFolder folder_;
    project::Settings settings_;
    Variables variables_;
    SilentProgress progress_;
    envpm::test::ToldProgress told_;
};

TEST_F(EditTest, AnInterruptedEditIsFinishedWhicheverFileWasWritten) {
    for (const char* manifest : {"old\n", "new manifest\n"}) {
        for (const char* lock : {"old\n", "new lock\n"}) {
            write_files(manifest, lock);
            write_file(journal(), journal_text("written"));
            settle();
            expect_files("new manifest\n", "new lock\n");
            EXPECT_FALSE(std::filesystem::exists(journal()));
        }
    }
}

TEST_F(EditTest, AnEditThatWasToBeInstalledIsTakenBackWhicheverFileWasWritten) {
    for (const std::filesystem::path& record : {journal(), open_journal()}) {
        for (const char* manifest : {"old\n", "new manifest\n"}) {
            for (const char* lock : {"old\n", "new lock\n"}) {
                write_files(manifest, lock);
                write_file(record, journal_text("installed"));
                settle();
                expect_files("old\n", "old\n");
                EXPECT_FALSE(std::filesystem::exists(record));
                EXPECT_THAT(told_.lines.back(), HasSubstr("took back an edit"));
            }
        }
    }
    write_files("new manifest\n", "new lock\n");
    write_file(open_journal(), journal_text("installed", std::nullopt));
    settle();
    expect_files("old\n", std::nullopt);
}

TEST_F(EditTest, AnEditThatWroteNothingIsSettledOnAFullDisk) {
    // A limit on the size of files stands for a full disk: the same call fails.
    const auto no_signal = std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit full{0, before.rlim_max};
    for (const std::filesystem::path& record : {journal(), open_journal()}) {
        write_files("old\n", "old\n");
        write_file(record, journal_text("installed"));
        ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
        EXPECT_NO_THROW(settle());
        ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
        expect_files("old\n", "old\n");
        EXPECT_FALSE(std::filesystem::exists(record));
    }
    std::signal(SIGXFSZ, no_signal);
}

TEST_F(EditTest, AnInterruptedEditSaysThatItIsFinished) {
    write_file(project().manifest_file, "old\n");
    write_file(journal(), journal_text("written", std::nullopt));
    settle();
    expect_files("new manifest\n", "new lock\n");
    EXPECT_THAT(told_.lines, Contains(HasSubstr("finished an edit")));
}

TEST_F(EditTest, WhatWasWrittenAfterAnInterruptedEditStays) {
    for (const bool is_manifest : {true, false}) {
        const std::string left = is_manifest ? "edit-left.json" : "edit-left-2.json";
        const std::string manifest = is_manifest ? "the user's\n" : "old\n";
        const std::string lock = is_manifest ? "old\n" : "the user's\n";
        write_files(manifest, lock);
        const std::filesystem::path record = is_manifest ? journal() : open_journal();
        const std::string wanted = journal_text(is_manifest ? "written" : "installed");
        write_file(record, wanted);
        settle();
        expect_files(manifest, lock);
        EXPECT_FALSE(std::filesystem::exists(record));
        EXPECT_EQ(read_file(project().folder() / ".envpm" / left), wanted);
        EXPECT_THAT(told_.lines, Contains(HasSubstr("both stay as they are")));
    }
}

TEST_F(EditTest, AJournalThatCannotBeReadSaysWhatToDoWithIt) {
    write_file(project().manifest_file, "old\n");
    for (const std::string text : {"", "{}", "{\"version\":"}) {
        write_file(journal(), text);
        try {
            settle();
            ADD_FAILURE() << "it was read: " << text;
        } catch (const Error& error) {
            EXPECT_THAT(error.text().hint, HasSubstr("delete this file"));
        }
    }
    EXPECT_EQ(read_file(project().manifest_file), "old\n");
}

TEST_F(EditTest, AnOpenEditIsWrittenAndTakenBack) {
    for (const std::optional<std::string>& lock : {std::optional<std::string>("old\n"), {}}) {
        std::filesystem::remove(project().lock_file());
        write_file(project().manifest_file, "old\n");
        if (lock) {
            write_file(project().lock_file(), *lock);
        }
        project::OpenEdit edit(project::edit_lock(project(), told_), project(), {"old\n", lock},
                               {"new\n", "lock\n"});
        expect_files("new\n", "lock\n");
        EXPECT_TRUE(edit.take_back());
        expect_files("old\n", lock);
        EXPECT_FALSE(std::filesystem::exists(journal()) || std::filesystem::exists(open_journal()));
    }
}

TEST_F(EditTest, AnOpenEditOfTheLockWritesNoManifest) {
    write_files("mine\n", "old\n");
    const auto written = std::filesystem::last_write_time(project().manifest_file);
    project::OpenEdit edit(project::edit_lock(project(), told_), project(), {"mine\n", "old\n"},
                           {"mine\n", "lock\n"});
    EXPECT_TRUE(edit.take_back());
    expect_files("mine\n", "old\n");
    EXPECT_EQ(std::filesystem::last_write_time(project().manifest_file), written);
}

TEST_F(EditTest, AnOpenEditOfTheLockMindsNoLinkInPlaceOfTheManifest) {
    write_files("old\n", "old\n");
    std::filesystem::rename(project().manifest_file, folder_.path() / "shared.toml");
    std::filesystem::create_symlink(folder_.path() / "shared.toml", project().manifest_file);
    const auto edit_to = [&](const std::string& manifest) {
        project::OpenEdit(project::edit_lock(project(), told_), project(), {"old\n", "old\n"},
                          {manifest, "lock\n"})
            .keep();
    };
    EXPECT_THROW(edit_to("new\n"), Error);
    EXPECT_FALSE(std::filesystem::exists(journal()));
    edit_to("old\n");
    EXPECT_TRUE(std::filesystem::is_symlink(project().manifest_file));
    expect_files("old\n", "lock\n");
}

TEST_F(EditTest, WhatWasWrittenAfterAnOpenEditIsNotTakenBack) {
    write_files("old\n", "old\n");
    project::OpenEdit edit(project::edit_lock(project(), told_), project(), {"old\n", "old\n"},
                           {"new\n", "lock\n"});
    write_file(project().manifest_file, "new\n# the user's\n");
    EXPECT_FALSE(edit.take_back());
    expect_files("new\n# the user's\n", "lock\n");
    EXPECT_FALSE(std::filesystem::exists(open_journal()));
}

TEST_F(EditTest, ThatAnEditCannotBeTakenBackIsAnErrorLikeOthers) {
    write_files("old\n", "old\n");
    project::OpenEdit edit(project::edit_lock(project(), told_), project(), {"old\n", "old\n"},
                           {"new\n", "lock\n"});
    std::filesystem::remove(open_journal());
    EXPECT_THROW((void)edit.take_back(), Error); // it must not hide why it had to be
    std::filesystem::create_directories(open_journal() / "in the way");
    EXPECT_THROW(edit.keep(), Error);
}

TEST_F(EditTest, AnOpenEditIsLeftAloneWhileItsProcessWorks) {
    write_files("old\n", "old\n");
    {
        project::OpenEdit edit(project::edit_lock(project(), told_), project(), {"old\n", "old\n"},
                               {"new\n", "lock\n"});
        settle();
        expect_files("new\n", "lock\n");
        edit.keep();
        EXPECT_FALSE(std::filesystem::exists(open_journal()));
    }
    {
        const project::OpenEdit edit(project::edit_lock(project(), told_), project(),
                                     {"new\n", "lock\n"}, {"newer\n", "newer lock\n"});
    }
    (void)project::edit_lock(project(), told_); // as the next edit does
    expect_files("new\n", "lock\n");
    EXPECT_THAT(told_.lines, testing::ElementsAre(HasSubstr("took back an edit")));
}

TEST_F(EditTest, WhoWaitsForAnotherEditIsTold) {
    write_file(project().manifest_file, "[workspace]\nname = \"x\"\n");
    std::optional<FileLock> other(std::in_place, project().folder() / ".envpm/edit.lock",
                                  LockKind::exclusive);
    const std::string holder = words_of_lock_holder(project().folder() / ".envpm/edit.lock");
    envpm::test::ToldProgress progress;
    progress.then = [&](std::string_view /*line*/) { other.reset(); };
    project::Services services{settings_, {variables_, {}, {}}, progress};
    EXPECT_THROW((void)remove({project(), {"absent"}}, services), Error);
    EXPECT_THAT(progress.lines,
                Contains(HasSubstr("editing this project: waiting for it" + holder)));
}

TEST_F(EditTest, AProjectWithoutAJournalIsLeftAlone) {
    write_file(project().manifest_file, "old\n");
    settle();
    expect_files("old\n", std::nullopt);
}

TEST_F(EditTest, AJournalOfAnotherVersionIsNotGuessedAt) {
    write_file(project().manifest_file, "old\n");
    write_file(journal(), R"({"version":2,"manifest":"new\n","lock":"new\n"})");
    EXPECT_THROW(settle(), Error);
    EXPECT_EQ(read_file(project().manifest_file), "old\n");
    EXPECT_TRUE(std::filesystem::exists(journal()));
}

TEST_F(EditTest, ADamagedJournalChangesNeitherFile) {
    for (const std::string text :
         {R"({"version":3,"until":"written","manifest":"new\n","manifest-before":"old\n"})",
          R"({"version":3,"until":"written","lock":"new\n","lock-before":"old\n"})",
          R"({"version":3,"until":"","lock":"new\n","manifest":"new\n","manifest-before":"old\n"})",
          "{"}) {
        write_files("old\n", "old\n");
        write_file(journal(), text);
        EXPECT_THROW(settle(), Error) << text;
        expect_files("old\n", "old\n");
    }
}

TEST_F(EditTest, RemoveRefusesWhatIsNoNameBeforeAnythingIsSolved) {
    write_file(project().manifest_file, "[workspace]\nname = \"demo\"\n");
    project::Services world = services();
    try {
        (void)remove({project(), {"no name"}}, world);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        EXPECT_THAT(error.text().what, HasSubstr("`no name` is no package name"));
    }
}

TEST_F(EditTest, AManifestThatWasChangedMeanwhileStaysAsItIs) {
    write_file(project().manifest_file, "[workspace]\nname = \"demo\"\n"
                                        "[pypi-dependencies]\nalpha = \"*\"\n");
    settings_.mirrors["pypi"] = {{"https://index.example.org/simple", "test"}}; // nothing is asked
    envpm::test::ToldProgress progress;
    progress.then = [&](std::string_view /*line*/) {
        write_file(project().manifest_file, "the user's\n");
    };
    project::Services world(settings_, {variables_, {}, {}}, progress);
    try {
        (void)remove({project(), {"alpha"}}, world);
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.text().what, HasSubstr("the manifest was changed while envpm worked"));
        EXPECT_EQ(error.code(), ExitCode::failed);
    }
    EXPECT_EQ(read_file(project().manifest_file), "the user's\n");
    EXPECT_FALSE(std::filesystem::exists(project().lock_file()));
    EXPECT_FALSE(std::filesystem::exists(journal()));
}

TEST_F(EditTest, ALockThatWasWrittenMeanwhileStaysAsItIs) {
    const std::string text = "[workspace]\nname = \"demo\"\n"
                             "[pypi-dependencies]\nalpha = \"*\"\n";
    settings_.mirrors["pypi"] = {{"https://index.example.org/simple", "test"}}; // nothing is asked
    Lock lock{sha256_of("their manifest"), {}, {}};
    lock.targets.push_back(
        {{"default", Platform::linux_64, {}}, std::nullopt, sha256_of(""), std::nullopt});
    lock.targets.front().env = lockfiles::env_digest(lock, lock.targets.front());
    const std::string theirs = lockfiles::to_text(lock);
    lock.manifest = sha256_of("an older manifest");
    for (const bool is_new : {true, false}) {
        write_file(project().manifest_file, text);
        if (!is_new) {
            write_file(project().lock_file(), lockfiles::to_text(lock));
        }
        envpm::test::ToldProgress progress;
        progress.then = [&](std::string_view /*line*/) {
            write_file(project().lock_file(), theirs);
        };
        project::Services world(settings_, {variables_, {}, {}}, progress);
        try {
            (void)remove({project(), {"alpha"}}, world);
            FAIL();
        } catch (const Error& error) {
            EXPECT_THAT(error.text().what, HasSubstr("the lock was changed while envpm worked"));
            EXPECT_EQ(error.text().subject, project().lock_file().string());
        }
        EXPECT_EQ(read_file(project().manifest_file), text);
        EXPECT_EQ(read_file(project().lock_file()), theirs);
        EXPECT_FALSE(std::filesystem::exists(journal()));
    }
}

TEST_F(EditTest, AManifestUnderAnotherNameIsNotCutFromItsLink) {
    const std::string text = "[workspace]\nname = \"x\"\n[pypi-dependencies]\nalpha = \"*\"\n";
    write_file(project().folder() / "real.toml", text);
    std::filesystem::create_symlink("real.toml", project().manifest_file);
    project::Services world = services();
    EXPECT_THROW((void)remove({project(), {"alpha"}}, world), Error);
    EXPECT_THROW(project::write_both(project(), "new\n", "lock\n"), Error);
    EXPECT_FALSE(std::filesystem::exists(journal()));
    EXPECT_TRUE(std::filesystem::is_symlink(project().manifest_file));
    EXPECT_EQ(read_file(project().folder() / "real.toml"), text);
}

TEST_F(EditTest, InitWritesAManifestAndTheLinesForGitOnce) {
    const std::filesystem::path home = folder_.path() / "vision";
    write_file(home / ".gitignore", "*.o");
    write_file(home / ".gitattributes", "envpm.lock linguist-generated=true\n");
    const project::Services world = services();
    EXPECT_EQ(init(home, std::nullopt, world).file, home / "envpm.toml");
    EXPECT_EQ(project::read_manifest({home / "envpm.toml"}).name, "vision");
    EXPECT_EQ(read_file(home / ".gitignore"), "*.o\n.envpm/\n");
    EXPECT_EQ(read_file(home / ".gitattributes"), "envpm.lock linguist-generated=true\n");
}

TEST_F(EditTest, InitHidesNoManifestAndNamesWhatItDoesNotUse) {
    const project::Services world(settings_, {variables_, {}, {}}, told_);
    const std::filesystem::path home = folder_.path() / "home";
    write_file(home / "pyproject.toml", "[project]\nname = \"x\"\n[tool.envpm]\n");
    EXPECT_THROW((void)init(home, std::nullopt, world), Error);
    EXPECT_FALSE(std::filesystem::exists(home / "envpm.toml"));
    write_file(home / "pyproject.toml", "[project]\nname = \"x\"\n");
    write_file(home / "environment.yml", "dependencies: []\n");
    write_file(home / "uv.lock", "");
    write_file(home / "setup.py", "");
    (void)init(home, std::nullopt, world);
    EXPECT_THAT(told_.lines, Contains(HasSubstr("`[project]` of pyproject.toml")));
    EXPECT_THAT(told_.lines, Contains(HasSubstr("`envpm init --import environment.yml`")));
    EXPECT_THAT(told_.lines, Contains(HasSubstr("does not use uv.lock; `uv export")));
    EXPECT_THAT(told_.lines, Contains(HasSubstr("does not use setup.py; name what")));
    EXPECT_EQ(told_.lines.size(), 4U);
}

TEST_F(EditTest, InitTakesANameAndNeverOverwrites) {
    const project::Services world = services();
    const std::filesystem::path home = folder_.path() / "new/";
    (void)init(home, "other", world);
    EXPECT_EQ(project::read_manifest({home / "envpm.toml"}).name, "other");
    EXPECT_THROW((void)init(home, std::nullopt, world), Error);
}

TEST_F(EditTest, InitWritesNothingUnderANameThatNoWorkspaceCanHave) {
    const project::Services world = services();
    const std::filesystem::path home = folder_.path() / std::string(101, 'x');
    EXPECT_THROW((void)init(home, std::nullopt, world), Error);
    EXPECT_FALSE(std::filesystem::exists(home));
    try {
        (void)init(home, " ", world);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage); // it stood on the command line
    }
    EXPECT_EQ(init(home, "short", world).file, home / "envpm.toml");
}

} // namespace
} // namespace envpm::pipeline
