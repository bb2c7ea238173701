#pragma once

#include "base/http.h"

#include <filesystem>

namespace envpm::fetch {

/// The answer that a server with this file would give: 200 or 206 with its bytes, 404 if it does
/// not exist, 304 if it is still the one of an If-None-Match field (the tag is made of its size,
/// inode and times). A folder stands for its `index.html`, as web servers have it. What cannot be
/// read, or is larger than the request allows, is the answer's error. So is a folder (`…/`), or
/// whatever the request names a root for, below a root that does not exist, is no folder or is
/// empty: a share that is not mounted says nothing of what it has.
HttpResponse read_local_page(const HttpRequest& request, const std::filesystem::path& file);

} // namespace envpm::fetch
