#pragma once

#include "base/files.h"
#include "project/archive_cache.h"
#include "project/services.h"
#include "pypi/index_client.h"

#include <mutex>
#include <optional>
#include <vector>

namespace envpm::locking {

/// Wheels that `lock` had to fetch whole go where `install` has its downloads, so that it finds
/// them there. As long as this lives no other process removes them. If nothing can be written
/// there, they lie in a folder of their own, and go with this.
class KeptWheels final : public pypi::WheelKeeper {
  public:
    explicit KeptWheels(project::Services& services)
        : services_(services) {}

    /// As `install` fetches: with progress, and so that a later run goes on where this one stopped.
    std::vector<Kept> fetch(std::span<const pypi::WheelFile> wheels) override;

    /// Small ones are not worth it.
    void keep(const Sha256& sha256, std::string_view bytes) noexcept override;

  private:
    const std::filesystem::path& folder();
    void open_folder();

    project::Services& services_;
    std::mutex mutex_;
    std::optional<project::ArchiveCache> archives_; ///< once there is something to keep
    std::optional<TemporaryFolder> passing_;        ///< in place of `archives_`
};

} // namespace envpm::locking
