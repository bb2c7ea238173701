#include "gpu/package_traits.h"

#include "base/parse_number.h"
#include "gpu/library_names.h"

#include <algorithm>

namespace envpm::gpu {

namespace {

PackageTraits traits_of_wheel(const PackageLabel& package);
PackageTraits traits_of_conda(const PackageLabel& package);
void add_nvidia(const PackageLabel& package, PackageTraits& traits);
void add_local(std::string_view local, PackageTraits& traits);
std::optional<CudaRuntime> runtime_of_version(std::string_view version);
std::optional<CudaRuntime> runtime_of_variant(std::string_view word);
std::optional<int> cuda_major_of_name(std::string_view name);
std::optional<int> cuda_major_of_word(std::string_view word);
void add_build(std::string_view build, PackageTraits& traits);
std::optional<CudaVersion> toolkit_of_word(std::string_view word, std::string_view kind);
bool has_major_of_toolkit(std::string_view library);
std::optional<int> number_of(std::string_view digits);

} // namespace

PackageTraits traits_of(const PackageLabel& package) {
    return package.world == World::wheel ? traits_of_wheel(package) : traits_of_conda(package);
}

bool holds(const PackageTraits& traits, std::string_view library) {
    const std::vector<Library>& all = traits.libraries;
    return std::any_of(all.begin(), all.end(), [&](const Library& each) {
        return each.name == library && (all.size() == 1 || library == "cuda-runtime");
    });
}

bool is_torch(const PackageLabel& package) {
    return package.world == World::wheel ? package.name == "torch"
                                         : package.name == "pytorch" || package.name == "libtorch";
}

bool is_of_torch(const PackageLabel& package) {
    return is_torch(package) || package.name == "torchvision" || package.name == "torchaudio";
}

namespace {

PackageTraits traits_of_wheel(const PackageLabel& package) {
    PackageTraits traits;
    traits.libraries = libraries_of_wheel(package.name);
    const bool holds_cuda =
        !traits.libraries.empty() && is_cuda_library(traits.libraries.front().name);
    if (package.name.starts_with("nvidia-") || holds_cuda) {
        add_nvidia(package, traits);
        return traits;
    }
    if (package.name == "cuda-toolkit") {
        traits.build = Build::cuda;
        traits.runtime = runtime_of_version(package.version);
        return traits;
    }
    if (const std::optional<int> major = cuda_major_of_name(package.name)) {
        traits.build = Build::cuda;
        traits.runtime = CudaRuntime{*major, std::nullopt};
    }
    if (const std::size_t plus = package.version.find('+'); plus != std::string_view::npos) {
        add_local(package.version.substr(plus + 1), traits);
    }
    return traits;
}

/// `nvidia-cudnn-cu12`, or `nvidia-cublas` as they are called from CUDA 13 on.
void add_nvidia(const PackageLabel& package, PackageTraits& traits) {
    if (traits.libraries.empty()) {
        return;
    }
    const Library& library = traits.libraries.front();
    const std::optional<int> major = cuda_major_of_word(library.supplier);
    traits.build = Build::cuda;
    // Only the runtime goes by the toolkit's version, and a few by its major; the others have
    // their own.
    if (library.name == "cuda-runtime") {
        traits.runtime = runtime_of_version(package.version);
    } else if (major) {
        traits.runtime = CudaRuntime{*major, std::nullopt};
    } else if (has_major_of_toolkit(library.name)) {
        if (const auto version = runtime_of_version(package.version)) {
            traits.runtime = CudaRuntime{version->major, std::nullopt};
        }
    }
}

bool has_major_of_toolkit(std::string_view library) {
    constexpr std::string_view names[] = {"cublas", "cuda-cupti", "cuda-nvcc", "cuda-nvrtc",
                                          "nvjitlink"};
    return std::find(std::begin(names), std::end(names), library) != std::end(names);
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
        } else if (word == "xpu" || word.starts_with("rocm")) {
            traits.build = Build::other;
        }
        local.remove_prefix(std::min(end + 1, local.size()));
    }
}

