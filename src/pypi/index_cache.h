#pragma once

#include "pypi/index_page.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// A page as a mirror had it.
struct CachedPage {
    std::int64_t fetched_nanoseconds = 0; ///< since 1970
    std::optional<ProjectPage> page;      ///< nothing: the mirror has no such project
    std::optional<Sha256> digest = {};    ///< PageHead::digest; known of what the cache gives back
};

/// What tells a cached page from every other, without reading it.
struct PageHead {
    std::int64_t fetched_nanoseconds = 0;
    bool is_present = false; ///< else the mirror has no such project
    Sha256 digest;           ///< of all that the page says, mirror and project included
};

/// What a METADATA was believed of. A page may claim any digest for a wheel of its own making, so
/// that alone would let one index speak for the wheels of another.
struct MetadataKey {
    Sha256 wheel;          ///< as its page says
    std::string file_name; ///< of the wheel
    std::string proof; ///< the METADATA's own SHA-256, or else the URL it was read from, without
                       ///< credentials; and the wheel's size, as the page says, `-` if it does not
};

/// A wheel's METADATA, up to the first empty line.
struct CachedMetadata {
    std::string text;
    std::uint64_t wheel_bytes = 0;
};

/// What is kept of indexes between runs, below one folder: `pages/<mirror>/<project>` and
/// `metadata/ab/<sha256 of the key>`. Each file begins with its kind and format version, then the
/// SHA-256 of the rest: what does not match is damaged and counts as absent. A page's first lines
/// (digest, time) are sealed by themselves. Pages are kept parsed, as lines of fields, because a
/// solve reads hundreds of them; a page that did not change has the same digest whenever it was
/// fetched. What cannot be written is not kept, which is no failure.
class IndexCache {
  public:
    explicit IndexCache(std::filesystem::path folder)
        : folder_(std::move(folder)) {}

    /// `mirror` is a base URL; it must come without credentials, as it is written.
    [[nodiscard]] std::optional<CachedPage> page(const std::string& mirror,
                                                 const PackageName& project) const;

    /// Of a page that may yet turn out to be damaged, but then it is not the one of this digest.
    [[nodiscard]] std::optional<PageHead> head(const std::string& mirror,
                                               const PackageName& project) const;

    /// The answer is the page's digest, as `head` tells it.
    Sha256 store_page(const std::string& mirror, const PackageName& project,
                      const CachedPage& page) const;

    /// The projects that `mirror` has, as far as its pages are here; sorted. It reads them all: for
    /// the explanation of a failure.
    [[nodiscard]] std::vector<std::string> projects(const std::string& mirror) const;

    [[nodiscard]] std::optional<CachedMetadata> metadata(const MetadataKey& key) const;
    void store_metadata(const MetadataKey& key, const CachedMetadata& metadata) const;

  private:
    [[nodiscard]] std::filesystem::path page_folder(const std::string& mirror) const;
    [[nodiscard]] std::filesystem::path page_file(const std::string& mirror,
                                                  const PackageName& project) const;
    [[nodiscard]] std::filesystem::path metadata_file(const std::string& key_lines) const;

    std::filesystem::path folder_;
};

} // namespace envpm::pypi
