#include "pipeline/torch_variants.h"

#include "gpu/package_traits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace envpm::pipeline {

namespace {

constexpr std::string_view place = "https://download.pytorch.org/whl";
constexpr std::array<std::string_view, 5> projects = {"torch", "torchvision", "torchaudio",
                                                      "torchtext", "pytorch-triton"};

std::set<std::string> variants(const GpuRequests& gpu, const gpu::Facts& facts);
bool is_ruled_out(const std::string& variant, const GpuRequests& gpu);
std::vector<std::string> places(const Settings& settings);

} // namespace

std::vector<pypi::Index> torch_indexes(const GpuRequests& gpu, const gpu::Facts& facts,
                                       const Settings& settings) {
    std::vector<pypi::Index> indexes;
    for (const std::string& variant : variants(gpu, facts)) {
        pypi::Index index{"pytorch-" + variant, {}, true};
        for (const std::string& base : places(settings)) {
            index.urls.push_back(fmt::format("{}/{}", base, variant));
        }
        indexes.push_back(std::move(index));
    }
    return indexes;
}

std::map<PackageName, std::vector<std::string>>
torch_projects(const std::vector<pypi::Index>& torch_indexes, const Requests& requests) {
    std::vector<std::string> names;
    for (const pypi::Index& index : torch_indexes) {
        names.push_back(index.name);
    }
    std::map<PackageName, std::vector<std::string>> spread;
    for (const std::string_view project : projects) {
        spread.emplace(*PackageName::parse(project), names);
    }
    for (const Request& request : requests.packages) {
        if (request.index) {
            spread.erase(request.name);
        }
    }
    return spread;
}

namespace {

std::set<std::string> variants(const GpuRequests& gpu, const gpu::Facts& facts) {
    std::set<std::string> all = {"cpu"};
    for (const auto& release : facts.torch_releases()) {
        all.insert(release.value.variants.begin(), release.value.variants.end());
    }
    std::erase_if(all, [&](const std::string& variant) { return is_ruled_out(variant, gpu); });
    return all;
}

bool is_ruled_out(const std::string& variant, const GpuRequests& gpu) {
    const gpu::PackageTraits traits = gpu::traits_of({gpu::World::wheel, "torch", "0+" + variant});
    const bool is_cpu = traits.build == gpu::Build::cpu;
    if ((is_cpu && gpu.accelerator == Accelerator::cuda) ||
        (!is_cpu && gpu.accelerator == Accelerator::cpu)) {
        return true;
    }
    if (!gpu.cuda || !traits.runtime || !traits.runtime->minor) {
        return false;
    }
    const auto version = pypi::Version::parse(std::to_string(traits.runtime->major) + "." +
                                              std::to_string(*traits.runtime->minor));
    return version && !gpu.cuda->specifiers.contains(*version);
}

std::vector<std::string> places(const Settings& settings) {
    const auto mirrors = settings.mirrors.find("pytorch");
    if (mirrors == settings.mirrors.end()) {
        return {std::string(place)};
    }
    std::vector<std::string> bases;
    for (const Mirror& mirror : mirrors->second) {
        std::string base = mirror.url == "default" ? std::string(place) : mirror.url;
        base.erase(base.find_last_not_of('/') + 1);
        bases.push_back(std::move(base));
    }
    return bases;
}

} // namespace

} // namespace envpm::pipeline
