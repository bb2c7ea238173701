#pragma once

#include "base/exit_code.h"

#include <string>

namespace envpm::cli {

struct Session;

// Commands that show what is there, and change nothing.

struct ListCommand {};

struct TreeCommand {};

struct WhyCommand {
    std::string package = {};
};

struct InfoCommand {};

struct GensCommand {};

ExitCode run(const ListCommand& command, const Session& session);
ExitCode run(const TreeCommand& command, const Session& session);
ExitCode run(const WhyCommand& command, const Session& session);
ExitCode run(const InfoCommand& command, const Session& session);
ExitCode run(const GensCommand& command, const Session& session);

} // namespace envpm::cli
