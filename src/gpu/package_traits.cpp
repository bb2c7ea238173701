#include "gpu/package_traits.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace envpm::gpu {

namespace {

using Names = std::string_view;

/// The wheels `nvidia-X`, `nvidia-X-cu12` that hold libraries of the toolkit or beside it. Others
/// of NVIDIA's wheels are programs and bindings, which run beside any.
constexpr std::array<Names, 22> wheel_libraries = {
    "cublas",      "cuda-cccl",    "cuda-crt",   "cuda-cupti", "cuda-nvcc", "cuda-nvrtc",
    "cuda-opencl", "cuda-runtime", "cudnn",      "cufft",      "cufile",    "curand",
    "cusolver",    "cusparse",     "cusparselt", "nccl",       "npp",       "nvjitlink",
    "nvjpeg",      "nvshmem",      "nvtx",       "nvvm"};

/// conda packages that hold the same libraries, and what the wheels call those.
constexpr std::array<std::pair<Names, Names>, 17> conda_libraries = {{
    {"cuda-cudart", "cuda-runtime"},
    {"cuda-cupti", "cuda-cupti"},
    {"cuda-nvrtc", "cuda-nvrtc"},
    {"cuda-nvtx", "nvtx"},
    {"cudatoolkit", "cuda-runtime"},
    {"cudnn", "cudnn"},
    {"libcublas", "cublas"},
    {"libcudnn", "cudnn"},
    {"libcufft", "cufft"},
    {"libcufile", "cufile"},
    {"libcurand", "curand"},
    {"libcusolver", "cusolver"},
    {"libcusparse", "cusparse"},
    {"libnvjitlink", "nvjitlink"},
    {"libnvjpeg", "nvjpeg"},
    {"libnvshmem3", "nvshmem"},
    {"nccl", "nccl"},
}};

PackageTraits traits_of_wheel(const PackageLabel& package);
PackageTraits traits_of_conda(const PackageLabel& package);
void add_nvidia(const PackageLabel& package, PackageTraits& traits);
void add_local(std::string_view local, PackageTraits& traits);
std::optional<RuntimeNeed> runtime_of_version(std::string_view version);
std::optional<RuntimeNeed> runtime_of_variant(std::string_view word);
std::optional<int> cuda_major_of_name(std::string_view name);
std::optional<int> cuda_major_of_word(std::string_view word);
Build build_of(std::string_view build);
std::optional<int> number_of(std::string_view digits);

} // namespace

PackageTraits traits_of(const PackageLabel& package) {
    return package.world == World::wheel ? traits_of_wheel(package) : traits_of_conda(package);
}

