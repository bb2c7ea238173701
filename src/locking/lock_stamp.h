#pragma once

#include "base/hash.h"
#include "model/lock.h"
#include "model/manifest.h"
#include "pypi/cached_pages.h"
#include "pypi/candidates.h"
#include "universe/listings.h"
#include "universe/requests.h"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace envpm::locking {

/// What a solve works with beside the previous lock and the indexes' pages.
struct SolveInputs {
    const Manifest& manifest;
    const universe::Requests& requests;
    const std::vector<pypi::PythonChoice>& pythons;
    const std::vector<pypi::Index>& indexes;
    const std::optional<std::string>& exclude_newer;
};

/// The digest over all of it, and over which envpm this is.
Sha256 digest_of(const SolveInputs& inputs);

/// Which lock and which notes came of which inputs and pages, so that nothing is solved a second
/// time, and what was told of it is told again. A solve is a function of its inputs, the previous
/// lock, the pages it asked for and the metadata of wheels, which their sha256 on the pages fixes;
/// a lock that came of no previous one, or of itself, comes of itself again. See
/// docs/decisions/0006-stamps.md.
///
/// One small file for each digest of inputs, sealed by its own SHA-256: damaged counts as absent.
class LockStamps {
  public:
    LockStamps(std::filesystem::path folder, pypi::CachedPages pages);

    /// The notes of a solve of `inputs` that starts from `lock`, if it would give this very lock,
    /// and would ask no index for it; else nothing.
    [[nodiscard]] std::optional<std::vector<std::string>> notes(const SolveInputs& inputs,
                                                                const Lock& lock) const;

    /// `lock` and `notes` came of `inputs` and `pages`. A cache that cannot be written is no
    /// failure.
    void put(const SolveInputs& inputs, const Lock& lock, const std::vector<std::string>& notes,
             std::span<const universe::Listings::Consulted> pages) const;

  private:
    [[nodiscard]] std::filesystem::path file_of(const SolveInputs& inputs) const;
    [[nodiscard]] bool is_current(const universe::Listings::Consulted& page,
                                  const std::vector<pypi::Index>& indexes) const;

    std::filesystem::path folder_;
    pypi::CachedPages pages_;
};

/// What stands in a stamp's file.
struct LockStamp {
    Sha256 lock; ///< of its canonical text
    std::vector<std::string> notes;
    std::vector<universe::Listings::Consulted> pages;
};

std::string to_text(const LockStamp& stamp);

/// Nothing for a text that `to_text` did not write.
std::optional<LockStamp> parse_lock_stamp(std::string_view text);

} // namespace envpm::locking
