#pragma once

#include "selftest/verdict.h"

#include <string>

namespace envpm::selftest {

// The words of a verdict, one function for each thing that can be wrong. Pure.

Finding finding_of_absent_library(const Situation& situation);
Finding finding_of_stub(const Situation& situation);
Finding finding_of_no_gpu(const Situation& situation);

/// Of a driver that failed before it named any GPU, for any other reason.
Finding finding_of_driver(const Situation& situation);

Finding finding_of_old_driver(const Situation& situation);

/// It runs the CUDA of the packages, but not all that they bring for it.
Finding finding_of_driver_below_lock(const Situation& situation);

/// Of a GPU that did not pass.
Finding finding_of_gpu(const TestedGpu& tested, const Situation& situation);

Finding finding_of_old_gpu(const ProbedGpu& gpu, const Needs& needs);
Finding finding_of_gpu_without_code(const ProbedGpu& gpu, const Needs& needs);

/// For a GPU that only PTX covers, and a driver that cannot compile it.
Finding finding_of_ptx_too_new(const ProbedGpu& gpu, const Situation& situation);

/// "GPU 0 (NVIDIA A100)"
std::string name_of(const ProbedGpu& gpu);

} // namespace envpm::selftest
