#pragma once

#include "model/store_paths.h"

#include <filesystem>
#include <optional>

namespace envpm::store {

/// Where a repair puts what is damaged, instead of deleting it: `quarantine/<random>/`, made when
/// the first thing comes. The collector removes it after the grace period, as it does leftovers.
/// All members throw an Error that names the path if the disk does not let them; then what is
/// damaged is still in its place. Not for two threads. Needs the store's shared lock.
class Quarantine {
  public:
    explicit Quarantine(const StorePaths& paths)
        : parent_(paths.quarantine()) {}

    /// A second name for the file or link, which stays where it is until its replacement is renamed
    /// over it. Where the system refuses one it is a copy. A folder is moved. What is not there any
    /// more, or the disk does not give, is nothing to keep. Durable when this returns.
    void keep(const std::filesystem::path& path);

    /// Takes it away from where it is, also a folder of one's own that nobody may write to. Durable
    /// when this returns.
    void move(const std::filesystem::path& path);

    /// A name in the quarantine that is free, for who moves something there.
    std::filesystem::path place_for(const std::filesystem::path& path);

    /// Nothing if nothing is in it.
    [[nodiscard]] std::optional<std::filesystem::path> folder() const;

  private:
    std::filesystem::path parent_;
    std::optional<std::filesystem::path> folder_;
    unsigned next_ = 0;
};

} // namespace envpm::store
