#pragma once

#include "base/hash.h"
#include "base/thread_pool.h"
#include "model/layout.h"
#include "store/store.h"

#include <filesystem>
#include <optional>
#include <vector>

namespace envpm::installing {

/// Layouts of environments of wheels, by env digest, which determines them: for a further prefix of
/// the same environment neither trees nor RECORDs are read (docs/caches.md). A file is written by
/// rename and bears a digest; one that is damaged or of another version counts as absent. Of many
/// environments the newest are kept.
class LayoutCache {
  public:
    explicit LayoutCache(std::filesystem::path folder)
        : folder_(std::move(folder)) {}

    /// The layout of this environment, if the store has the tree of each of its archives. Whether
    /// it has every object too has to be looked at: if it has, there is nothing to fetch.
    /// Not to be called from a task of the pool.
    [[nodiscard]] std::optional<Layout> find(const Sha256& env, const std::vector<Sha256>& archives,
                                             const store::Store& store, ThreadPool& pool) const;

    /// To be called for layouts of wheels alone. A cache that cannot be written is no failure.
    void put(const Sha256& env, const Layout& layout) const;

    static constexpr std::size_t most_kept = 16;

  private:
    [[nodiscard]] std::filesystem::path path_of(const Sha256& env) const;
    void forget_oldest() const;

    std::filesystem::path folder_;
};

/// Whether the store has each object of a layout, as far as one look at each tells: kind and size.
bool has_all(const store::Store& store, const Layout& layout, ThreadPool& pool);

} // namespace envpm::installing
