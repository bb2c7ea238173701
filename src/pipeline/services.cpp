#include "pipeline/services.h"

#include "base/waiting.h"

namespace envpm::pipeline {

Services::Services(Settings settings, Surroundings surroundings, Progress& progress)
    : settings_(std::move(settings)),
      surroundings_(std::move(surroundings)),
      progress_(progress),
      facts_(settings_.gpu_facts) {}

Services::~Services() = default;

void Services::throw_if_stopped() const {
    envpm::throw_if_stopped(surroundings_.stop, "the next run goes on from here");
}

fetch::Client& Services::network() {
    if (!network_) {
        fetch::NetworkSettings network = settings_.network;
        network.retry_seed = surroundings_.random_seed;
        network.rates_file = settings_.cache_root / "host-rates";
        network_ = std::make_unique<fetch::Client>(
            std::move(network), surroundings_.stop,
            fetch::PageEvents{[this](const std::string& what) { progress_.note(what); },
                              [this](std::uint64_t count) { progress_.advance(count); }});
    }
    return *network_;
}

ThreadPool& Services::pool() {
    if (!pool_) {
        pool_ = std::make_unique<ThreadPool>(settings_.jobs);
    }
    return *pool_;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace envpm::pipeline
