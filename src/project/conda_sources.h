#pragma once

#include "model/lock.h"
#include "project/project.h"
#include "project/services.h"
#include "universe/conda_records.h"
#include "universe/requests.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace envpm::project {

/// The manifest's channels for one run, opened when a platform first needs them. What it is given
/// must outlive it.
class CondaSources {
  public:
    /// `refresh`: no cached page is trusted; `exclude_newer` as the solve has it.
    CondaSources(const Manifest& manifest, const universe::Requests& requests, bool refresh,
                 std::optional<std::string> exclude_newer, Services& services);

    /// Null if the manifest has no channels.
    universe::CondaRecords* records_for(Platform platform);

    /// Every name that the channels asked so far have, sorted.
    [[nodiscard]] std::vector<std::string> known_names() const;

    /// A note for each conda package of the lock that the configured table of names takes for
    /// another project than the one that is built in.
    [[nodiscard]] std::vector<std::string> notes_on_names(const Lock& lock);

  private:
    const conda::PypiNames& names();

    const Manifest& manifest_;
    const universe::Requests& requests_;
    bool refresh_;
    std::optional<std::string> exclude_newer_;
    Services& services_;
    std::optional<conda::PypiNames> names_; ///< read when they are first asked for
    std::map<Platform, std::unique_ptr<universe::CondaRecords>> records_;
};

} // namespace envpm::project
