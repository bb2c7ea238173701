#pragma once

#include "gpu/facts.h"
#include "project/settings.h"
#include "project/sources.h"
#include "universe/requests.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::project {

// PyTorch publishes each build on an index of its own, below one place: `…/whl/cu128`, `…/whl/cpu`.
// With `torch-variants = "auto"` all of them serve together, and the solve chooses.

/// The indexes, called `pytorch-cu128` and so on; each is asked only for PyTorch's own projects.
/// Those that `[gpu]` rules out are left out.
std::vector<Source> torch_sources(const universe::GpuRequests& gpu, const gpu::Facts& facts,
                                  const Settings& settings);

/// The public URL of the index that a lock calls `pytorch-cu128`; nothing for any other name.
std::optional<std::string> torch_index_url(std::string_view name);

/// Whether an index lies at that place or below it.
bool is_torch_place(std::string_view url);

/// What stands for such an index, `own`: a mirror that is configured for `pytorch` stands for the
/// place and all that is below it, one of blobs for all of them.
std::vector<Mirror> torch_places(const Settings& settings, const Mirror& own);

/// The projects that come from them: all of PyTorch's that the manifest binds to no other.
std::map<PackageName, std::vector<std::string>> torch_projects(const std::vector<Source>& sources,
                                                               const universe::Requests& requests);

} // namespace envpm::project
