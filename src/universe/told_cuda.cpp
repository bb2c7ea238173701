#include "universe/told_cuda.h"

#include "gpu/package_traits.h"

namespace envpm::universe {

namespace {

std::optional<std::string> exact_version(const pypi::Requirement& requirement);

} // namespace

ToldCuda told_cuda(const pypi::Metadata& metadata, const UniversePythons& pythons,
                   const PythonSet& possible) {
    ToldCuda told;
    for (const pypi::Requirement& requirement : metadata.requires_dist) {
        const std::string& name = requirement.name.string();
        const std::string version = exact_version(requirement).value_or("");
        const gpu::PackageTraits traits = gpu::traits_of({gpu::World::wheel, name, version});
        const bool is_torch = name == "torch";
        const bool is_triton = name == "triton" || name == "pytorch-triton";
        told.names_triton = told.names_triton || is_triton;
        if (!is_torch && traits.build != gpu::Build::cuda) {
            continue;
        }
        told.names_cuda = told.names_cuda || traits.build == gpu::Build::cuda;
        if (pythons.where(requirement.marker, {}, possible).empty()) {
            continue;
        }
        told.pins_torch = told.pins_torch || (is_torch && !requirement.specifiers.is_any());
        told.needs_cuda = told.needs_cuda || traits.build == gpu::Build::cuda;
        if (traits.runtime && traits.runtime->minor && !told.runtime && !is_torch) {
            told.runtime = traits.runtime;
        }
    }
    return told;
}

ToldCuda told_cuda(const conda::Record& record) {
    ToldCuda told;
    for (const std::string& dependency : record.depends) {
        const std::string_view text = dependency;
        const std::string_view name = text.substr(0, text.find_first_of(" =<>!~[,"));
        told.needs_cuda = told.needs_cuda || name == "__cuda" ||
                          gpu::traits_of({gpu::World::conda, name, {}}).build == gpu::Build::cuda;
    }
    told.names_cuda = told.needs_cuda;
    return told;
}

namespace {

/// Of `==12.8.90` alone.
std::optional<std::string> exact_version(const pypi::Requirement& requirement) {
    const std::string text = requirement.specifiers.text();
    const bool is_exact = text.starts_with("==") && text.find(',') == std::string::npos;
    return is_exact ? std::optional(text.substr(2)) : std::nullopt;
}

} // namespace

} // namespace envpm::universe
