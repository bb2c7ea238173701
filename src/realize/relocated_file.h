#pragma once

#include "base/hash.h"
#include "model/layout.h"
#include "realize/placeholder.h"
#include "realize/placer.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace envpm::realize {

/// What a relocated file came to.
struct PlacedFile {
    Sha256 sha256; ///< of the bytes in the prefix
    std::uint64_t size_bytes = 0;
    PlaceholderUse use;
};

/// Writes the entry, a RelocatedFile, into `folder` with `prefix` in place of the placeholder. A
/// file in which that does not occur is placed as the object that it is. However large, a binary
/// takes memory for the pages that change only. Errors name the file and its package, a disk's too.
PlacedFile place_relocated(const Placer& placer, const LayoutEntry& entry, int folder,
                           const std::string& prefix);

/// The digest of a prefix's file with the placeholder put back.
Sha256 digest_before_replacement(const std::filesystem::path& file, const PlaceholderUse& use,
                                 const std::string& prefix);

} // namespace envpm::realize
