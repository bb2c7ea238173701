#pragma once

#include "base/http.h"
#include "conda/pypi_names.h"

#include <filesystem>
#include <string>

namespace envpm::conda {

/// The table of names that lies at a URL, in either of its forms (`PypiNames::hold`).
///
/// Its age is that of the pages of channels: young for ten minutes or as long as the server says,
/// then the server is only asked whether it changed; offline of any age. A `file:` URL is read each
/// time. It is kept as lines, one file a URL below `folder`, sealed by its digest and written by
/// rename; what is damaged counts as absent, and what does not parse replaces nothing.
///
/// An Error (code 5) names the URL and the reason: the server does not answer or has no such page,
/// the page is no table, or envpm is offline and the cache has none.
PypiNames names_at(const std::string& url, HttpTransport& transport,
                   const std::filesystem::path& folder, const CachePolicy& policy);

} // namespace envpm::conda
