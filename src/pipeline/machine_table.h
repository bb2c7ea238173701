#pragma once

#include "host/gpu_driver.h"
#include "model/target.h"

#include <string>

namespace envpm::pipeline {

/// This machine, as a target that a manifest can declare.
struct DetectedMachine {
    Target target;
    host::MachineFacts facts;
};

/// Asks files, the driver and variables (host/gpu_driver.h); at most three seconds. An Error (code
/// 1) where envpm has no platform for this machine, and for a variable that makes no sense.
DetectedMachine detect_machine(const Variables& variables,
                               const host::MachineFolders& folders = {});

/// A `[targets.NAME]` table to paste into envpm.toml, each line with who says so. A machine without
/// a driver has `gpus = "none"`; what could not be found out is a comment and left open.
std::string target_table(const DetectedMachine& machine, const std::string& name);

} // namespace envpm::pipeline
