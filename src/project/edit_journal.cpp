#include "project/edit_journal.h"

#include "base/error.h"
#include "base/json.h"
#include "base/lock_holder.h"
#include "base/rewrite_file.h"
#include "project/own_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace envpm::project {

namespace {

constexpr int journal_version = 3;
constexpr std::string_view until_written = "written";
constexpr std::string_view until_installed = "installed";

/// What a journal says.
struct Edit {
    FileTexts before;
    FileTexts after;
    bool stands_when_written = false; ///< else when it is installed
};

void write_journal(const Project& project, const Edit& edit);
void settle(const Project& project, const std::filesystem::path& journal, Progress& progress);
Edit read_edit(const std::filesystem::path& journal, const std::string& text);
[[noreturn]] void throw_unreadable(const std::filesystem::path& journal);
FileTexts texts_of(const Project& project);
bool may_be_settled(const Edit& edit, const FileTexts& now);
void put(const Project& project, const FileTexts& from, const FileTexts& to);
void put_text(const std::filesystem::path& file, const std::string& text);
void put_lock(const Project& project, const std::optional<std::string>& lock);
void forget(const std::filesystem::path& journal);
void move_durably(const std::filesystem::path& from, const std::filesystem::path& to);
std::filesystem::path lock_of(const Project& project);
std::filesystem::path journal_of(const Project& project);
std::filesystem::path open_journal_of(const Project& project);
std::string waiting_words(const Project& project);
unsigned mode_of(const std::filesystem::path& file);
std::filesystem::path unused_name(const std::filesystem::path& folder);

} // namespace

void check_may_edit(const Project& project) {
    check_may_rewrite(project.manifest_file);
    check_may_rewrite(project.lock_file());
}

FileLock edit_lock(const Project& project, Progress& progress) {
    ignore_own_folder(project);
    FileLock lock(lock_of(project), LockKind::exclusive,
                  [&] { progress.note(waiting_words(project)); });
    settle(project, journal_of(project), progress);
    settle(project, open_journal_of(project), progress);
    return lock;
}

/// Two files cannot be renamed as one; a journal that holds both can.
void write_both(const Project& project, const std::string& manifest, const std::string& lock) {
    const Edit edit{texts_of(project), {manifest, lock}, true};
    write_journal(project, edit);
    put(project, edit.before, edit.after);
    forget(journal_of(project));
}

OpenEdit::OpenEdit(FileLock alone, Project project, FileTexts before, FileTexts after)
    : alone_(std::move(alone)),
      project_(std::move(project)),
      before_(std::move(before)),
      after_(std::move(after)) {
    write_journal(project_, {before_, after_, false});
    put(project_, before_, after_);
    move_durably(journal_of(project_), open_journal_of(project_));
}

void OpenEdit::keep() {
    forget(open_journal_of(project_));
}

bool OpenEdit::take_back() {
    const FileTexts now = texts_of(project_);
    const bool is_ours = now.manifest == after_.manifest && now.lock == after_.lock;
    if (is_ours) {
        // Whoever reads meanwhile waits, as for every edit.
        move_durably(open_journal_of(project_), journal_of(project_));
        put(project_, after_, before_);
        forget(journal_of(project_));
    } else {
        forget(open_journal_of(project_));
    }
    return is_ours;
}

void settle_interrupted_edit(const Project& project, Progress& progress) {
    constexpr std::chrono::milliseconds pause(5);
    const auto try_settle = [&](const std::filesystem::path& journal) {
        const auto alone = FileLock::try_take(lock_of(project), LockKind::exclusive);
        if (alone) {
            settle(project, journal, progress);
        }
        return alone.has_value();
    };
    // Whoever writes the files does so soon; whoever then installs may take long.
    for (bool is_told = false; std::filesystem::exists(journal_of(project)); is_told = true) {
        if (try_settle(journal_of(project))) {
            return;
        }
        if (!is_told) {
            progress.note(waiting_words(project));
        }
        std::this_thread::sleep_for(pause);
    }
    if (std::filesystem::exists(open_journal_of(project))) {
        try_settle(open_journal_of(project));
    }
}

