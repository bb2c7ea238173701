#pragma once

#include "pipeline/lock.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

struct AddRequest {
    Project project;
    std::vector<std::string> requirements; ///< as typed: "torch~=2.9.0"
    std::optional<std::string> index;      ///< --index
};

struct RemoveRequest {
    Project project;
    std::vector<std::string> names;
};

/// What an edit did: the manifest's new entries, and the lock that goes with them.
struct EditReport {
    std::vector<std::string> entries; ///< "torch ~=2.9.0"; names for `remove`
    LockReport lock;                  ///< impossible: manifest and lock stand as they were
};

/// Changes envpm.toml and envpm.lock as one: both are new or both are old, even after a kill
/// half-way (the next command finishes or forgets the change). A requirement without a version gets
/// the bound `>=` of the version that the solve chose.
EditReport add(const AddRequest& request, Services& services);
EditReport remove(const RemoveRequest& request, Services& services);

/// Finishes an edit that a crash interrupted; called before a command reads the project.
void finish_interrupted_edit(const Project& project);

/// Writes a manifest, and lines for `.gitignore` and `.gitattributes`, into `folder`; refuses to
/// overwrite a manifest. Returns its file.
std::filesystem::path init(const std::filesystem::path& folder,
                           const std::optional<std::string>& name, const Services& services);

} // namespace envpm::pipeline
