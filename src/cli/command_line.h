#pragma once

#include "cli/arguments.h"

#include <memory>
#include <optional>

namespace CLI { // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace envpm::cli {

/// What CLI11 has read so far.
struct ReadArguments {
    GlobalOptions global;
    std::optional<Command> command; ///< none: none was named
};

/// CLI11's parser of all commands and flags, with the help of each. What it reads goes to
/// `arguments`, which must outlive it; a flag that is not there is read from its variable.
std::unique_ptr<CLI::App> command_line(ReadArguments& arguments);

} // namespace envpm::cli
