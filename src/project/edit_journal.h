#pragma once

#include "base/files.h"
#include "base/progress.h"
#include "project/project.h"

#include <optional>
#include <string>

namespace envpm::project {

// Manifest and lock change as one, and with what was to be installed from them. The journal of an
// edit is `.envpm/edit.json` while the two files are written, then `.envpm/edit-open.json` until
// the install that follows has ended.

/// Throws an Error if the manifest or the lock is a link that envpm does not write through.
void check_may_edit(const Project& project);

/// One edit of a project at a time. Whoever waits is told so: the other one may be fetching. What a
/// killed one left is settled first, as by `settle_interrupted_edit`.
FileLock edit_lock(const Project& project, Progress& progress);

/// What manifest and lock were and what they become.
struct FileTexts {
    std::string manifest;
    std::optional<std::string> lock; ///< none: there is no envpm.lock
};

/// Replaces envpm.toml and envpm.lock as one: both are new or both are old, even after a kill
/// half-way, when the next command finishes the edit from its journal. For who holds `edit_lock`.
void write_both(const Project& project, const std::string& manifest, const std::string& lock);

/// An edit that stands if the install that follows it succeeds. No other edit of the project begins
/// meanwhile. If the process ends before it says which, the next command takes the edit back.
class OpenEdit {
  public:
    /// Replaces what differs, as `write_both` does. `alone` is the `edit_lock`.
    OpenEdit(FileLock alone, Project project, FileTexts before, FileTexts after);

    /// All is installed.
    void keep();

    /// Puts both files back as they were. False, with both left as they are, if someone changed
    /// either since.
    [[nodiscard]] bool take_back();

  private:
    FileLock alone_;
    Project project_;
    FileTexts before_;
    FileTexts after_;
};

/// Finishes an edit that a crash interrupted, or takes it back if it was to be installed and was
/// not, and says so; called before a command reads the project. If either file was changed since,
/// both stay as they are, and the edit is put aside as `.envpm/edit-left.json`, or beside that
/// under the next number. An Error for a journal that cannot be read leaves both files too. An edit
/// that is being installed is left to who does so.
void settle_interrupted_edit(const Project& project, Progress& progress);

} // namespace envpm::project
