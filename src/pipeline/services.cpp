#include "pipeline/services.h"

#include <fmt/chrono.h>

namespace envpm::pipeline {

Services::Services(Settings settings, Variables variables, Progress& progress, std::stop_token stop,
                   std::chrono::system_clock::time_point now, NetworkUse network_use)
    : settings_(std::move(settings)),
      variables_(std::move(variables)),
      progress_(progress),
      stop_(std::move(stop)),
      now_(now),
      network_use_(network_use) {}

Services::~Services() = default;

fetch::Client& Services::network() {
    if (!network_) {
        network_ = std::make_unique<fetch::Client>(settings_.network, stop_);
    }
    return *network_;
}

ThreadPool& Services::pool() {
    if (!pool_) {
        pool_ = std::make_unique<ThreadPool>(settings_.jobs);
    }
    return *pool_;
}

std::string to_rfc3339(std::chrono::system_clock::time_point time) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

} // namespace envpm::pipeline
