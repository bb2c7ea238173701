#pragma once

#include "base/handle.h"
#include "base/thread_pool.h"
#include "model/tree.h"
#include "store/object_stage.h"

#include <filesystem>
#include <set>
#include <stop_token>
#include <vector>

namespace envpm::store {

/// The stage folders of other intakes: of those that were killed, interrupted or failed, and of
/// those that go on. What has been unpacked whole there need not be fetched again.
///
/// Nothing in them is believed. The folders must belong to this user, and nobody else may write
/// there; a tree must be undamaged (`parse_tree`), and every object of it is hashed again before it
/// is used, so neither a kill nor a power cut can bring anything half into the store. Those that no
/// one works in are locked while this lives.
class OtherStages {
  public:
    OtherStages(const std::filesystem::path& temporary, const std::filesystem::path& own);

    /// Whether there is anything at all to take over.
    [[nodiscard]] bool empty() const { return folders_.empty(); }

    /// Brings the trees of these archives into `stage` as far as they can be had whole; gives those
    /// archives. They stay there too. What a living intake publishes meanwhile is in the store and
    /// may be missing from the answer. Throws an Error of code interrupted on `stop`.
    std::set<Sha256> hand_over(const std::set<Sha256>& wanted, ObjectStage& stage, ThreadPool& pool,
                               const std::stop_token& stop);

    /// These archives are staged elsewhere by now. A folder that no one works in and that then has
    /// no tree left goes.
    void forget(const std::set<Sha256>& archives) noexcept;

  private:
    struct Folder {
        std::filesystem::path path;
        Fd lock; ///< none: someone works there
        Fd handle;
        std::set<Sha256> archives; ///< whose trees it has
    };

    std::vector<Folder> folders_;
};

} // namespace envpm::store
