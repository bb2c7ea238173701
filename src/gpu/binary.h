#pragma once

#include "gpu/device_code.h"
#include "gpu/elf.h"
#include "gpu/forward_search.h"
#include "model/cuda_version.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::gpu {

/// What a libcuda for kernels with an older driver says of itself, in JSON in its note
/// `.note.cuda.fwd_compatibility` (nvidia-container-toolkit reads it so before it uses one).
struct ForwardCompatibility {
    std::optional<CudaVersion> cuda; ///< that it runs
    std::vector<int> drivers;        ///< branches of the kernel's driver that it works with: 535

    bool operator==(const ForwardCompatibility&) const = default;
};

/// What an audit needs to know of one executable or shared library. Depends on its bytes alone, so
/// that it can be kept by their digest.
struct Binary {
    bool is_executable = false;
    std::uint16_t machine = 0; ///< `EM_…` of <elf.h>
    std::string soname;
    std::vector<std::string> needed;
    std::optional<std::string> rpath;
    std::optional<std::string> runpath;
    std::vector<NeededVersion> needed_versions;
    std::vector<std::string> defined_versions;
    /// CUDA libraries that it names without being linked to them, to load them by that name.
    std::vector<std::string> loaded_by_name;
    /// Symbols of nvJitLink, whose names have CUDA's minor version: those that it needs, or, of the
    /// library itself, those that it has.
    std::vector<std::string> jit_link_symbols;
    std::optional<ForwardCompatibility> forward_compatibility; ///< of a libcuda that is for it
    bool has_static_runtime = false; ///< CUDA's runtime is linked in (libcudart_static.a)
    std::string cudnn_version;       ///< of a part of cuDNN, as it says itself: "9.26.0"
    BinaryCode code;
    std::string damage;      ///< what is wrong with the file; then nothing else of it is known
    std::string code_damage; ///< likewise with its device code alone

    bool operator==(const Binary&) const = default;
};

/// Nothing for files that are no ELF binary of x86-64 or aarch64. Damage is part of the answer.
std::optional<Binary> binary_of(std::string_view file, const Passed& passed = {});

/// Reads headers, and of libraries that have to do with CUDA the data where names and device code
/// may lie. Throws an Error if the file cannot be opened.
std::optional<Binary> read_binary(const std::filesystem::path& path);

/// "libcudart.so.13" → "libcudart": what stands before ".so", or the whole.
std::string_view stem_of(std::string_view soname);

/// Whether a library of that name belongs to CUDA: the toolkit's, the driver's, cuDNN, NCCL and
/// their like. Any one of "libcudart.so.13", "libnvrtc-builtins.so.13.2".
bool is_of_cuda(std::string_view soname);

} // namespace envpm::gpu
