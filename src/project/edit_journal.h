#pragma once

#include "base/files.h"
#include "base/progress.h"
#include "project/project.h"

#include <string>

namespace envpm::project {

/// Throws an Error if the manifest or the lock is a link that envpm does not write through.
void check_may_edit(const Project& project);

/// One edit of a project at a time. Whoever waits is told so: the other one may be fetching.
FileLock edit_lock(const Project& project, Progress& progress);

/// Replaces envpm.toml and envpm.lock as one: both are new or both are old, even after a kill
/// half-way, when the next command finishes the edit from its journal. For who holds `edit_lock`.
void write_both(const Project& project, const std::string& manifest, const std::string& lock);

/// Finishes an edit that a crash interrupted, and says so; called before a command reads the
/// project. If either file was changed since, both stay as they are, and the edit is put aside as
/// `.envpm/edit-left.json`, or beside that under the next number. An Error for a journal that
/// cannot be read leaves both files too.
void finish_interrupted_edit(const Project& project, Progress& progress);

} // namespace envpm::project
