#pragma once

#include "model/remark.h"

#include <filesystem>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// What `add -r` takes from a file.
struct RequirementsFile {
    std::vector<std::string> requirements; ///< one a name, in the form that `add` takes
    Remarks remarks;                       ///< what of it is not in them
};

/// Reads a requirements file of pip, and those that it names. An Error with file:line:column for a
/// line that pip would refuse too, and for a file that asks for nothing.
RequirementsFile read_requirements_file(const std::filesystem::path& file);

} // namespace envpm::pipeline
