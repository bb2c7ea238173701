#include "pipeline/conda_sources.h"

#include <algorithm>
#include <utility>

namespace envpm::pipeline {

CondaSources::CondaSources(const Manifest& manifest, const Requests& requests, bool refresh,
                           std::optional<std::string> exclude_newer, Services& services)
    : manifest_(manifest),
      requests_(requests),
      refresh_(refresh),
      exclude_newer_(std::move(exclude_newer)),
      services_(services) {}

CondaRecords* CondaSources::records_for(Platform platform) {
    if (manifest_.channels.empty()) {
        return nullptr;
    }
    std::unique_ptr<CondaRecords>& records = records_[platform];
    if (records) {
        return records.get();
    }
    CondaRecordsRequest request{
        {}, {}, manifest_.channel_priority, bound_packages(requests_), exclude_newer_};
    const std::vector<conda::Channel> channels = channels_of(manifest_, services_.settings());
    for (std::size_t i = 0; i < channels.size(); ++i) {
        (manifest_.channels[i].is_listed ? request.listed : request.declared)
            .push_back(channels[i]);
    }
    records = std::make_unique<CondaRecords>(
        std::move(request), conda::PypiNames::shipped(),
        [this, platform](std::vector<conda::Channel> wanted) {
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

} // namespace envpm::pipeline
