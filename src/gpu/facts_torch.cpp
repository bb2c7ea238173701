#include "gpu/facts.h"

#include <algorithm>

namespace envpm::gpu {

namespace {

/// "2.9.1" of "2.9.1+cu126"; a table's companions are found by it.
std::string_view without_local(std::string_view torch);

std::optional<Cited<TorchVariant>> on_platform(const Cited<TorchVariantRow>& row,
                                               std::string_view torch, Platform platform,
                                               const FactTable& table);

} // namespace

std::vector<Cited<TorchRelease>> Facts::torch_releases() const {
    return {table_.torch_releases.rbegin(), table_.torch_releases.rend()};
}

std::optional<Cited<TorchRelease>> Facts::torch_release(std::string_view torch) const {
    const auto release = MinorVersion::parse(torch);
    for (const Cited<TorchRelease>& each : table_.torch_releases) {
        if (each.value.release == release) {
            return each;
        }
    }
    return std::nullopt;
}

std::optional<Cited<TorchVariant>>
Facts::torch_variant(std::string_view torch, std::string_view variant, Platform platform) const {
    for (Cited<TorchVariant>& each : torch_variants(torch, platform)) {
        if (each.value.variant == variant) {
            return each;
        }
    }
    return std::nullopt;
}

std::vector<Cited<TorchVariant>> Facts::torch_variants(std::string_view torch,
                                                       Platform platform) const {
    const auto release = MinorVersion::parse(torch);
    std::vector<Cited<TorchVariant>> variants;
    for (const Cited<TorchVariantRow>& row : table_.torch_variants) {
        if (row.value.variant.release != release) {
            continue;
        }
        if (auto variant = on_platform(row, torch, platform, table_)) {
            variants.push_back(std::move(*variant));
        }
    }
    return variants;
}

std::optional<Cited<TorchVariant>>
Facts::conda_torch(std::string_view torch, const CudaVersion& toolkit, Platform platform) const {
    for (const Cited<CondaTorchRow>& each : table_.conda_torches) {
        const CondaTorchRow& row = each.value;
        const bool is_toolkit =
            std::find(row.cuda.begin(), row.cuda.end(), toolkit) != row.cuda.end();
        if (row.torch == torch && is_toolkit && row.platform.value_or(platform) == platform) {
            Cited<TorchVariant> out{{}, each.citation};
            out.value.cuda.cuda = toolkit;
            out.value.sass = row.sass;
            out.value.ptx = row.ptx;
            return out;
        }
    }
    return std::nullopt;
}

std::vector<Cited<TorchCompanions>> Facts::companions(std::string_view project,
                                                      std::string_view version) const {
    std::vector<Cited<TorchCompanions>> out;
    for (const Cited<TorchCompanions>& each : table_.companions) {
        const std::string& own =
            project == "torchvision" ? each.value.torchvision : each.value.torchaudio;
        if (!own.empty() && own == without_local(version)) {
            out.push_back(each);
        }
    }
    return out;
}

namespace {

std::string_view without_local(std::string_view torch) {
    return torch.substr(0, torch.find('+'));
}

std::optional<Cited<TorchVariant>> on_platform(const Cited<TorchVariantRow>& row,
                                               std::string_view torch, Platform platform,
                                               const FactTable& table) {
    Cited<TorchVariant> out{row.value.variant, row.citation};
    for (const TomlValue::Member& patch : row.value.triton_patches) {
        if (patch.name == without_local(torch)) {
            out.value.triton = *patch.value.get_if<std::string>();
        }
    }
    if (platform == Platform::linux_64) {
        return out;
    }
    const auto arm = std::find_if(table.arm_variants.begin(), table.arm_variants.end(),
                                  [&](const Cited<ArmRow>& each) {
                                      return each.value.variant == out.value.variant &&
                                             each.value.releases.contains(out.value.release);
                                  });
    if (arm == table.arm_variants.end()) {
        return std::nullopt; // built for the other processor only, as far as is known
    }
    out.value.sass = arm->value.sass;
    out.value.ptx.clear();
    out.value.ptx_claimed.clear();
    out.citation = arm->citation;
    return out;
}

} // namespace

} // namespace envpm::gpu
