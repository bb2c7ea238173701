#pragma once

#include "gpu/facts_rows.h"
#include "model/target.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::gpu {

// The file of facts, read: what Facts answers from. Nobody else needs this header.

/// `[[cuda_minor_compat]]`
struct MajorRow {
    int cuda_major = 0;
    std::optional<DriverVersion> linux_driver;
    std::optional<DriverVersion> windows_driver;
};

/// `[[cuda_toolkit]]`
struct ToolkitRow {
    ToolkitVersion toolkit;
    std::optional<DriverVersion> linux_driver; ///< the one it came with, if no least one is stated
    std::optional<DriverVersion> windows_driver;
};

/// `[[ptx_isa]]`
struct PtxRow {
    PtxVersion ptx;
    CudaVersion cuda;
};

/// `[[sm_support]]`
struct ArchitectureRow {
    ComputeCapability capability;
    ArchitectureSupport support;
};

/// One name of `[[gpu]]`
struct ProductRow {
    std::string name;
    ComputeCapability capability;
};

/// `[[torch_variant_aarch64]]`: what the builds for that processor have instead.
struct ArmRow {
    std::string variant;
    MinorRange releases;
    std::vector<ComputeCapability> sass;
};

/// `[[cudnn_least_gpu]]`
struct CudnnRow {
    MinorVersion first;
    ComputeCapability least;
};

/// `[[torch_conda_forge]]`
struct CondaTorchRow {
    std::string torch;                ///< "2.9.1"
    std::vector<CudaVersion> cuda;    ///< the recipe is the same for these
    std::optional<Platform> platform; ///< none: for all
    std::vector<ComputeCapability> sass;
    std::vector<ComputeCapability> ptx;
};

/// `[[torch_variant]]`
struct TorchVariantRow {
    TorchVariant variant;
    TomlValue::Table triton_patches; ///< triton's version by torch's, where a patch moved it
};

/// In ascending order, but `rows`, which are in the order of the file.
struct FactTable {
    std::string generated;
    std::vector<FactRow> rows;
    std::vector<Cited<MajorRow>> majors;
    std::vector<Cited<ToolkitRow>> toolkits;
    std::vector<Cited<PtxRow>> ptx;
    std::vector<Cited<ArchitectureRow>> architectures;
    std::vector<Cited<ProductRow>> products;
    std::vector<Cited<TorchRelease>> torch_releases;
    std::vector<Cited<TorchVariantRow>> torch_variants;
    std::vector<Cited<ArmRow>> arm_variants;
    std::vector<Cited<TorchCompanions>> companions;
    std::vector<Cited<CudnnRow>> cudnn;
    std::vector<Cited<CondaTorchRow>> conda_torches;
};

/// As Facts::parse.
FactTable read_table(std::string_view text, const std::string& file_name);

} // namespace envpm::gpu
