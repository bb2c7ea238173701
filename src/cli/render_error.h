#pragma once

#include "base/error.h"
#include "base/json.h"
#include "cli/terminal.h"

#include <string>

namespace envpm::cli {

// Failures, and the frame of every document. In words, which are whole lines, and in JSON.

std::string words_of(const Error& error, const Terminal& terminal);
Json json_of(const Error& error);

/// A whole document of `--json`: adds "schema": 1.
std::string document(Json value);

} // namespace envpm::cli
