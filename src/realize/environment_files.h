#pragma once

#include "model/layout.h"
#include "realize/compose.h"

#include <string>

namespace envpm::realize {

/// Whose the files are that no package brings.
inline constexpr std::string_view environment_owner = "envpm";

/// What a prefix needs besides its packages. With a host's Python, to be a Python environment (PEP
/// 405): pyvenv.cfg, bin/python and its names, lib64, and the `.pth` that keeps bytecode out of the
/// prefix; with a package's, that `.pth` alone; without Python nothing.
Layout environment_files(const PythonSource& python);

/// What `bin/python` holds before relocation; realised it leads to the interpreter itself, whatever
/// that is called.
std::string interpreter_link(const PythonAbi& python);

/// Within `.envpm`: a link whose text is the env's short name. Bytecode is kept apart by it,
/// because a project's `current` link is the same path for one prefix after the other.
inline constexpr std::string_view bytecode_key = "env";

} // namespace envpm::realize
