#pragma once

#include "model/lock.h"
#include "model/manifest.h"
#include "project/services.h"

#include <string>
#include <vector>

namespace envpm::installing {

/// A lock has no URLs: where each package's archive lies today, its source's places know. Best
/// first, in the packages' order. Indexes are asked for their pages, channels only for `base_url`;
/// a mirror of blobs has every archive below its sha256, `sha256/ab/abcd…`, and comes before the
/// others if it is configured before them.
///
/// A mirror that does not answer, or has not that file, is no fault while another place is left;
/// else an Error (code 5) names it. Offline only folders (`file:`) count, and a package that none
/// of them may have gets no URL.
std::vector<std::vector<std::string>> locate(const std::vector<LockedPackage>& packages,
                                             const Manifest& manifest, project::Services& services);

/// Where a mirror of blobs has an archive.
std::string blob_url(const std::string& base, const Sha256& archive);

} // namespace envpm::installing
