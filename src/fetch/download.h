#pragma once

#include "fetch/target.h"

#include <optional>
#include <span>
#include <vector>

namespace envpm::fetch {

/// `Client::download` without its settings: opens the files, offers free connections to them in
/// order, and waits.
std::vector<std::optional<Error>> run_downloads(DownloadContext& context,
                                                std::span<const Download> downloads,
                                                int most_at_once, const DownloadEvents& events);

} // namespace envpm::fetch
