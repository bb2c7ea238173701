#include "pipeline/edit.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/told_progress.h"
#include "lockfiles/lock_file.h"
#include "project/edit_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

    /// Of an edit that began when both files were "old\n", or the lock was not there.
    void write_journal(int version = 2, const std::string& lock_before = digest_of("old\n")) const {
        write_file(journal(), to_text(Json(Json::Object{{"version", version},
                                                        {"manifest", "new manifest\n"},
                                                        {"manifest-before", digest_of("old\n")},
                                                        {"lock", "new lock\n"},
                                                        {"lock-before", lock_before}})));
    }

    static std::string digest_of(const std::string& text) { return sha256_of(text).hex(); }

    void finish() { project::finish_interrupted_edit(project(), told_); }

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
    for (const bool has_new_manifest : {false, true}) {
        for (const bool has_new_lock : {false, true}) {
            write_file(project().manifest_file, has_new_manifest ? "new manifest\n" : "old\n");
            write_file(project().lock_file(), has_new_lock ? "new lock\n" : "old\n");
            write_journal();
            finish();
            EXPECT_EQ(read_file(project().manifest_file), "new manifest\n");
            EXPECT_EQ(read_file(project().lock_file()), "new lock\n");
            EXPECT_FALSE(std::filesystem::exists(journal()));
        }
    }
}

TEST_F(EditTest, AnInterruptedEditSaysThatItIsFinished) {
    write_file(project().manifest_file, "old\n");
    write_journal(2, "absent");
    finish();
    EXPECT_EQ(read_file(project().manifest_file), "new manifest\n");
    EXPECT_EQ(read_file(project().lock_file()), "new lock\n");
    EXPECT_THAT(told_.lines, Contains(HasSubstr("finished an edit")));
}

TEST_F(EditTest, WhatWasWrittenAfterAnInterruptedEditStays) {
    for (const bool is_manifest : {true, false}) {
        const std::string left = is_manifest ? "edit-left.json" : "edit-left-2.json";
        write_file(project().manifest_file, is_manifest ? "the user's\n" : "old\n");
        write_file(project().lock_file(), is_manifest ? "old\n" : "the user's\n");
        write_journal();
        const std::string wanted = read_file(journal());
        finish();
        EXPECT_EQ(read_file(project().manifest_file), is_manifest ? "the user's\n" : "old\n");
        EXPECT_EQ(read_file(project().lock_file()), is_manifest ? "old\n" : "the user's\n");
        EXPECT_FALSE(std::filesystem::exists(journal()));
        EXPECT_EQ(read_file(project().folder() / ".envpm" / left), wanted);
        EXPECT_THAT(told_.lines, Contains(HasSubstr("both stay as they are")));
    }
}

TEST_F(EditTest, AJournalThatCannotBeReadSaysWhatToDoWithIt) {
    write_file(project().manifest_file, "old\n");
    for (const std::string text : {"", "{}", "{\"version\":"}) {
        write_file(journal(), text);
        try {
            finish();
            ADD_FAILURE() << "it was read: " << text;
        } catch (const Error& error) {
            EXPECT_THAT(error.text().hint, HasSubstr("delete this file"));
        }
    }
    EXPECT_EQ(read_file(project().manifest_file), "old\n");
}

TEST_F(EditTest, AnUpdateIsUndoneWithoutAWordInTheManifest) {
    write_file(project().manifest_file, "mine\n");
    write_file(project().lock_file(), "old lock\n");
    EditReport edit = before_update(project());
    edit.lock.lock = Lock{sha256_of("manifest"), {}, {}};
    write_file(project().lock_file(), lockfiles::to_text(*edit.lock.lock));
    EXPECT_TRUE(undo(project(), edit, told_));
    EXPECT_EQ(read_file(project().manifest_file), "mine\n");
    EXPECT_EQ(read_file(project().lock_file()), "old lock\n");
}

TEST_F(EditTest, WhatWasWrittenAfterAnEditIsNotUndone) {
    EditReport edit;
    edit.lock.lock = Lock{sha256_of("manifest"), {}, {}};
    edit.manifest_before = "old\n";
    edit.manifest_after = "new\n";
    const std::string lock = lockfiles::to_text(*edit.lock.lock);
    write_file(project().lock_file(), lock);
    write_file(project().manifest_file, "new\n# the user's\n");
    EXPECT_FALSE(undo(project(), edit, told_));
    EXPECT_EQ(read_file(project().manifest_file), "new\n# the user's\n");
    EXPECT_EQ(read_file(project().lock_file()), lock);
    write_file(project().manifest_file, "new\n");
    EXPECT_TRUE(undo(project(), edit, told_));
    EXPECT_EQ(read_file(project().manifest_file), "old\n");
    EXPECT_FALSE(std::filesystem::exists(project().lock_file()));
}

TEST_F(EditTest, WhoWaitsForAnotherEditIsTold) {
    write_file(project().manifest_file, "[workspace]\nname = \"x\"\n");
    std::optional<FileLock> other(std::in_place, project().folder() / ".envpm/edit.lock",
                                  LockKind::exclusive);
    envpm::test::ToldProgress progress;
    progress.then = [&](std::string_view /*line*/) { other.reset(); };
    project::Services services{settings_, {variables_, {}, {}}, progress};
    EXPECT_THROW((void)remove({project(), {"absent"}}, services), Error);
    EXPECT_THAT(progress.lines, Contains(HasSubstr("editing this project")));
}

TEST_F(EditTest, AProjectWithoutAJournalIsLeftAlone) {
    write_file(project().manifest_file, "old\n");
    finish();
    EXPECT_EQ(read_file(project().manifest_file), "old\n");
    EXPECT_FALSE(std::filesystem::exists(project().lock_file()));
}

TEST_F(EditTest, AJournalOfAnotherVersionIsNotGuessedAt) {
    write_file(project().manifest_file, "old\n");
    write_journal(1);
    EXPECT_THROW(finish(), Error);
    EXPECT_EQ(read_file(project().manifest_file), "old\n");
    EXPECT_TRUE(std::filesystem::exists(journal()));
}

TEST_F(EditTest, ADamagedJournalChangesNeitherFile) {
    for (const std::string text : {R"({"version":2,"manifest":"new\n","manifest-before":"absent"})",
                                   R"({"version":2,"lock":"new\n","lock-before":"absent"})", "{"}) {
        write_file(project().manifest_file, "old\n");
        write_file(project().lock_file(), "old\n");
        write_file(journal(), text);
        EXPECT_THROW(finish(), Error) << text;
        EXPECT_EQ(read_file(project().manifest_file), "old\n") << text;
        EXPECT_EQ(read_file(project().lock_file()), "old\n") << text;
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