namespace {

PackageTraits traits_of_wheel(const PackageLabel& package) {
    PackageTraits traits;
    if (package.name.starts_with("nvidia-")) {
        add_nvidia(package, traits);
        return traits;
    }
    if (package.name == "cuda-toolkit") {
        return {Build::cuda, runtime_of_version(package.version), std::nullopt};
    }
    if (const std::optional<int> major = cuda_major_of_name(package.name)) {
        traits = {Build::cuda, RuntimeNeed{*major, std::nullopt}, std::nullopt};
    }
    if (const std::size_t plus = package.version.find('+'); plus != std::string_view::npos) {
        add_local(package.version.substr(plus + 1), traits);
    }
    return traits;
}

/// `nvidia-cudnn-cu12`, or `nvidia-cublas` as they are called from CUDA 13 on.
void add_nvidia(const PackageLabel& package, PackageTraits& traits) {
    std::string_view library = package.name.substr(std::string_view("nvidia-").size());
    const std::optional<int> major =
        cuda_major_of_word(library.substr(library.rfind('-') + 1)); // npos + 1 is 0
    std::string supplier = "wheel";
    if (major) {
        supplier = library.substr(library.rfind('-') + 1);
        library = library.substr(0, library.rfind('-'));
    }
    if (std::find(wheel_libraries.begin(), wheel_libraries.end(), library) ==
        wheel_libraries.end()) {
        return;
    }
    traits.build = Build::cuda;
    traits.library = Library{std::string(library), supplier};
    // Only the runtime goes by the toolkit's version; the others have their own.
    if (library == "cuda-runtime") {
        traits.runtime = runtime_of_version(package.version);
    } else if (major) {
        traits.runtime = RuntimeNeed{*major, std::nullopt};
    }
}

/// PEP 440 local versions: `cu128`, `cpu`; others have it as one of several words: `pt29.cu128`.
void add_local(std::string_view local, PackageTraits& traits) {
    while (!local.empty()) {
        const std::size_t end = std::min(local.find_first_of("._-"), local.size());
        const std::string_view word = local.substr(0, end);
        if (const auto runtime = runtime_of_variant(word)) {
            traits.build = Build::cuda;
            traits.runtime = runtime;
        } else if (word == "cpu") {
            traits.build = Build::cpu;
        }
        local.remove_prefix(std::min(end + 1, local.size()));
    }
}

PackageTraits traits_of_conda(const PackageLabel& package) {
    PackageTraits traits{build_of(package.build), std::nullopt, std::nullopt};
    if (package.name == "cuda-version" || package.name == "cudatoolkit" ||
        package.name == "cuda-cudart") {
        traits.build = Build::cuda;
        traits.runtime = runtime_of_version(package.version);
    }
    const auto library =
        std::find_if(conda_libraries.begin(), conda_libraries.end(),
                     [&](const auto& known) { return known.first == package.name; });
    if (library != conda_libraries.end()) {
        traits.build = Build::cuda;
        traits.library = Library{std::string(library->second), "conda"};
    }
    return traits;
}

/// Words of the build string: `cuda129_mkl_py312_h1_300`, `cpu_generic_py311_h1_0`,
/// `py311h1_0_cuda`.
Build build_of(std::string_view build) {
    const auto is_word = [](std::string_view word, std::string_view kind) {
        return word.starts_with(kind) &&
               (word.size() == kind.size() || number_of(word.substr(kind.size())).has_value());
    };
    while (!build.empty()) {
        const std::size_t end = std::min(build.find('_'), build.size());
        const std::string_view word = build.substr(0, end);
        if (is_word(word, "cuda") || is_word(word, "gpu")) {
            return Build::cuda;
        }
        if (word == "cpu") {
            return Build::cpu;
        }
        build.remove_prefix(std::min(end + 1, build.size()));
    }
    return Build::unknown;
}

/// "12.8.90" and "12.8".
std::optional<RuntimeNeed> runtime_of_version(std::string_view version) {
    const std::size_t dot = version.find('.');
    if (dot == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view rest = version.substr(dot + 1);
    const std::optional<int> major = number_of(version.substr(0, dot));
    const std::optional<int> minor = number_of(rest.substr(0, rest.find('.')));
    return major && minor ? std::optional(RuntimeNeed{*major, *minor}) : std::nullopt;
}

/// "cu128" is 12.8, "cu92" 9.2, "cu12" any 12; some write "cuda12".
std::optional<RuntimeNeed> runtime_of_variant(std::string_view word) {
    if (!word.starts_with("cu")) {
        return std::nullopt;
    }
    const std::string_view digits = word.substr(word.starts_with("cuda") ? 4 : 2);
    const std::optional<int> number = number_of(digits);
    if (!number || digits.size() < 2 || digits.size() > 3) {
        return std::nullopt;
    }
    constexpr int majors_end = 20;
    return *number < majors_end ? RuntimeNeed{*number, std::nullopt}
                                : RuntimeNeed{*number / 10, *number % 10};
}

/// `-cu12` or `-cuda12x` in a name: "cupy-cuda12x", "jax-cuda13-plugin".
std::optional<int> cuda_major_of_name(std::string_view name) {
    while (!name.empty()) {
        name.remove_prefix(std::min(name.find('-'), name.size()));
        name.remove_prefix(std::min<std::size_t>(1, name.size()));
        if (const auto major = cuda_major_of_word(name.substr(0, name.find('-')))) {
            return major;
        }
    }
    return std::nullopt;
}

std::optional<int> cuda_major_of_word(std::string_view word) {
    for (const std::string_view prefix : {"cuda", "cu"}) {
        if (word.starts_with(prefix)) {
            word.remove_prefix(prefix.size());
            if (word.ends_with('x')) {
                word.remove_suffix(1);
            }
            const std::optional<int> major = number_of(word);
            return major && word.size() == 2 ? major : std::nullopt;
        }
    }
    return std::nullopt;
}

/// One to three digits.
std::optional<int> number_of(std::string_view digits) {
    constexpr std::size_t most_digits = 3;
    int number = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool is_number = !digits.empty() && digits.size() <= most_digits && number >= 0 &&
                           digits.front() != '-' && read.ec == std::errc() &&
                           read.ptr == digits.data() + digits.size();
    return is_number ? std::optional(number) : std::nullopt;
}

} // namespace

} // namespace envpm::gpu
