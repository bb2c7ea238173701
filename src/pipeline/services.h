#pragma once

#include "base/progress.h"
#include "base/thread_pool.h"
#include "base/variables.h"
#include "fetch/client.h"
#include "pipeline/settings.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>

namespace envpm::pipeline {

enum class NetworkUse { online, offline };

/// What the steps of a command need of the world, handed in by `main` so that tests can choose it.
/// Network and threads start when they are first used: most commands need neither.
class Services {
  public:
    Services(Settings settings, Variables variables, Progress& progress, std::stop_token stop,
             std::chrono::system_clock::time_point now, NetworkUse network_use);
    ~Services();
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;

    [[nodiscard]] const Settings& settings() const { return settings_; }

    [[nodiscard]] const Variables& variables() const { return variables_; }

    [[nodiscard]] Progress& progress() const { return progress_; }

    [[nodiscard]] const std::stop_token& stop() const { return stop_; }

    [[nodiscard]] std::chrono::system_clock::time_point now() const { return now_; }

    [[nodiscard]] bool is_offline() const { return network_use_ == NetworkUse::offline; }

    fetch::Client& network();
    ThreadPool& pool();

    /// The cache's folder for one kind of thing: "pages", "dl", …
    [[nodiscard]] std::filesystem::path cache(std::string_view kind) const {
        return settings_.cache_root / kind;
    }

  private:
    Settings settings_;
    Variables variables_;
    Progress& progress_;
    std::stop_token stop_;
    std::chrono::system_clock::time_point now_;
    NetworkUse network_use_;
    std::unique_ptr<fetch::Client> network_;
    std::unique_ptr<ThreadPool> pool_;
};

/// RFC 3339 in UTC, whole seconds.
std::string to_rfc3339(std::chrono::system_clock::time_point time);

} // namespace envpm::pipeline
