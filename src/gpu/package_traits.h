#pragma once

#include "model/cuda_version.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::gpu {

// What a package's name, version and build tell of CUDA, PyTorch and libraries that are packed more
// than once, before a byte of it is fetched. How the makers of wheels and of conda packages call
// things is written down here and in library_names (docs/gpu.md, "What names tell").

enum class World { wheel, conda };

/// A package as its index or channel names it.
struct PackageLabel {
    World world = World::wheel;
    std::string_view name;       ///< normalised as its world does
    std::string_view version;    ///< with its local part: "2.9.1+cu128"
    std::string_view build = {}; ///< of a conda package: "cuda129_mkl_py312_h1_300"
};

enum class Build {
    unknown, ///< the same for all, or not to be told
    cpu,     ///< made for the processor alone, where there are others
    cuda,
    other, ///< for GPUs of another maker: ROCm, XPU
};

/// A library that more than one supplier packs. Two suppliers' files have the same sonames, so an
/// environment has one: which of two copies a process gets is chance.
struct Library {
    std::string name;     ///< "cudnn", "cublas", "cuda-runtime"
    std::string supplier; ///< "cu12" or "cu13" of the wheels so called, "wheel" of others, "conda"

    bool operator==(const Library&) const = default;
};

struct PackageTraits {
    Build build = Build::unknown;
    std::optional<CudaRuntime> runtime;
    /// By what a conda package was compiled: it runs with any later minor version.
    std::optional<CudaVersion> toolkit{};
    std::vector<Library> libraries{};

    bool operator==(const PackageTraits&) const = default;
};

/// A pure function; what it cannot tell it leaves open.
PackageTraits traits_of(const PackageLabel& package);

/// Whether the package's version is that of a library which it holds. One that holds a whole
/// toolkit goes by the toolkit's, as the runtime does.
bool holds(const PackageTraits& traits, std::string_view library);

/// Whether it is PyTorch itself.
bool is_torch(const PackageLabel& package);

/// Whether it is PyTorch or one of its packages that are built once for each of its builds, and
/// load only beside the same.
bool is_of_torch(const PackageLabel& package);

/// Those whose suppliers `traits_of` tells apart.
inline constexpr std::string_view library_suppliers[] = {"conda", "cu11", "cu12",
                                                         "cu13",  "cu14", "wheel"};

} // namespace envpm::gpu
