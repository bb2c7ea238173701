#pragma once

#include "base/hash.h"
#include "conda/index_file.h"
#include "conda/shard.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace envpm::conda {

/// In which form a mirror has the page of a subdir.
enum class PageForm { shards, zst, json };

/// What is known of one subdir on one mirror.
struct CachedSubdir {
    std::optional<PageForm> form;         ///< nothing: the mirror has no such subdir
    std::int64_t fetched_nanoseconds = 0; ///< since 1970, as the next two
    std::int64_t fresh_until_nanoseconds = 0;
    std::int64_t searched_nanoseconds = 0; ///< when the better forms were last looked for
    std::string etag;
    std::string last_modified;
    std::string content;  ///< names the file with the page; empty without one
    std::string base_url; ///< CEP 15, as written
};

/// What is kept of channels between runs (docs/conda-index.md), below one folder: for each subdir
/// of each mirror a folder with its `state.json`, the page in the form that is read fastest, and
/// the shards that were needed. The page itself is not kept: a format of ours that is too old is
/// fetched anew. Files are written by rename, the state last, so a crash leaves the old or the new;
/// what is damaged counts as absent.
///
/// `url` is always that of the subdir, without credentials and without a slash at its end.
class ChannelCache {
  public:
    explicit ChannelCache(std::filesystem::path folder)
        : folder_(std::move(folder)) {}

    [[nodiscard]] std::optional<CachedSubdir> state(const std::string& url) const;
    void store_state(const std::string& url, const CachedSubdir& state) const;

    /// Writes an index file and gives its name, which `write` gives: the digest of the index.
    [[nodiscard]] std::string
    store_index(const std::string& url,
                const std::function<std::string(const IndexWriter::Sink&)>& write) const;

    /// The same for an inflated page of shards.
    [[nodiscard]] std::string store_shard_page(const std::string& url,
                                               std::string_view bytes) const;

    [[nodiscard]] std::optional<IndexFile> index(const std::string& url,
                                                 const std::string& content) const;
    [[nodiscard]] std::optional<std::string> shard_page(const std::string& url,
                                                        const std::string& content) const;

    /// An index file of one block.
    [[nodiscard]] std::optional<IndexFile> shard(const std::string& url,
                                                 const Sha256& sha256) const;
    void store_shard(const std::string& url, const Sha256& sha256, std::string_view bytes) const;

    /// Removes pages other than `content`, and shards that the page of shards does not name.
    void remove_old(const std::string& url, const std::string& content,
                    const ShardIndex* shards) const;

    /// Counts as absent from now on.
    void forget(const std::string& url) const;

  private:
    [[nodiscard]] std::filesystem::path folder_of(const std::string& url) const;

    std::filesystem::path folder_;
};

} // namespace envpm::conda
