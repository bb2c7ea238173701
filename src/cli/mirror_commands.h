#pragma once

#include "base/exit_code.h"

namespace envpm::cli {

struct Session;

struct MirrorListCommand {};

struct MirrorTestCommand {};

ExitCode run(const MirrorListCommand& command, const Session& session);

/// Code 5 if a source has no place that works.
ExitCode run(const MirrorTestCommand& command, const Session& session);

} // namespace envpm::cli
