#include "project/services.h"

#include "base/ascii.h"
#include "base/waiting.h"

#include <algorithm>
#include <variant>

namespace envpm::project {

Services::Services(Settings settings, Surroundings surroundings, Progress& progress)
    : settings_(std::move(settings)),
      surroundings_(std::move(surroundings)),
      progress_(progress),
      facts_(settings_.gpu_facts) {
    resolve_named_gpus();
}

Services::~Services() = default;

/// Products in ENVPM_GPUS become what they are able to do: `host` knows no table of them. A text
/// that has another name in it stays, and whoever asks for the GPUs refuses it.
void Services::resolve_named_gpus() {
    const std::string text = surroundings_.variables.find("ENVPM_GPUS").value_or("");
    if (text.find_first_not_of("0123456789., ") == std::string::npos) {
        return;
    }
    std::string resolved;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        const std::string_view name = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const auto found = facts_.get().capability_of(name);
        const auto* const known = std::get_if<gpu::Cited<ComputeCapability>>(&found);
        if (known == nullptr && !ComputeCapability::parse(name)) {
            return;
        }
        resolved +=
            (resolved.empty() ? "" : ",") + (known ? known->value.text() : std::string(name));
    }
    surroundings_.variables.set("ENVPM_GPUS", resolved);
}

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

} // namespace envpm::project
