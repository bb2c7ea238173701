#pragma once

#include "base/hash.h"
#include "model/store_paths.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace envpm::realize {

/// One state that a project's environment was in.
struct Generation {
    int number = 0;
    std::filesystem::path prefix;
    Sha256 env;
    std::string created; ///< RFC 3339, UTC
    std::string target;  ///< of the lock; empty in a record that does not tell
    bool is_current = false;

    /// Of the store that the prefix lies in (`p/<name>`).
    [[nodiscard]] std::filesystem::path store_root() const {
        return prefix.parent_path().parent_path();
    }
};

/// What becomes a generation.
struct NewGeneration {
    std::filesystem::path prefix;
    Sha256 env;
    std::string now; ///< RFC 3339, UTC
    std::string target;
};

/// A project's environments: `.envpm/envs/<name>/current` → `gens/<n>` → a prefix of the store,
/// with `gens/<n>.json` beside it. Every change is one rename, made durable: old or new, never
/// between.
class Generations {
  public:
    Generations(const std::filesystem::path& project, const std::string& environment);

    /// `.envpm/envs/<name>`
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

    [[nodiscard]] std::filesystem::path current_link() const { return folder_ / "current"; }

    /// Ascending by number.
    [[nodiscard]] std::vector<Generation> all() const;
    [[nodiscard]] std::optional<Generation> current() const;

    /// Registers the project as a root of the store, if it is none yet, so that a collector never
    /// takes its prefixes away. True if it was one before, which costs one look. Else this has
    /// waited for the project's lock and for a collector (`before_waiting` is called if one runs),
    /// which may just have taken them away.
    bool keep_alive(const StorePaths& store, const std::function<void()>& before_waiting) const;

    /// Makes a prefix current as a new generation, unless it already is; registers the project as a
    /// root of the store first, so that a collector can never take it away. Keeps the newest
    /// `kept_generations` of different environments, and the current one; those whose prefix is
    /// gone are not counted, and at most as many of them stay between.
    Generation switch_to(const StorePaths& store, const NewGeneration& wanted);

    /// Makes generation `number`, or the last one before the current that has another environment,
    /// current again; an Error names what there is, of code 2 if there is no `number`. With a
    /// target nothing else is made current: code 2 too if `number` is of another. A record that
    /// does not tell its target may be of any.
    Generation roll_back(std::optional<int> number, const std::optional<std::string>& target = {});

  private:
    std::filesystem::path folder_;
};

inline constexpr int kept_generations = 5;

} // namespace envpm::realize
