#pragma once

#include "base/error.h"
#include "base/http.h"
#include "base/thread_pool.h"
#include "pypi/cached_pages.h"
#include "pypi/index_page.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

class MetadataSearch;
class MirrorSearch;

struct PageAnswer {
    std::optional<ProjectPage> page; ///< without foreign wheels (index_page.h); nothing: the index
                                     ///< has no such project
    std::string mirror; ///< the base URL that answered, without credentials; of the first 404 if
                        ///< there is no page
    PageMark mark;
};

struct MetadataAnswer {
    std::string text;
    Sha256 sha256;                ///< of the wheel
    std::uint64_t size_bytes = 0; ///< of the wheel
    std::string error;            ///< not empty: this wheel's metadata cannot be had, and why
};

/// What an exploration is to ask for.
struct Wanted {
    std::vector<PageQuery> pages;
    std::vector<WheelFile> wheels;
};

/// Takes what an exploration finds, and says what to ask for because of it.
class Explorer {
  public:
    Explorer() = default;
    Explorer(const Explorer&) = delete;
    Explorer& operator=(const Explorer&) = delete;
    virtual ~Explorer() = default;

    virtual Wanted take_page(const PageQuery& query, PageAnswer answer) = 0;
    virtual Wanted take_metadata(const WheelFile& wheel, const MetadataAnswer& answer) = 0;

    /// What else to ask for, whatever was found: asked now and then, and soon after
    /// `IndexClient::wake`.
    virtual Wanted more() { return {}; }
};

/// Keeps wheels that had to be fetched whole for their metadata, so that no other run fetches them
/// again.
class WheelKeeper {
  public:
    WheelKeeper() = default;
    WheelKeeper(const WheelKeeper&) = delete;
    WheelKeeper& operator=(const WheelKeeper&) = delete;
    virtual ~WheelKeeper() = default;

    struct Kept {
        std::string url;              ///< a file: URL, for as long as the keeper lives
        std::optional<Error> error{}; ///< why it cannot be had
    };

    /// Each whole and proven, in their order. Sizes and digests are known. Throws if interrupted,
    /// or before the first byte if there is no room for them.
    virtual std::vector<Kept> fetch(std::span<const WheelFile> wheels) = 0;

    /// The whole of one that came in an answer. From any thread.
    virtual void keep(const Sha256& sha256, std::string_view bytes) noexcept = 0;
};

/// Pages and wheel metadata, from the cache where it may be used and from the network in one batch
/// where not. Not for two threads at once.
///
/// Cache: metadata for ever (a wheel is immutable), by what it was believed of (MetadataKey); pages
/// by index and project, each with the time it was fetched, but for those of file: URLs, which are
/// read anew; files are written by rename, so a crash leaves old or new, and a damaged one counts
/// as absent.
class IndexClient {
  public:
    /// `keeper`: for wheels that must be fetched whole; null: they are held in memory, and dropped.
    IndexClient(HttpTransport& transport, std::filesystem::path cache_folder, CachePolicy policy,
                WheelKeeper* keeper = nullptr);

    /// In the queries' order. Each mirror of an index is asked until one has the page; 404 and
    /// 410 are the answer "no such project" if the index itself gives it, and then the mirrors
    /// behind it are not asked; else only if every mirror does. Throws an Error (code 5) naming the
    /// URLs that failed and the reasons if not, or if it is offline and the page is not in the
    /// cache. Wheels on the mirror's own host get its credentials into their URLs, here only: never
    /// in the cache, nor in an error.
    std::vector<PageAnswer> pages(std::span<const PageQuery> queries);

    /// The projects of an index that the cache has pages of, sorted: what a misspelt name may mean.
    [[nodiscard]] std::vector<std::string> cached_projects(const Index& index) const;

    /// METADATA of each wheel: by sidecar (PEP 658) where the page offers it, else out of the
    /// archive by range requests (the last 32 KiB first: directory and METADATA of most wheels),
    /// else from the whole file. A wheel that the page gives no sha256 for is fetched whole, to
    /// know it. What is wrong with one wheel is its answer's error; if a server cannot be reached
    /// at all, this throws an Error (code 5), as a lock must not depend on the network's mood.
    std::vector<MetadataAnswer> metadata(std::span<const WheelFile> wheels);

    /// The same for what leads to one another, without waiting for the slowest of a batch: each
    /// answer goes to `explorer` as soon as it is there. Throws as `pages` for what it begins with;
    /// what later cannot be had is not told, and neither is metadata that only a whole wheel would
    /// give: whoever needs it asks again. `explorer` must not use this client.
    void explore(const Wanted& first, Explorer& explorer);

    /// An explorer has more to ask for. From any thread.
    void wake() noexcept { transport_.wake(); }

  private:
    class Exploration;
    class MetadataFetch;

    /// What this run met of servers that know no ranges, so that it asks none of them twice.
    struct RangelessServers {
        std::set<std::string> hosts;                 ///< "https://host:port"
        std::map<std::string, std::uint64_t> wheels; ///< by URL: how long they are, 0 if unknown
    };

    void look_up(MirrorSearch& search) const;
    void accept(MirrorSearch& search, const HttpResponse& response) const;
    void fetch_pages(std::vector<MirrorSearch>& searches);
    [[nodiscard]] std::vector<MirrorSearch*> still_open(std::vector<MirrorSearch>& searches) const;
    [[nodiscard]] bool is_to_be_asked(MirrorSearch& search) const;
    [[nodiscard]] std::optional<MetadataAnswer> known_metadata(const WheelFile& wheel) const;
    static MetadataAnswer answer_of(const MetadataSearch& search);
    [[nodiscard]] bool may_ask(const WheelFile& wheel) const;
    void begin(MetadataSearch& search) const;
    void take_note(MetadataSearch& search) const;
    void bring_whole(const std::vector<MetadataSearch*>& searches) const;

    HttpTransport& transport_;
    CachedPages cached_;
    WheelKeeper* keeper_;
    std::unique_ptr<Guarded<RangelessServers>> rangeless_;
};

} // namespace envpm::pypi
