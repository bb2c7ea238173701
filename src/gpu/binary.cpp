#include "gpu/binary.h"

#include "base/error.h"
#include "gpu/cuda_traces.h"
#include "gpu/fatbin.h"
#include "gpu/mapped_file.h"

#include <algorithm>
#include <array>

namespace envpm::gpu {

namespace {

constexpr std::string_view jit_link_prefix = "__nvJitLink";

void read_linking(const Elf& elf, Binary& binary);
void read_jit_link_symbols(const Elf& elf, Binary& binary);
bool has_to_do_with_cuda(const Elf& elf, const Binary& binary);
void read_device_code(const Elf& elf, Binary& binary, const Passed& passed);
std::string plain_text(const Error& error);

} // namespace

std::optional<Binary> binary_of(std::string_view file, const Passed& passed) {
    if (!Elf::is_one(file)) {
        return std::nullopt;
    }
    Binary binary;
    try {
        const Elf elf(file, "");
        read_linking(elf, binary);
        if (has_to_do_with_cuda(elf, binary)) {
            read_jit_link_symbols(elf, binary);
            read_cuda_traces(elf, binary, passed);
            read_device_code(elf, binary, passed);
        }
    } catch (const Error& error) {
        binary = {};
        binary.damage = plain_text(error);
    }
    return binary;
}

std::optional<Binary> read_binary(const std::filesystem::path& path) {
    const MappedFile file(path);
    return binary_of(file.bytes(), MappedFile::give_back);
}

std::string_view stem_of(std::string_view soname) {
    return soname.substr(0, soname.find(".so"));
}

bool is_of_cuda(std::string_view soname) {
    constexpr std::array<std::string_view, 27> stems = {
        "libaccinj64",     "libcheckpoint", "libcublas",   "libcublasLt",   "libcuda",
        "libcudart",       "libcudla",      "libcufft",    "libcufftw",     "libcufile",
        "libcuinj64",      "libcupti",      "libcurand",   "libcusolver",   "libcusolverMg",
        "libcusparse",     "libcusparseLt", "libcutensor", "libcutensorMg", "libnvJitLink",
        "libnvblas",       "libnvfatbin",   "libnvjpeg",   "libnvrtc",      "libnvrtc-builtins",
        "libnvshmem_host", "libnccl"};
    const std::string_view stem = stem_of(soname);
    return std::find(stems.begin(), stems.end(), stem) != stems.end() ||
           stem.starts_with("libcudnn") || stem.starts_with("libnpp") ||
           stem.starts_with("libnvidia-");
}

namespace {

void read_linking(const Elf& elf, Binary& binary) {
    binary.is_executable = elf.is_executable();
    binary.machine = elf.machine();
    std::optional<ElfDynamic> dynamic = elf.dynamic();
    if (!dynamic) {
        return;
    }
    binary.soname = std::move(dynamic->soname);
    binary.needed = std::move(dynamic->needed);
    binary.rpath = std::move(dynamic->rpath);
    binary.runpath = std::move(dynamic->runpath);
    binary.needed_versions = std::move(dynamic->needed_versions);
    binary.defined_versions = std::move(dynamic->defined_versions);
}

bool has_to_do_with_cuda(const Elf& elf, const Binary& binary) {
    return elf.find(".nv_fatbin") != nullptr || is_of_cuda(binary.soname) ||
           std::any_of(binary.needed.begin(), binary.needed.end(), is_of_cuda);
}

void read_jit_link_symbols(const Elf& elf, Binary& binary) {
    const bool is_the_library = stem_of(binary.soname) == "libnvJitLink";
    const bool needs_it =
        std::any_of(binary.needed.begin(), binary.needed.end(),
                    [](const std::string& name) { return stem_of(name) == "libnvJitLink"; });
    if (!is_the_library && !needs_it) {
        return;
    }
    for (const std::string_view symbol :
         elf.symbols(is_the_library ? SymbolSide::exported : SymbolSide::undefined)) {
        if (symbol.starts_with(jit_link_prefix)) {
            binary.jit_link_symbols.emplace_back(symbol);
        }
    }
    std::sort(binary.jit_link_symbols.begin(), binary.jit_link_symbols.end());
}

void read_device_code(const Elf& elf, Binary& binary, const Passed& passed) {
    try {
        if (const ElfSection* section = elf.find(".nv_fatbin")) {
            read_registered_containers(Bytes(elf.content(*section), ""), binary.code, passed);
        }
    } catch (const Error& error) {
        binary.code = {};
        binary.code_damage = plain_text(error);
        return;
    }
    // Some libraries have a few registered containers and many that they load themselves.
    for (const std::string_view name : {".ldata", ".lrodata", ".rodata", ".data"}) {
        if (const ElfSection* section = elf.find(name)) {
            const std::string_view data = elf.content(*section);
            MappedFile::will_be_read_through(data);
            find_loose_containers(data, binary.code, passed);
        }
    }
}

std::string plain_text(const Error& error) {
    constexpr std::string_view before = "a binary is damaged: ";
    const std::string& what = error.text().what;
    return what.starts_with(before) ? what.substr(before.size()) : what;
}

} // namespace

} // namespace envpm::gpu
