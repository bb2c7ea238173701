#pragma once

#include "gpu/facts.h"
#include "gpu/facts_fit.h"
#include "universe/facts_table.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// The facts, to be shown.
struct FactListing {
    struct Table {
        std::string name;
        std::string about; ///< one line
        std::vector<gpu::FactRow> rows;
    };

    std::string generated; ///< the table's date
    std::string file;      ///< "" for the one that ships
    std::vector<Table> tables;
};

/// Those rows in whose table's name and values every one of `words` stands, whatever the case; all
/// if there are none. An Error (code 1) if there is no such row.
FactListing list_facts(universe::FactsTable& source, const std::vector<std::string>& words);

/// What is asked of a driver and GPUs; either may be left out.
struct GpuQuestion {
    std::optional<std::string> driver{}; ///< "535.104.05"
    gpu::DriverSystem system = gpu::DriverSystem::linux_kernel;
    std::vector<std::string> gpus{}; ///< products or compute capabilities: "RTX 4090", "8.6"
    Platform platform = Platform::linux_64;
};

/// A GPU that was named.
struct NamedGpu {
    std::string name;
    ComputeCapability capability;
    std::optional<gpu::Citation> product; ///< none if the capability itself was named
    std::optional<gpu::Cited<gpu::ArchitectureSupport>> toolkits;
    std::optional<gpu::Cited<DriverVersion>> first_driver; ///< an older one cannot drive it
};

struct GpuAnswer {
    struct Build {
        std::string variant;
        gpu::Citation citation;
        gpu::Fit fit;
    };

    struct Release {
        gpu::MinorVersion release;
        std::vector<Build> builds; ///< empty: unknown
    };

    std::optional<DriverVersion> driver;
    std::optional<gpu::Cited<CudaVersion>> cuda; ///< the newest that the driver knows
    std::vector<NamedGpu> gpus;
    Platform platform = Platform::linux_64;
    std::vector<Release> releases; ///< of PyTorch, newest first
};

/// What CUDA and which builds of PyTorch go with the driver and the GPUs. An Error (code 2) for
/// what is no driver's version, and for a product that the table does not have, with its near
/// misses.
GpuAnswer answer(const gpu::Facts& facts, const GpuQuestion& question);

} // namespace envpm::pipeline
