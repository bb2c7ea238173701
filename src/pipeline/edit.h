#pragma once

#include "locking/lock.h"
#include "project/edit_journal.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// What is to come of an edit.
enum class AfterEdit { nothing, install };

struct AddRequest {
    project::Project project;
    std::vector<std::string> requirements; ///< as typed: "torch~=2.9.0"
    std::optional<std::string> index;      ///< --index
    bool as_wheels = false;                ///< --pypi, though the manifest has channels
    AfterEdit next = AfterEdit::nothing;
};

struct RemoveRequest {
    project::Project project;
    std::vector<std::string> names;
    AfterEdit next = AfterEdit::nothing;
};

struct RepairRequest {
    locking::LockRequest lock;
    std::size_t number = 1; ///< of the offered changes, as they were shown
};

/// What an edit did: the manifest's new entries, and the lock that goes with them.
struct EditReport {
    std::vector<std::string> entries; ///< "torch ~=2.9.0"; names for `remove`
    std::vector<std::string>
        before{};             ///< of `add`, for each entry what it replaced: "torch ~=2.8.0"
    locking::LockReport lock; ///< impossible: manifest and lock stand as they were
    std::optional<project::OpenEdit> open = {}; ///< of what was written, if an install follows
};

/// Changes envpm.toml and envpm.lock as one: both are new or both are old, even after a kill
/// half-way (the next command finishes or forgets the change). A requirement without a version gets
/// the bound `>=` of the version that the solve chose; version, extras, marker and index of an
/// entry that is there already are kept unless the new one names its own. One edit of a project at
/// a time: others wait. If someone changed the manifest or the lock meanwhile, both are left alone,
/// with an Error.
EditReport add(const AddRequest& request, project::Services& services);
EditReport remove(const RemoveRequest& request, project::Services& services);

/// Solves, and applies one of the changes that are offered for a conflict, in the same way. An
/// Error of code 2 if there is no conflict, or no change of that number.
EditReport repair(const RepairRequest& request, project::Services& services);

/// `lock`, as an edit: the manifest stays.
EditReport update(const locking::LockRequest& request, AfterEdit next, project::Services& services);

/// A folder that is to become a project.
struct NewProject {
    std::filesystem::path folder;
    std::filesystem::path manifest;
    std::string name; ///< that was given, else the folder's, which may be none for a workspace
};

/// Refuses a folder that has a manifest, and a name that no workspace can have (code 2).
NewProject new_project(const std::filesystem::path& folder, const std::optional<std::string>& name);

/// Adds lines to `.gitignore` and `.gitattributes`, then writes `text` as the manifest: a project
/// that has one has the others, and if it cannot be written they are as before. Throws an Error,
/// before anything is written, if `text` is no manifest.
void write_project(const NewProject& project, const std::string& text);

/// A manifest that was written.
struct NewManifest {
    std::filesystem::path file;
    std::optional<std::string> python; ///< "3.11.*", of this host; none if it has none
};

/// Writes a manifest, and lines for `.gitignore` and `.gitattributes`, into `folder`; refuses to
/// overwrite a manifest, or to hide one that is a pyproject.toml. Notes what stands beside it that
/// it does not use.
NewManifest init(const std::filesystem::path& folder, const std::optional<std::string>& name,
                 const project::Services& services);

} // namespace envpm::pipeline
