#pragma once

#include "base/files.h"
#include "base/progress.h"
#include "pipeline/project.h"

#include <string>

namespace envpm::pipeline {

/// One edit of a project at a time. Whoever waits is told so: the other one may be fetching.
FileLock edit_lock(const Project& project, Progress& progress);

/// Replaces envpm.toml and envpm.lock as one: both are new or both are old, even after a kill
/// half-way, when the next command finishes the edit from its journal. For who holds `edit_lock`.
void write_both(const Project& project, const std::string& manifest, const std::string& lock);

/// Finishes an edit that a crash interrupted; called before a command reads the project. An Error
/// for a journal that cannot be read leaves both files as they are.
void finish_interrupted_edit(const Project& project);

} // namespace envpm::pipeline
