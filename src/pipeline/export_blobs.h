#pragma once

#include "project/project.h"
#include "project/services.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// What `export --format blobs` did.
struct BlobExport {
    std::filesystem::path folder;
    std::uint64_t archives = 0; ///< that it has now, of this lock
    std::uint64_t fetched = 0;  ///< of them, by this run
    std::uint64_t fetched_bytes = 0;
    std::vector<std::string>
        sources; ///< whose archives they are, as `[mirrors]` calls them; sorted
};

/// Brings all archives of the lock, or of one target of it, into `folder` as a mirror of blobs:
/// each at `sha256/ab/abcd…`, whole and proven by size and sha256, in one rename. What is there is
/// read and not fetched again; what has other bytes is replaced. Archives on their way wait in
/// `folder/.unfinished`, and the next run goes on with them. An Error of code 3 if the lock does
/// not fit the manifest, of code 5 or 6 for the first archive that cannot be had: the others came.
BlobExport export_blobs(const project::Project& project, const std::optional<std::string>& target,
                        const std::filesystem::path& folder, project::Services& services);

} // namespace envpm::pipeline
