#include "project/torch_variants.h"

#include "gpu/package_traits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace envpm::project {

namespace {

constexpr std::string_view place = "https://download.pytorch.org/whl";
constexpr std::string_view name_start = "pytorch-";
constexpr std::array<std::string_view, 5> projects = {"torch", "torchvision", "torchaudio",
                                                      "torchtext", "pytorch-triton"};

std::set<std::string> variants(const universe::GpuRequests& gpu, const gpu::Facts& facts);
bool is_ruled_out(const std::string& variant, const universe::GpuRequests& gpu);

} // namespace

std::vector<Source> torch_sources(const universe::GpuRequests& gpu, const gpu::Facts& facts,
                                  const Settings& settings) {
    std::vector<Source> sources;
    for (const std::string& variant : variants(gpu, facts)) {
        const Mirror own{fmt::format("{}/{}", place, variant), "default"};
        sources.push_back({Source::Kind::index, std::string(name_start) + variant, true,
                           torch_places(settings, own), own.url, "/" + variant});
    }
    return sources;
}

std::optional<std::string> torch_index_url(std::string_view name) {
    if (!name.starts_with(name_start) || name.size() == name_start.size() ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.", name_start.size()) !=
            std::string_view::npos) {
        return std::nullopt;
    }
    return fmt::format("{}/{}", place, name.substr(name_start.size()));
}

bool is_torch_place(std::string_view url) {
    return url.starts_with(place) && (url.size() == place.size() || url[place.size()] == '/');
}

std::vector<Mirror> torch_places(const Settings& settings, const Mirror& own) {
    const std::string below = own.url.substr(place.size());
    std::vector<Mirror> places = places_of(settings, "pytorch", {std::string(place), own.origin});
    for (Mirror& mirror : places) {
        if (mirror.form == MirrorForm::pages) {
            mirror.url.erase(mirror.url.find_last_not_of('/') + 1);
            mirror.url += below;
        }
    }
    return places;
}

std::map<PackageName, std::vector<std::string>> torch_projects(const std::vector<Source>& sources,
                                                               const universe::Requests& requests) {
    std::vector<std::string> names;
    for (const Source& source : sources) {
        names.push_back(source.name);
    }
    std::map<PackageName, std::vector<std::string>> spread;
    for (const std::string_view project : projects) {
        spread.emplace(*PackageName::parse(project), names);
    }
    for (const universe::Request& request : requests.packages) {
        if (request.index) {
            spread.erase(request.name);
        }
    }
    return spread;
}

namespace {

std::set<std::string> variants(const universe::GpuRequests& gpu, const gpu::Facts& facts) {
    std::set<std::string> all = {"cpu"};
    for (const auto& release : facts.torch_releases()) {
        all.insert(release.value.variants.begin(), release.value.variants.end());
    }
    std::erase_if(all, [&](const std::string& variant) { return is_ruled_out(variant, gpu); });
    return all;
}

bool is_ruled_out(const std::string& variant, const universe::GpuRequests& gpu) {
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

} // namespace

} // namespace envpm::project
