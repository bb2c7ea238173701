#pragma once

#include "importers/imported.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace envpm::importers {

/// The content of a file that another one names; nothing if it is not to be read.
using ReadNamed = std::function<std::optional<std::string>(const std::filesystem::path&)>;

/// Reads a requirements file of pip, as `read_pip_line` each of its lines, which a `\` at the end
/// continues. A file that a line `-r` names, from the folder of the one that names it, is read in
/// its place, once each. Hashes become one remark: a lock has its own.
Imported read_requirements_txt(std::string_view text, const std::string& file,
                               const ReadNamed& read_named);

} // namespace envpm::importers
