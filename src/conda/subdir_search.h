#pragma once

#include "base/http.h"
#include "conda/channel.h"
#include "conda/channel_cache.h"
#include "conda/index_file.h"
#include "conda/page_walk.h"
#include "conda/repodata.h"
#include "conda/shard.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace envpm::conda {

/// The page of one subdir as a mirror had it, ready to be read by name.
struct SubdirPage {
    std::string mirror;   ///< URL of the subdir there, without a slash at its end, as configured
    std::string base_url; ///< of its packages: absolute, with a slash at its end, no credentials
    std::variant<IndexFile, ShardIndex> content;
};

/// One subdir of a channel on its way through the mirrors and through the forms of its page.
///
/// A page of the cache that is young enough is the answer, offline one of any age. Else each mirror
/// is asked until one answers, offline those that are folders (`file:`), whose pages are never
/// young: for shards (CEP 16), then for repodata.json.zst, then for repodata.json; which of them a
/// mirror has is remembered for a week. Of a page in the cache only whether it changed is asked. A
/// repodata.json of a folder is read in pieces, as it is parsed.
class SubdirSearch {
  public:
    /// `transport` is for the further pieces of a page; as the others it must outlive this.
    SubdirSearch(HttpTransport& transport, const ChannelCache& cache, const CachePolicy& policy,
                 const Channel& channel, std::string subdir);

    /// Something is left to be asked for, with `request`; `accept` takes the answer.
    [[nodiscard]] bool is_open() const;
    [[nodiscard]] HttpRequest request() const;
    void accept(const HttpResponse& response);

    /// Nothing if the channel has no such subdir: every mirror says so. Throws an Error (code 5)
    /// naming channel, subdir and every URL with its reason if no mirror has it and one did not
    /// answer rightly, if no mirror of the channel has pages, or if envpm is offline and the page
    /// is not in the cache.
    std::optional<SubdirPage> take();

  private:
    struct Mirror {
        std::string url; ///< of the subdir, as configured, without a slash at its end
        std::string key; ///< without credentials
        std::optional<CachedSubdir> cached;
    };

    struct PageRead {
        std::string content; ///< its name in the cache
        std::string base_url;
    };

    [[nodiscard]] bool is_usable(const Mirror& mirror) const;
    [[nodiscard]] std::string page_url() const;
    [[nodiscard]] bool asks_for_pieces() const;
    [[nodiscard]] PageWalk::Source source_of(const HttpResponse& response) const;
    [[nodiscard]] std::string next_piece(const HttpResponse& first, std::uint64_t begin) const;
    [[nodiscard]] const CachedSubdir* known_page() const;
    void look_up();
    void begin_mirror();
    void next_form();
    void next_mirror();
    void accept_page(const HttpResponse& response);
    void accept_unchanged(const HttpResponse& response);
    PageRead read_page(const HttpResponse& response);
    [[nodiscard]] Repodata read_with_thread(const PageWalk::Source& source, const std::string& url,
                                            const IndexWriter::Sink& sink) const;
    bool open(const Mirror& mirror, const CachedSubdir& state);
    void note_absent();
    void note_failure(std::string_view reason);

    HttpTransport& transport_;
    const ChannelCache& cache_;
    const CachePolicy& policy_;
    const Channel& channel_;
    std::string subdir_;
    std::vector<Mirror> mirrors_;
    std::size_t at_ = 0;
    PageForm form_ = PageForm::shards;
    bool asks_for_changes_ = true; ///< only whether a known page changed
    bool had_failure_ = false;     ///< of the current mirror
    std::int64_t searched_nanoseconds_ = 0;
    std::optional<SubdirPage> found_;
    bool is_absent_ = false; ///< from a mirror at least
    std::string failures_;
};

/// The URL of a subdir below a mirror of its channel, without a slash at its end.
std::string subdir_url(std::string_view mirror, std::string_view subdir);

/// Where the packages of a subdir lie: `base_url` (CEP 15) as seen from its page, or beside it.
/// Nothing for what is no web address. Without credentials, with a slash at its end.
std::optional<std::string> package_base(const std::string& folder_url, std::string_view base_url);

} // namespace envpm::conda
