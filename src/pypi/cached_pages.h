#pragma once

#include "base/hash.h"
#include "base/http.h"
#include "model/package_name.h"
#include "pypi/index_cache.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// A Python index: its simple API's base URL on each of its mirrors, in order of preference.
struct Index {
    std::string name;
    std::vector<std::string> urls; ///< "https://…/simple"
    bool is_explicit = false;
    /// The one of `urls` that is the index itself: it alone can say that there is no such project.
    /// Empty: its mirrors stand for it, and only all of them can.
    std::string own_url{};
    /// What its URLs end with below a place of several indexes, "/cu128". Of a folder that is such
    /// a place only itself says whether it is mounted: it need not have all of them.
    std::string below{};
};

struct PageQuery {
    const Index* index = nullptr;
    PackageName project;
};

/// What tells an answer to a PageQuery from every other one.
struct PageMark {
    std::optional<Sha256> page; ///< PageHead::digest; nothing: the index has no such project

    bool operator==(const PageMark&) const = default;
};

/// A mirror's URL as it is asked: no slash at its end.
std::string base_url(std::string_view mirror);

/// As the cache knows it: without credentials too.
std::string cache_name(std::string_view mirror);

/// Its word that there is no such project needs no other.
bool is_index_itself(std::string_view mirror, const Index& index);

/// The pages of the cache under the rule for their age.
class CachedPages {
  public:
    CachedPages(std::filesystem::path cache_folder, CachePolicy policy)
        : cache_(std::move(cache_folder)),
          policy_(policy) {}

    [[nodiscard]] const IndexCache& cache() const { return cache_; }

    [[nodiscard]] const CachePolicy& policy() const { return policy_; }

    /// Pages of this very run count as young even when all are to be asked for anew.
    [[nodiscard]] bool is_usable(std::int64_t fetched_nanoseconds) const;

    /// The mark of the answer that IndexClient::pages would give without asking anybody; nothing if
    /// it would ask. It reads a page's first lines only.
    [[nodiscard]] std::optional<PageMark> mark(const PageQuery& query) const;

  private:
    IndexCache cache_;
    CachePolicy policy_;
};

} // namespace envpm::pypi
