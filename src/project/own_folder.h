#pragma once

#include "project/project.h"

namespace envpm::project {

/// Keeps the project's `.envpm` out of git, whoever wrote the manifest: a `.gitignore` in it, if it
/// has none. A `config.toml` there, now or later, is the user's and stays in sight. If it cannot be
/// written, git shows what nobody needs, and nothing else is wrong.
void ignore_own_folder(const Project& project);

} // namespace envpm::project
