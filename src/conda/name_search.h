#pragma once

#include "base/http.h"
#include "conda/block.h"
#include "conda/channel.h"
#include "conda/channel_cache.h"
#include "conda/subdir_search.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::conda {

/// The records of one name in one subdir: out of the index of the page, out of a shard of the
/// cache, or on the way to a shard through the mirrors. A shard is named by its digest, so any
/// mirror may have it, and what the cache has is never asked for again.
class NameSearch {
  public:
    struct Where {
        const Channel* channel = nullptr;
        std::string subdir;
        std::string name;
    };

    /// All of these must outlive it.
    NameSearch(const ChannelCache& cache, const SubdirPage& page, Where where);

    /// A shard is to be fetched, by `request`; `accept` takes the answer.
    [[nodiscard]] bool is_open() const { return !is_done_ && next_ < urls_.size(); }

    /// Offline: of the mirrors only folders (`file:`) are asked.
    void stay_local();

    [[nodiscard]] HttpRequest request() const;
    void accept(const HttpResponse& response);

    [[nodiscard]] const std::string& name() const { return where_.name; }

    /// What is in the cache is damaged: the page must be fetched again.
    [[nodiscard]] bool is_damaged() const { return is_damaged_; }

    /// Nothing if the subdir does not have the name. Throws an Error (code 5) naming channel,
    /// subdir, name and every URL with its reason if no mirror gave the shard.
    std::optional<NameRecords> take();

  private:
    void look_into(const IndexFile& index);
    void look_for(const ShardIndex& shards);
    [[nodiscard]] BlockPlace place() const;

    const ChannelCache& cache_;
    const SubdirPage& page_;
    Where where_;
    std::string key_;              ///< of the subdir in the cache
    std::optional<Sha256> sha256_; ///< of the shard
    std::vector<std::string> urls_;
    std::size_t next_ = 0;
    bool is_done_ = false;
    bool is_damaged_ = false;
    std::optional<NameRecords> found_;
    std::string failures_;
};

} // namespace envpm::conda
