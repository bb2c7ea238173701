#include "gpu/library_names.h"

#include <algorithm>
#include <array>
#include <utility>

namespace envpm::gpu {

namespace {

using Names = std::string_view;

/// The wheels `nvidia-X`, `nvidia-X-cu12` that hold libraries of the toolkit or beside it. Others
/// of NVIDIA's wheels are programs and bindings, which run beside any.
constexpr std::array<Names, 30> nvidia_libraries = {
    "cublas",     "cublasmp",    "cuda-cccl",    "cuda-crt", "cuda-cupti", "cuda-nvcc",
    "cuda-nvrtc", "cuda-opencl", "cuda-runtime", "cudnn",    "cudss",      "cufft",
    "cufftmp",    "cufile",      "curand",       "cusolver", "cusolvermp", "cusparse",
    "cusparselt", "libnvcomp",   "nccl",         "npp",      "nvcomp",     "nvjitlink",
    "nvjpeg",     "nvjpeg2k",    "nvshmem",      "nvtiff",   "nvtx",       "nvvm"};

/// Wheels that are not called after the maker, and what they hold.
constexpr std::array<std::pair<Names, Names>, 5> other_wheels = {{
    {"cutensor", "cutensor"}, // with its CUDA after it, as `nvidia-X`
    {"torch", "torch"},
    {"mkl", "mkl"},
    {"intel-openmp", "openmp"},
    {"tbb", "tbb"},
}};

/// conda packages that hold the same libraries, and what the wheels call those.
constexpr std::array<std::pair<Names, Names>, 29> conda_libraries = {{
    {"cuda-cudart", "cuda-runtime"},
    {"cuda-cupti", "cuda-cupti"},
    {"cuda-nvrtc", "cuda-nvrtc"},
    {"cuda-nvtx", "nvtx"},
    {"cudnn", "cudnn"},
    {"cusparselt", "cusparselt"},
    {"cutensor", "cutensor"},
    {"intel-openmp", "openmp"},
    {"libcublas", "cublas"},
    {"libcudnn", "cudnn"},
    {"libcudss", "cudss"},
    {"libcufft", "cufft"},
    {"libcufile", "cufile"},
    {"libcurand", "curand"},
    {"libcusolver", "cusolver"},
    {"libcusparse", "cusparse"},
    {"libcutensor", "cutensor"},
    {"libnpp", "npp"},
    {"libnvcomp", "libnvcomp"},
    {"libnvjitlink", "nvjitlink"},
    {"libnvjpeg", "nvjpeg"},
    {"libnvshmem3", "nvshmem"},
    {"libtorch", "torch"},
    {"llvm-openmp", "openmp"},
    {"mkl", "mkl"},
    {"nccl", "nccl"},
    {"nvcomp", "nvcomp"},
    {"pytorch", "torch"},
    {"tbb", "tbb"},
}};

/// What one conda package of CUDA 11 and before has together (conda-forge's recipe, build.py).
constexpr std::array<Names, 10> toolkit_libraries = {
    "cublas",   "cuda-nvrtc", "cuda-runtime", "cufft",  "curand",
    "cusolver", "cusparse",   "npp",          "nvjpeg", "nvtx"};

template <class Pairs> const Names* found(const Pairs& pairs, Names name) {
    const auto pair = std::find_if(pairs.begin(), pairs.end(),
                                   [&](const auto& known) { return known.first == name; });
    return pair == pairs.end() ? nullptr : &pair->second;
}

bool is_cuda_word(Names word);

} // namespace

std::vector<Library> libraries_of_wheel(std::string_view name) {
    constexpr Names maker = "nvidia-";
    const bool is_nvidias = name.starts_with(maker);
    Names library = is_nvidias ? name.substr(maker.size()) : name;
    std::string supplier = "wheel";
    const std::size_t dash = library.rfind('-');
    if (dash != Names::npos && is_cuda_word(library.substr(dash + 1))) {
        supplier = library.substr(dash + 1);
        library = library.substr(0, dash);
    }
    if (is_nvidias) {
        const bool is_known = std::find(nvidia_libraries.begin(), nvidia_libraries.end(),
                                        library) != nvidia_libraries.end();
        return is_known ? std::vector<Library>{{std::string(library), supplier}}
                        : std::vector<Library>();
    }
    const Names* const other = found(other_wheels, library);
    return other == nullptr ? std::vector<Library>()
                            : std::vector<Library>{{std::string(*other), supplier}};
}

std::vector<Library> libraries_of_conda(std::string_view name) {
    std::vector<Library> libraries;
    if (name == "cudatoolkit") {
        for (const Names library : toolkit_libraries) {
            libraries.push_back({std::string(library), "conda"});
        }
    } else if (const Names* const library = found(conda_libraries, name)) {
        libraries.push_back({std::string(*library), "conda"});
    }
    return libraries;
}

bool is_cuda_library(std::string_view library) {
    return library != "torch" && library != "mkl" && library != "openmp" && library != "tbb";
}

namespace {

/// "cu12", as the suppliers are called.
bool is_cuda_word(Names word) {
    return word.size() == 4 && std::find(std::begin(library_suppliers), std::end(library_suppliers),
                                         word) != std::end(library_suppliers);
}

} // namespace

} // namespace envpm::gpu
