#include "project/edit_journal.h"

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/rewrite_file.h"
#include "project/own_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <optional>
#include <utility>

namespace envpm::project {

namespace {

constexpr int journal_version = 2;

/// One of the two files: what it was, as a digest, and what it becomes.
struct FileEdit {
    std::filesystem::path file;
    std::string before; ///< of `state_of`
    std::string after;
};

struct Edit {
    FileEdit manifest;
    FileEdit lock;
};

Edit read_edit(const Project& project, const std::string& text);
bool may_be_finished(const FileEdit& edit);
void apply(const Project& project, const Edit& edit);
std::string state_of(const std::filesystem::path& file);
std::filesystem::path journal_of(const Project& project);
unsigned mode_of(const std::filesystem::path& file);
std::filesystem::path unused_name(const std::filesystem::path& folder);

} // namespace

void check_may_edit(const Project& project) {
    check_may_rewrite(project.manifest_file);
    check_may_rewrite(project.lock_file());
}

FileLock edit_lock(const Project& project, Progress& progress) {
    const std::filesystem::path file = project.folder() / ".envpm/edit.lock";
    ignore_own_folder(project);
    if (std::optional<FileLock> lock = FileLock::try_take(file, LockKind::exclusive)) {
        return std::move(*lock);
    }
    progress.note("another process is editing this project: waiting for it");
    return {file, LockKind::exclusive};
}

/// Two files cannot be renamed as one; a journal that holds both can.
void write_both(const Project& project, const std::string& manifest, const std::string& lock) {
    check_may_edit(project); // before there is a journal, which could then never be finished
    const Edit edit{{project.manifest_file, state_of(project.manifest_file), manifest},
                    {project.lock_file(), state_of(project.lock_file()), lock}};
    write_file(journal_of(project),
               to_text(Json(Json::Object{{"version", journal_version},
                                         {"manifest", manifest},
                                         {"manifest-before", edit.manifest.before},
                                         {"lock", lock},
                                         {"lock-before", edit.lock.before}})),
               Durability::durable, mode_of(project.manifest_file));
    sync_folder(project.folder()); // the name of the journal's folder may be new
    apply(project, edit);
}

void finish_interrupted_edit(const Project& project, Progress& progress) {
    const std::filesystem::path journal = journal_of(project);
    if (!std::filesystem::exists(journal)) {
        return;
    }
    const FileLock alone = edit_lock(project, progress);
    const auto text = read_file_if_present(journal);
    if (!text) {
        return; // whoever was waited for did it
    }
    const Edit edit = read_edit(project, *text);
    if (may_be_finished(edit.manifest) && may_be_finished(edit.lock)) {
        apply(project, edit);
        progress.note("finished an edit of the manifest and envpm.lock that was interrupted");
        return;
    }
    const std::filesystem::path aside = unused_name(journal.parent_path());
    std::filesystem::rename(journal, aside);
    sync_folder(aside.parent_path());
    progress.note(fmt::format("an edit was interrupted, and the manifest or envpm.lock was changed "
                              "since: both stay as they are; what it wanted to write is in `{}`",
                              aside.string()));
}

namespace {

Edit read_edit(const Project& project, const std::string& text) {
    const std::filesystem::path journal = journal_of(project);
    const Json edit = [&] {
        try {
            Json json = parse_json(text, journal.string());
            (void)json.number("version");
            return json;
        } catch (const Error&) {
            throw Error({"what an interrupted edit wanted to write cannot be read",
                         journal.string(), "delete this file to keep both files as they are"});
        }
    }();
    if (edit.number("version") != journal_version) {
        throw Error(
            {"another version of envpm was interrupted while it edited this project",
             journal.string(),
             "finish with that version, or delete this file to keep both files as they are"});
    }
    return {{project.manifest_file, edit.text("manifest-before"), edit.text("manifest")},
            {project.lock_file(), edit.text("lock-before"), edit.text("lock")}};
}

/// A kill leaves each file as it was or as it was to be; anything else is somebody's work.
bool may_be_finished(const FileEdit& edit) {
    const std::string now = state_of(edit.file);
    return now == edit.before || now == sha256_of(edit.after).hex();
}

void apply(const Project& project, const Edit& edit) {
    const std::filesystem::path journal = journal_of(project);
    rewrite_file(edit.manifest.file, edit.manifest.after);
    rewrite_file(edit.lock.file, edit.lock.after);
    std::filesystem::remove(journal);
    sync_folder(journal.parent_path()); // if it came back it would undo what is written later
}

/// The digest of a file, or that there is none.
std::string state_of(const std::filesystem::path& file) {
    const auto content = read_file_if_present(file);
    return content ? sha256_of(*content).hex() : "absent";
}

std::filesystem::path journal_of(const Project& project) {
    return project.folder() / ".envpm/edit.json";
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
