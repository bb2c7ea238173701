#include "gpu/facts.h"

#include "gpu/facts_names.h"
#include "model/code_rules.h"

#include <algorithm>
#include <utility>

// The bytes of data/gpu-facts.toml, put into the program by facts_data.S.
extern "C" const char envpm_gpu_facts[];
extern "C" const char envpm_gpu_facts_end[];

namespace envpm::gpu {

namespace {

/// The column of a row that holds for the system.
template <class Row>
const std::optional<DriverVersion>& driver_of(const Row& row, DriverSystem system) {
    return system == DriverSystem::windows ? row.windows_driver : row.linux_driver;
}

const Cited<ArchitectureRow>* find_architecture(const FactTable& table,
                                                const ComputeCapability& capability);

} // namespace

Facts::Facts(FactTable table)
    : table_(std::move(table)) {}

Facts Facts::shipped() {
    return parse({envpm_gpu_facts, static_cast<std::size_t>(envpm_gpu_facts_end - envpm_gpu_facts)},
                 "envpm's own gpu-facts.toml");
}

Facts Facts::parse(std::string_view text, const std::string& file_name) {
    return Facts(read_table(text, file_name));
}

const std::vector<FactRow>& Facts::rows() const {
    return table_.rows;
}

const std::string& Facts::generated() const {
    return table_.generated;
}

std::optional<Cited<DriverVersion>> Facts::least_driver(int cuda_major, DriverSystem system) const {
    for (const auto& [row, citation] : table_.majors) {
        const auto& driver = driver_of(row, system);
        if (row.cuda_major == cuda_major && driver) {
            return Cited<DriverVersion>{*driver, citation};
        }
    }
    return std::nullopt;
}

std::optional<Cited<DriverVersion>> Facts::least_driver(const ToolkitVersion& toolkit,
                                                        DriverSystem system) const {
    for (const auto& [row, citation] : table_.toolkits) {
        const bool is_asked_for =
            toolkit.patch < 0 ? row.toolkit.cuda == toolkit.cuda : row.toolkit == toolkit;
        const auto& driver = driver_of(row, system);
        if (is_asked_for && driver) {
            return Cited<DriverVersion>{*driver, citation};
        }
    }
    return std::nullopt;
}

std::optional<Cited<CudaVersion>> Facts::newest_cuda(const DriverVersion& driver,
                                                     DriverSystem system) const {
    std::optional<Cited<CudaVersion>> newest;
    for (const auto& [row, citation] : table_.toolkits) {
        const auto& least = driver_of(row, system);
        if (least && *least <= driver) {
            newest = Cited<CudaVersion>{row.toolkit.cuda, citation};
        }
    }
    // Windows' column of the toolkits ends before the last major.
    for (const auto& [row, citation] : table_.majors) {
        const CudaVersion cuda{row.cuda_major, 0};
        const auto& least = driver_of(row, system);
        if (least && *least <= driver && (!newest || newest->value < cuda)) {
            newest = Cited<CudaVersion>{cuda, citation};
        }
    }
    return newest;
}

std::optional<Cited<PtxVersion>> Facts::ptx_of(const CudaVersion& toolkit) const {
    const bool is_known = !table_.ptx.empty() && toolkit <= table_.ptx.back().value.cuda;
    // Between two rows the language did not change: 12.6 writes what 12.5 wrote.
    return is_known ? newest_ptx(toolkit) : std::nullopt;
}

std::optional<Cited<PtxVersion>> Facts::newest_ptx(const CudaVersion& driver) const {
    std::optional<Cited<PtxVersion>> newest;
    for (const auto& [row, citation] : table_.ptx) {
        if (row.cuda <= driver) {
            newest = Cited<PtxVersion>{row.ptx, citation};
        }
    }
    return newest;
}

std::optional<Cited<CudaVersion>> Facts::first_cuda(const PtxVersion& ptx) const {
    for (const auto& [row, citation] : table_.ptx) {
        if (ptx <= row.ptx) {
            return Cited<CudaVersion>{row.cuda, citation};
        }
    }
    return std::nullopt;
}

std::optional<Cited<ArchitectureSupport>>
Facts::toolkits_for(const ComputeCapability& capability) const {
    const auto* found = find_architecture(table_, capability);
    if (found == nullptr) {
        return std::nullopt;
    }
    return Cited<ArchitectureSupport>{found->value.support, found->citation};
}

std::optional<Cited<DriverVersion>> Facts::first_driver(const ComputeCapability& capability,
                                                        DriverSystem system) const {
    const auto* found = find_architecture(table_, capability);
    if (found == nullptr || is_tegra(capability)) {
        return std::nullopt;
    }
    return least_driver(ToolkitVersion{found->value.support.first}, system);
}

std::optional<Cited<ComputeCapability>> Facts::least_gpu_of_cudnn(std::string_view cudnn) const {
    const auto version = MinorVersion::parse(cudnn);
    std::optional<Cited<ComputeCapability>> least;
    for (const auto& [row, citation] : table_.cudnn) {
        if (version && row.first <= *version) {
            least = Cited<ComputeCapability>{row.least, citation};
        }
    }
    return least;
}

std::variant<Cited<ComputeCapability>, UnknownProduct>
Facts::capability_of(std::string_view product) const {
    const std::string wanted = normal_product(product);
    std::vector<std::string> known;
    for (const auto& [row, citation] : table_.products) {
        if (normal_product(row.name) == wanted) {
            return Cited<ComputeCapability>{row.capability, citation};
        }
        known.push_back(row.name);
    }
    return UnknownProduct{near_products(product, known)};
}

namespace {

const Cited<ArchitectureRow>* find_architecture(const FactTable& table,
                                                const ComputeCapability& capability) {
    for (const Cited<ArchitectureRow>& each : table.architectures) {
        const ComputeCapability& known = each.value.capability;
        if (known.major == capability.major && known.minor == capability.minor) {
            return &each;
        }
    }
    return nullptr;
}

} // namespace

} // namespace envpm::gpu
