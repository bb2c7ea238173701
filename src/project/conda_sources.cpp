#include "project/conda_sources.h"

#include "conda/pypi_names_page.h"
#include "project/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace envpm::project {

namespace {

std::string words_for(const std::optional<PackageName>& project);

} // namespace

CondaSources::CondaSources(const Manifest& manifest, const universe::Requests& requests,
                           bool refresh, std::optional<std::string> exclude_newer,
                           Services& services)
    : manifest_(manifest),
      requests_(requests),
      refresh_(refresh),
      exclude_newer_(std::move(exclude_newer)),
      services_(services) {}

universe::CondaRecords* CondaSources::records_for(Platform platform) {
    if (manifest_.channels.empty()) {
        return nullptr;
    }
    std::unique_ptr<universe::CondaRecords>& records = records_[platform];
    if (records) {
        return records.get();
    }
    universe::CondaRecordsRequest request{
        {}, {}, manifest_.channel_priority, bound_packages(requests_), exclude_newer_};
    const std::vector<conda::Channel> channels = channels_of(manifest_, services_.settings());
    for (std::size_t i = 0; i < channels.size(); ++i) {
        (manifest_.channels[i].is_listed ? request.listed : request.declared)
            .push_back(channels[i]);
    }
    records = std::make_unique<universe::CondaRecords>(
        std::move(request), names(), [this, platform](std::vector<conda::Channel> wanted) {
            return std::make_unique<conda::Channels>(
                services_.network(), services_.cache("channels"), cache_policy(services_, refresh_),
                std::move(wanted), platform);
        });
    return records.get();
}

std::vector<std::string> CondaSources::known_names() const {
    std::vector<std::string> names;
    for (const auto& [platform, records] : records_) {
        const std::vector<std::string> more = records->known_names();
        names.insert(names.end(), more.begin(), more.end());
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::vector<std::string> CondaSources::notes_on_names(const Lock& lock) {
    const std::optional<std::string>& place = services_.settings().pypi_names;
    const bool has_packages = std::any_of(lock.packages.begin(), lock.packages.end(),
                                          [](const auto& package) { return package.is_conda(); });
    if (!place || !has_packages) {
        return {};
    }
    const conda::PypiNames& configured = names();
    const conda::PypiNames shipped = conda::PypiNames::shipped();
    std::vector<std::string> notes;
    for (const LockedPackage& package : lock.packages) {
        const std::string& name = package.name.string();
        const auto now = configured.project_of(name);
        const auto before = shipped.project_of(name);
        if (package.is_conda() && now != before) {
            notes.push_back(fmt::format("{} says that {} is {}; envpm's own table says {}", *place,
                                        name, words_for(now), words_for(before)));
        }
    }
    return notes;
}

const conda::PypiNames& CondaSources::names() {
    if (names_) {
        return *names_;
    }
    const std::optional<std::string>& place = services_.settings().pypi_names;
    if (!place) {
        return names_.emplace(conda::PypiNames::shipped());
    }
    const bool is_file = std::filesystem::path(*place).is_absolute();
    return names_.emplace(is_file ? conda::PypiNames::read(*place)
                                  : conda::names_at(*place, services_.network(),
                                                    services_.cache("names"),
                                                    cache_policy(services_, refresh_)));
}

namespace {

std::string words_for(const std::optional<PackageName>& project) {
    return project ? fmt::format("`{}`", project->string()) : "no Python project";
}

} // namespace

} // namespace envpm::project