namespace {

void write_journal(const Project& project, const Edit& edit) {
    // Before there is a journal, which could then never be settled. An update leaves the manifest.
    if (edit.before.manifest != edit.after.manifest) {
        check_may_rewrite(project.manifest_file);
    }
    check_may_rewrite(project.lock_file());
    Json::Object journal{
        {"version", journal_version},
        {"until", std::string(edit.stands_when_written ? until_written : until_installed)},
        {"manifest", edit.after.manifest},
        {"manifest-before", edit.before.manifest},
        {"lock", *edit.after.lock}};
    if (edit.before.lock) {
        journal.emplace("lock-before", *edit.before.lock);
    }
    write_file(journal_of(project), to_text(Json(std::move(journal))), Durability::durable,
               mode_of(project.manifest_file));
    sync_folder(project.folder()); // the name of the journal's folder may be new
}

/// For who holds the lock: then nobody is at work on what is there.
void settle(const Project& project, const std::filesystem::path& journal, Progress& progress) {
    const auto text = read_file_if_present(journal);
    if (!text) {
        return; // there is none, or whoever was waited for did it
    }
    const Edit edit = read_edit(journal, *text);
    const FileTexts now = texts_of(project);
    if (may_be_settled(edit, now)) {
        const FileTexts& goal = edit.stands_when_written ? edit.after : edit.before;
        put(project, edit.stands_when_written ? edit.before : edit.after, goal);
        forget(journal);
        progress.note(edit.stands_when_written
                          ? "finished an edit of the manifest and envpm.lock that was interrupted"
                          : "took back an edit of the manifest and envpm.lock, for it was "
                            "interrupted before all was installed");
        return;
    }
    const std::filesystem::path aside = unused_name(journal.parent_path());
    move_durably(journal, aside);
    progress.note(fmt::format("an edit was interrupted, and the manifest or envpm.lock was changed "
                              "since: both stay as they are; what it wanted to write is in `{}`",
                              aside.string()));
}

Edit read_edit(const std::filesystem::path& journal, const std::string& text) {
    Json edit;
    try {
        edit = parse_json(text, journal.string());
        (void)edit.number("version");
    } catch (const Error&) {
        throw_unreadable(journal);
    }
    if (edit.number("version") != journal_version) {
        throw Error(
            {"another version of envpm was interrupted while it edited this project",
             journal.string(),
             "finish with that version, or delete this file to keep both files as they are"});
    }
    const std::string& until = edit.text("until");
    if (until != until_written && until != until_installed) {
        throw_unreadable(journal);
    }
    const Json* const lock_before = edit.find("lock-before");
    return {{edit.text("manifest-before"),
             lock_before ? std::optional(edit.text("lock-before")) : std::nullopt},
            {edit.text("manifest"), edit.text("lock")},
            until == until_written};
}

void throw_unreadable(const std::filesystem::path& journal) {
    throw Error({"what an interrupted edit wanted to write cannot be read", journal.string(),
                 "delete this file to keep both files as they are"});
}

FileTexts texts_of(const Project& project) {
    return {read_file_if_present(project.manifest_file).value_or(""),
            read_file_if_present(project.lock_file())};
}

/// A kill leaves each file as it was or as it was to be; anything else is somebody's work.
bool may_be_settled(const Edit& edit, const FileTexts& now) {
    return (now.manifest == edit.before.manifest || now.manifest == edit.after.manifest) &&
           (now.lock == edit.before.lock || now.lock == edit.after.lock);
}

/// Each again where a kill may have left it half-way: what looks written may not be on the disk.
void put(const Project& project, const FileTexts& from, const FileTexts& to) {
    if (from.manifest != to.manifest) {
        put_text(project.manifest_file, to.manifest);
    }
    if (from.lock != to.lock) {
        put_lock(project, to.lock);
    }
}

/// What is there already is made durable, which needs no room: on the full disk that ended the edit
/// there is none for writing it again, and until it is settled no command would work.
void put_text(const std::filesystem::path& file, const std::string& text) {
    if (read_file_if_present(file) != text) {
        rewrite_file(file, text);
        return;
    }
    const std::filesystem::path place = std::filesystem::canonical(file);
    if (::fsync(open_file(place, O_RDONLY).get()) != 0) {
        throw_system_error("cannot write a file", file.string(), errno);
    }
    sync_folder(place.parent_path());
}

void put_lock(const Project& project, const std::optional<std::string>& lock) {
    if (lock) {
        put_text(project.lock_file(), *lock);
        return;
    }
    std::filesystem::remove(project.lock_file());
    sync_folder(project.folder());
}

/// If it came back it would undo what is written later.
void forget(const std::filesystem::path& journal) {
    std::error_code failure;
    std::filesystem::remove(journal, failure);
    if (failure) {
        throw_system_error("cannot remove a file", journal.string(), failure.value());
    }
    sync_folder(journal.parent_path());
}

void move_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0) {
        throw_system_error("cannot rename a file", from.string(), errno);
    }
    sync_folder(to.parent_path());
}

std::filesystem::path lock_of(const Project& project) {
    return project.folder() / ".envpm/edit.lock";
}

std::filesystem::path journal_of(const Project& project) {
    return project.folder() / ".envpm/edit.json";
}

std::filesystem::path open_journal_of(const Project& project) {
    return project.folder() / ".envpm/edit-open.json";
}

std::string waiting_words(const Project& project) {
    return fmt::format("another process is editing this project: waiting for it{}",
                       words_of_lock_holder(lock_of(project)));
}

/// The journal has the manifest's text: who may not read that reads none of it here.
unsigned mode_of(const std::filesystem::path& file) {
    constexpr unsigned anybody = 0666;

    struct stat status {};

    return ::stat(file.c_str(), &status) == 0 ? status.st_mode & anybody : anybody;
}

/// What an earlier edit left is nobody's to replace.
std::filesystem::path unused_name(const std::filesystem::path& folder) {
    std::filesystem::path name = folder / "edit-left.json";
    for (int number = 2; std::filesystem::exists(name); ++number) {
        name = folder / fmt::format("edit-left-{}.json", number);
    }
    return name;
}

} // namespace

} // namespace envpm::project
