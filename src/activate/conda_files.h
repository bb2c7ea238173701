#pragma once

#include "activate/environment.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace envpm::activate {

/// Whether conda packages were laid out in the prefix.
bool has_conda_packages(const std::filesystem::path& prefix);

/// Variables that conda packages set by data.
struct CondaVariables {
    std::vector<std::pair<std::string, std::string>> values; ///< a later one counts more
    std::vector<std::string> complaints; ///< what was left out and why, with its path in the prefix
};

/// From `etc/conda/env_vars.d/*.json`, objects of texts in the order of the files' names, and from
/// `env_vars` of `conda-meta/state`, as conda does; `***unset***` there sets nothing. Left out
/// with a complaint: a file that is no such object, a name that no shell takes, a value that is no
/// text, and the variables by which envpm activates.
CondaVariables conda_variables(const std::filesystem::path& prefix);

/// The scripts of `etc/conda/activate.d` that the shell can source, in the order of their names,
/// and those of `deactivate.d` in the reverse order: `.sh`, or `.fish` for fish.
CondaScripts conda_scripts(Shell shell, const std::filesystem::path& prefix);

} // namespace envpm::activate
