#include "gpu/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace envpm::gpu {

namespace {

void check_code_for(ComputeCapability gpu, const PrefixBinary& binary, Audit& audit);
void check_driver_libraries(Audit& audit);
void add_driver_library(const PrefixBinary& binary, Audit& audit);
std::string in_words(const ForwardCompatibility& compatibility);
void check_jit_link(Audit& audit);
void check_names(const PrefixBinary& binary, Audit& audit);
bool is_reached(const PrefixBinary& library, const Audit& audit);
bool has_part(std::string_view path, std::string_view part);

} // namespace

void check_cuda_libraries(Audit& audit) {
    check_runtimes(audit);
    check_driver_libraries(audit);
    check_jit_link(audit);
    check_cudnn(audit);
    for (const PrefixBinary& binary : audit.request.binaries) {
        check_names(binary, audit);
    }
}

void check_device_code(Audit& audit) {
    for (const PrefixBinary& binary : audit.request.binaries) {
        if (binary.facts.code.empty()) {
            continue;
        }
        for (const ComputeCapability& gpu : audit.request.target.gpus) {
            const std::size_t before = audit.findings.size();
            check_code_for(gpu, binary, audit);
            if (audit.findings.size() > before) {
                audit.findings.back().gpu = gpu;
            }
        }
    }
}

namespace {

/// At most one finding.
void check_code_for(ComputeCapability gpu, const PrefixBinary& binary, Audit& audit) {
    const BinaryCode& code = binary.facts.code;
    const std::optional<CudaVersion>& driver = audit.request.target.driver;
    const CodeCoverage coverage = code.coverage(gpu);
    const std::uint64_t count = code.container_count();
    const bool has_nothing = count > 0 && coverage.none == count;
    if (has_nothing || (coverage.missed > 0 && code.is_homogeneous())) {
        const std::string who = has_nothing ? "its device code has"
                                            : fmt::format("{} of its {} containers of device code "
                                                          "have",
                                                          coverage.none, count);
        audit.add(code.is_special() ? Severity::warning : Severity::error, Rule::no_code_for_gpu,
                  binary, fmt::format("{} nothing for compute capability {}", who, gpu.text()),
                  "lock a build for that GPU, or name it in `audit-allow` of `[gpu]` if it is not "
                  "used there");
    } else if (coverage.jit > 0 && driver && !understands(*driver, coverage.newest_ptx)) {
        audit.add(Severity::error, Rule::driver_too_old, binary,
                  fmt::format("for compute capability {} it has PTX {}, which a driver of CUDA {} "
                              "does not know",
                              gpu.text(), coverage.newest_ptx.text(), driver->text()),
                  "use a newer driver, or lock a build with machine code for that GPU");
    }
}

/// libcuda belongs to the machine's driver: one in the prefix hides it, and a stub cannot work.
void check_driver_libraries(Audit& audit) {
    for (const PrefixBinary& binary : audit.request.binaries) {
        if (stem_of(name_of(binary.path)) == "libcuda" ||
            stem_of(binary.facts.soname) == "libcuda") {
            add_driver_library(binary, audit);
        }
    }
}

void add_driver_library(const PrefixBinary& binary, Audit& audit) {
    const bool is_stub = has_part(binary.path, "stubs");
    const bool is_apart =
        is_stub || has_part(binary.path, "cuda-compat") || has_part(binary.path, "compat");
    const bool is_found = !is_apart || is_reached(binary, audit);
    audit.add(is_found ? Severity::error : Severity::note, Rule::driver_library, binary,
              fmt::format("it is {} in the environment{}",
                          is_stub ? "a stub of libcuda"
                          : binary.facts.forward_compatibility
                              ? in_words(*binary.facts.forward_compatibility)
                              : "a libcuda",
                          is_found ? ", found before the driver's own"
                                   : ", on no path that a library searches"),
              is_found ? "remove the package that brings it: libcuda comes with the driver"
                       : "do not add its folder to LD_LIBRARY_PATH");
}

/// "a libcuda of CUDA 13.1 for drivers 535, 550 and 570".
std::string in_words(const ForwardCompatibility& compatibility) {
    std::string text = "a libcuda";
    if (compatibility.cuda) {
        text += fmt::format(" of CUDA {}", compatibility.cuda->text());
    }
    if (compatibility.drivers.empty()) {
        return text + " for older drivers";
    }
    return text + fmt::format(" for the drivers {}", fmt::join(compatibility.drivers, ", "));
}

/// The minor version of CUDA is in the names of nvJitLink's symbols, and in nothing else.
void check_jit_link(Audit& audit) {
    for (const PrefixBinary& binary : audit.request.binaries) {
        const auto needed = std::find_if(
            binary.facts.needed.begin(), binary.facts.needed.end(),
            [](const std::string& soname) { return stem_of(soname) == "libnvJitLink"; });
        const PrefixBinary* const library = needed == binary.facts.needed.end()
                                                ? nullptr
                                                : audit.search.find_anywhere(*needed, binary);
        if (library == nullptr) {
            continue;
        }
        const std::vector<std::string>& exported = library->facts.jit_link_symbols;
        const auto lacking = std::find_if_not(
            binary.facts.jit_link_symbols.begin(), binary.facts.jit_link_symbols.end(),
            [&](const std::string& symbol) {
                return std::binary_search(exported.begin(), exported.end(), symbol);
            });
        if (lacking != binary.facts.jit_link_symbols.end()) {
            audit.add(Severity::error, Rule::jit_link_mismatch, binary,
                      fmt::format("it needs the symbol `{}`, which `{}` does not have", *lacking,
                                  library->path),
                      "lock an nvJitLink that is as new as the library");
        }
    }
}

/// Of several names of one library, for several versions of it, one is enough. To a name without a
/// version the library itself adds one.
void check_names(const PrefixBinary& binary, Audit& audit) {
    std::map<std::string_view, std::vector<std::string>> names; // by stem
    for (const std::string& name : binary.facts.loaded_by_name) {
        names[stem_of(name)].push_back(name);
    }
    for (const auto& [known_stem, alternatives] : names) {
        const std::string_view stem = known_stem; // clang 14 captures no structured binding
        const bool is_there =
            std::any_of(alternatives.begin(), alternatives.end(), [&](const std::string& name) {
                const bool is_open = name.ends_with(".so");
                return is_of_system(name) || audit.is_allowed(name) ||
                       audit.search.find_anywhere(name, binary) != nullptr ||
                       (is_open && audit.search.has_stem(stem));
            });
        if (!is_there) {
            audit.add(Severity::warning, Rule::missing_by_name, binary,
                      fmt::format("it may load `{}` by name, which the environment does not have",
                                  fmt::join(alternatives, "` or `")),
                      "a copy that the machine happens to have would be taken");
        }
    }
}

/// Whether a path of some binary leads to the folder that the library is in.
bool is_reached(const PrefixBinary& library, const Audit& audit) {
    const std::string_view folder = folder_of(library.path);
    return std::any_of(audit.request.binaries.begin(), audit.request.binaries.end(),
                       [&](const PrefixBinary& binary) {
                           const auto& folders = audit.search.folders_of(binary);
                           return std::find(folders.begin(), folders.end(), folder) !=
                                  folders.end();
                       });
}

bool has_part(std::string_view path, std::string_view part) {
    const std::string whole = "/" + std::string(path);
    return whole.find(fmt::format("/{}/", part)) != std::string::npos;
}

} // namespace

} // namespace envpm::gpu
