#pragma once

#include "gpu/facts_rows.h"
#include "gpu/facts_table.h"
#include "model/target.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace envpm::gpu {

/// Whose driver version is meant: under WSL the driver is Windows', and its number Windows'.
enum class DriverSystem { linux_kernel, windows };

/// A product name that the table does not have, and what may be meant.
struct UnknownProduct {
    std::vector<std::string> near_misses; ///< as the table writes them; may be empty
};

/// What is known of GPUs, CUDA and PyTorch without asking any of them (docs/gpu.md): a table that
/// ships with envpm. Every answer carries the row that it rests on. An empty answer means that the
/// table does not know, never that there is no such thing.
class Facts {
  public:
    static Facts shipped();

    /// A newer table of the same form. Throws an Error (code 1) naming file, line and column for an
    /// unknown table or key, a value of the wrong kind and a row that contradicts another.
    static Facts parse(std::string_view text, const std::string& file_name);

    /// Every row of every table, in the order of the file.
    [[nodiscard]] const std::vector<FactRow>& rows() const;
    [[nodiscard]] const std::string& generated() const; ///< the table's date, "2026-11-23"

    // --- drivers

    /// What a program that brings the runtime of that CUDA major needs at least, whatever the
    /// minor (minor version compatibility). Code that the driver must compile from PTX needs more.
    [[nodiscard]] std::optional<Cited<DriverVersion>> least_driver(int cuda_major,
                                                                   DriverSystem system) const;

    /// What a program needs that uses all of a toolkit, its PTX above all. Without a patch, that of
    /// the first release of the minor version.
    [[nodiscard]] std::optional<Cited<DriverVersion>> least_driver(const ToolkitVersion& toolkit,
                                                                   DriverSystem system) const;

    /// The newest CUDA that a driver knows: a driver between two rows gets the lower one's, one
    /// past the last row the last one's.
    [[nodiscard]] std::optional<Cited<CudaVersion>> newest_cuda(const DriverVersion& driver,
                                                                DriverSystem system) const;

    // --- PTX

    /// The PTX that a toolkit writes; nothing for one past the last row.
    [[nodiscard]] std::optional<Cited<PtxVersion>> ptx_of(const CudaVersion& toolkit) const;

    /// The newest PTX that a driver of that CUDA is known to load.
    [[nodiscard]] std::optional<Cited<PtxVersion>> newest_ptx(const CudaVersion& driver) const;

    /// The first CUDA whose driver loads such PTX; nothing for PTX past the last row.
    [[nodiscard]] std::optional<Cited<CudaVersion>> first_cuda(const PtxVersion& ptx) const;

    // --- architectures and products

    /// The toolkits that know an architecture. The suffix is not looked at.
    [[nodiscard]] std::optional<Cited<ArchitectureSupport>>
    toolkits_for(const ComputeCapability& capability) const;

    /// The driver of the first toolkit that knows the architecture: an older one cannot drive such
    /// a GPU at all. Nothing for Tegra, whose driver comes with its system.
    [[nodiscard]] std::optional<Cited<DriverVersion>>
    first_driver(const ComputeCapability& capability, DriverSystem system) const;

    /// The compute capability of a product: "A100", "rtx4090", "NVIDIA GeForce GTX 1080 Ti", "Tesla
    /// V100-SXM2-16GB". Case, spaces, makers' words, sizes of memory and shapes of boards do not
    /// matter.
    [[nodiscard]] std::variant<Cited<ComputeCapability>, UnknownProduct>
    capability_of(std::string_view product) const;

    /// The oldest GPU that a version of cuDNN has code for; nothing for one before the first row.
    [[nodiscard]] std::optional<Cited<ComputeCapability>>
    least_gpu_of_cudnn(std::string_view cudnn) const;

    // --- PyTorch; `torch` is a release or a version of one: "2.9", "2.9.1", "2.9.1+cu126"

    /// Newest first.
    [[nodiscard]] std::vector<Cited<TorchRelease>> torch_releases() const;

    [[nodiscard]] std::optional<Cited<TorchRelease>> torch_release(std::string_view torch) const;

    /// One build of a release, such as "cu126", for a platform.
    [[nodiscard]] std::optional<Cited<TorchVariant>>
    torch_variant(std::string_view torch, std::string_view variant, Platform platform) const;

    /// Those of a release that the table describes, by CUDA version.
    [[nodiscard]] std::vector<Cited<TorchVariant>> torch_variants(std::string_view torch,
                                                                  Platform platform) const;

    /// What conda-forge's recipe of a version names for a toolkit: architectures and `cuda`, the
    /// rest is empty. Evidence, for no file was looked at.
    [[nodiscard]] std::optional<Cited<TorchVariant>>
    conda_torch(std::string_view torch, const CudaVersion& toolkit, Platform platform) const;

    /// What was released together with a version of torchvision or torchaudio: one for each
    /// PyTorch that it goes with, ascending; the local part does not count.
    [[nodiscard]] std::vector<Cited<TorchCompanions>> companions(std::string_view project,
                                                                 std::string_view version) const;

  private:
    explicit Facts(FactTable table);

    FactTable table_;
};

} // namespace envpm::gpu
