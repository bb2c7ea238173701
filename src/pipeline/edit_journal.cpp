#include "pipeline/edit_journal.h"

#include "base/error.h"
#include "base/json.h"

#include <optional>
#include <utility>

namespace envpm::pipeline {

namespace {

constexpr int journal_version = 1;

void finish_edit(const Project& project);
std::filesystem::path journal_of(const Project& project);

} // namespace

FileLock edit_lock(const Project& project, Progress& progress) {
    const std::filesystem::path file = project.folder() / ".envpm/edit.lock";
    if (std::optional<FileLock> lock = FileLock::try_take(file, LockKind::exclusive)) {
        return std::move(*lock);
    }
    progress.note("another process is editing this project: waiting for it");
    return {file, LockKind::exclusive};
}

/// Two files cannot be renamed as one; a journal that holds both can.
void write_both(const Project& project, const std::string& manifest, const std::string& lock) {
    write_file(journal_of(project),
               to_text(Json(Json::Object{
                   {"version", journal_version}, {"manifest", manifest}, {"lock", lock}})));
    sync_folder(project.folder()); // the name of the journal's folder may be new
    finish_edit(project);
}

void finish_interrupted_edit(const Project& project) {
    if (std::filesystem::exists(journal_of(project))) {
        SilentProgress silent;
        const FileLock alone = edit_lock(project, silent);
        finish_edit(project);
    }
}

namespace {

void finish_edit(const Project& project) {
    const std::filesystem::path journal = journal_of(project);
    const auto text = read_file_if_present(journal);
    if (!text) {
        return;
    }
    const Json edit = parse_json(*text, journal.string());
    if (edit.number("version") != journal_version) {
        throw Error(
            {"another version of envpm was interrupted while it edited this project",
             journal.string(),
             "finish with that version, or delete this file to keep both files as they are"});
    }
    const std::string& manifest = edit.text("manifest");
    const std::string& lock = edit.text("lock"); // both are there before either is written
    write_file(project.manifest_file, manifest);
    write_file(project.lock_file(), lock);
    std::filesystem::remove(journal);
    sync_folder(journal.parent_path()); // if it came back it would undo what is written later
}

std::filesystem::path journal_of(const Project& project) {
    return project.folder() / ".envpm/edit.json";
}

} // namespace

} // namespace envpm::pipeline
