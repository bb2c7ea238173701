#pragma once

#include "cli/arguments.h"

#include <memory>

namespace CLI { // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace envpm::cli {

/// CLI11's parser of all commands and flags, with the help of each. What it reads goes to
/// `arguments`, which must outlive it; a flag that is not there is read from its variable.
std::unique_ptr<CLI::App> command_line(Arguments& arguments);

} // namespace envpm::cli
