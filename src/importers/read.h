#pragma once

#include "importers/imported.h"

#include <string>
#include <string_view>

namespace envpm::importers {

/// Reads a file of another tool: conda's environment.yml and explicit lists (CEP 23),
/// conda-lock.yml (version 1), pixi.toml or a pyproject.toml with `[tool.pixi]`. Which of them it
/// is shows in its name and content. An Error with file:line:column for a file that its own tool
/// would not read, or that is none of these; what envpm.toml has no place for becomes a remark.
/// `environment` is one of pixi's; other files have only `default`, or it is an Error of code 2.
Imported read(std::string_view text, const std::string& file,
              std::string_view environment = "default");

} // namespace envpm::importers