PackageTraits traits_of_conda(const PackageLabel& package) {
    PackageTraits traits;
    add_build(package.build, traits);
    constexpr std::string_view runtimes[] = {"cuda-version", "cudatoolkit", "cuda-cudart",
                                             "pytorch-cuda"};
    if (std::find(std::begin(runtimes), std::end(runtimes), package.name) != std::end(runtimes)) {
        traits.build = Build::cuda;
        traits.runtime = runtime_of_version(package.version);
    }
    traits.libraries = libraries_of_conda(package.name);
    if (!traits.libraries.empty() && is_cuda_library(traits.libraries.front().name)) {
        traits.build = Build::cuda;
    }
    return traits;
}

/// Words of the build string: `cuda129_mkl_py312_h1_300`, `cpu_generic_py311_h1_0`,
/// `py311h1_0_cuda`, `py3.12_cuda12.4_cudnn9.1.0_0`, `cuda112py39h4de5995_1`.
void add_build(std::string_view build, PackageTraits& traits) {
    while (!build.empty()) {
        const std::size_t end = std::min(build.find('_'), build.size());
        const std::string_view word = build.substr(0, end);
        for (const std::string_view kind : {"cuda", "gpu"}) {
            const auto toolkit = toolkit_of_word(word, kind);
            const bool has_number =
                word.starts_with(kind) && number_of(word.substr(kind.size())).has_value();
            if (word == kind || toolkit || has_number) {
                traits.build = Build::cuda;
                traits.toolkit = toolkit ? toolkit : traits.toolkit;
            }
        }
        if (word == "cpu" && traits.build == Build::unknown) {
            traits.build = Build::cpu;
        }
        build.remove_prefix(std::min(end + 1, build.size()));
    }
}

/// "cuda129" and "cuda12.9" are 12.9, "cuda112py39h4de5995" is 11.2; what has a letter after its
/// numbers, as "cuda12x", is nothing.
std::optional<CudaVersion> toolkit_of_word(std::string_view word, std::string_view kind) {
    if (!word.starts_with(kind)) {
        return std::nullopt;
    }
    std::string_view digits = word.substr(kind.size());
    digits = digits.substr(0, std::min(digits.find("py"), digits.size()));
    if (const auto dotted = CudaVersion::parse(digits)) {
        return dotted;
    }
    constexpr int least = 90; // 9.0
    const std::optional<int> number = number_of(digits);
    return number && *number >= least ? std::optional(CudaVersion{*number / 10, *number % 10})
                                      : std::nullopt;
}

/// "12.8.90" and "12.8".
std::optional<CudaRuntime> runtime_of_version(std::string_view version) {
    const std::size_t dot = version.find('.');
    if (dot == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view rest = version.substr(dot + 1);
    const std::optional<int> major = number_of(version.substr(0, dot));
    const std::optional<int> minor = number_of(rest.substr(0, rest.find('.')));
    return major && minor ? std::optional(CudaRuntime{*major, *minor}) : std::nullopt;
}

/// "cu128" is 12.8, "cu92" 9.2, "cu12" any 12; some write "cuda12".
std::optional<CudaRuntime> runtime_of_variant(std::string_view word) {
    if (!word.starts_with("cu")) {
        return std::nullopt;
    }
    const std::string_view digits = word.substr(word.starts_with("cuda") ? 4 : 2);
    const std::optional<int> number = number_of(digits);
    if (!number || digits.size() < 2 || digits.size() > 3) {
        return std::nullopt;
    }
    constexpr int majors_end = 20;
    return *number < majors_end ? CudaRuntime{*number, std::nullopt}
                                : CudaRuntime{*number / 10, *number % 10};
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
    const auto number = parse_number<int>(digits);
    return number && digits.front() != '-' && digits.size() <= most_digits ? number : std::nullopt;
}

} // namespace

} // namespace envpm::gpu
