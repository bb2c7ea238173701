#pragma once

#include "model/compute_capability.h"
#include "model/cuda_version.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm {

/// A GPU as envpm-gpuprobe names it.
struct ProbedGpu {
    int index = 0;                                 ///< among those that the probe sees
    std::string name;                              ///< "NVIDIA A100-SXM4-40GB", or empty
    std::string uuid;                              ///< "GPU-…", or empty
    std::optional<ComputeCapability> capability{}; ///< none if the driver did not say
    bool is_divided = false;                       ///< in MIG mode (only --management says so)

    bool operator==(const ProbedGpu&) const = default;
};

/// The last word of a probe. Without one the probe did not come to its end, whatever its exit
/// status says: a driver may end the process that calls it.
struct ProbeVerdict {
    std::string kind;   ///< "ok", "listed", "error", "no_device", … (docs/selftest.md)
    std::string stage;  ///< of an error
    int code = 0;       ///< of an error: CUresult, or NVML's
    std::string detail; ///< the error's name, or what was missing

    bool operator==(const ProbeVerdict&) const = default;
};

/// What envpm-gpuprobe has said so far: lines of JSON, read as they come. Its output is not
/// trusted: what is no line of it is passed over, and it has a limit.
class ProbeTranscript {
  public:
    void add(std::string_view bytes);

    /// The stage that it entered last, "" before the first.
    std::string stage;
    std::optional<int> stage_gpu;      ///< for which GPU, if the stage is of one
    std::string library;               ///< the real path of libcuda.so.1
    std::optional<CudaVersion> cuda;   ///< of the driver API; none if it says 0
    std::optional<std::string> driver; ///< its version, as NVML has it
    std::optional<int> gpu_count;
    std::vector<ProbedGpu> gpus;
    std::string version;             ///< of a library, as it says itself: "13.1.0"
    std::vector<std::string> mapped; ///< paths of the CUDA libraries in the probe's process
    std::vector<std::string> notes;
    std::optional<ProbeVerdict> verdict;

  private:
    void add_line(std::string_view line);

    std::string rest_; ///< a line that is not whole yet
    std::size_t size_bytes_ = 0;
};

} // namespace envpm
