#pragma once

#include "base/progress.h"
#include "base/thread_pool.h"
#include "base/variables.h"
#include "fetch/client.h"
#include "project/settings.h"
#include "store/store.h"
#include "universe/facts_table.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace envpm::project {

enum class NetworkUse { online, offline };

/// What of the world differs from run to run, handed in by `main` so that tests can choose it.
struct Surroundings {
    Variables variables;
    std::stop_token stop;
    std::chrono::system_clock::time_point now;
    std::uint64_t random_seed = 0; ///< of the pauses before a retry
    NetworkUse network_use = NetworkUse::online;
};

/// What the steps of a command work with. Network and threads start when they are first used: most
/// commands need neither. `facts`, `network`, `pool` and `open_store` are for the command's thread
/// alone, for they make what they give; all else is for any thread.
class Services {
  public:
    Services(Settings settings, Surroundings surroundings, Progress& progress);
    ~Services();
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;

    [[nodiscard]] const Settings& settings() const { return settings_; }

    [[nodiscard]] const Variables& variables() const { return surroundings_.variables; }

    [[nodiscard]] Progress& progress() const { return progress_; }

    [[nodiscard]] const std::stop_token& stop() const { return surroundings_.stop; }

    /// Between two steps: an Error of code 130 if the user asked to stop.
    void throw_if_stopped() const;

    [[nodiscard]] std::chrono::system_clock::time_point now() const { return surroundings_.now; }

    [[nodiscard]] bool is_offline() const {
        return surroundings_.network_use == NetworkUse::offline;
    }

    universe::FactsTable& facts() { return facts_; }

    fetch::Client& network();
    ThreadPool& pool();

    /// Opens the store that is configured, as it is configured.
    [[nodiscard]] store::Store open_store() const {
        return store::Store::open(
            settings_.store_root, settings_.store_policy, settings_.cache_root,
            store::tell_of_collection(StorePaths(settings_.store_root).lock(), progress_));
    }

    /// The cache's folder for one kind of thing: "index", "dl", …
    [[nodiscard]] std::filesystem::path cache(std::string_view kind) const {
        return settings_.cache_root / kind;
    }

  private:
    void resolve_named_gpus();

    Settings settings_;
    Surroundings surroundings_;
    Progress& progress_;
    universe::FactsTable facts_;
    std::unique_ptr<fetch::Client> network_;
    std::unique_ptr<ThreadPool> pool_;
};

/// What a report says that it took.
double seconds_since(std::chrono::steady_clock::time_point start);

} // namespace envpm::project
