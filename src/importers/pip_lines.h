#pragma once

#include "importers/imported.h"

#include <string>

namespace envpm::importers {

/// One line as pip's requirements files have them (the `pip` section of an environment.yml): a
/// requirement, `--index-url`, `--extra-index-url` and `--pre` are carried over, all else becomes a
/// remark: files, folders and repositories in place of an index, and pip's own options. No password
/// of a URL reaches a remark.
void read_pip_line(const std::string& line, const SourceLocation& location, Imported& imported);

/// The text without the `user:password@` and the `/t/TOKEN` (of channels) of every URL in it.
std::string without_passwords(std::string text);

} // namespace envpm::importers
