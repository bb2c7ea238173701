#pragma once

#include "base/http.h"
#include "conda/channel.h"
#include "conda/channel_cache.h"
#include "conda/record.h"
#include "conda/subdir_search.h"
#include "model/target.h"

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace envpm::conda {

/// The package files of some channels, for one run and one platform: of each channel the platform's
/// own subdir and `noarch`, asked for once, and of their records only those whose names are loaded.
/// Not for two threads at once.
///
/// Everything comes from the cache where it may be used. What is wrong with one entry of a page is
/// told with what is found; what is wrong with a page is an Error (code 5) naming channel, subdir,
/// every URL tried and its reason, as a lock must not depend on the network's mood.
class Channels {
  public:
    /// `transport` must outlive it; the cache is below `cache_folder`.
    Channels(HttpTransport& transport, std::filesystem::path cache_folder, CachePolicy policy,
             std::vector<Channel> channels, Platform platform);
    Channels(const Channels&) = delete;
    Channels& operator=(const Channels&) = delete;
    ~Channels() = default;

    /// Makes the records of all these names known, in one batch of requests once the pages are
    /// there. A channel without the platform's subdir is fine; one that has not even `noarch` is an
    /// Error.
    void load(std::span<const std::string> names);

    /// What one channel has under a name.
    struct Found {
        const Channel* channel = nullptr; ///< lives as long as the Channels
        std::vector<Record> records;      ///< the platform's, then those of `noarch`
        std::vector<Unusable> unusable;   ///< at most 100 of each subdir
    };

    /// Of a name loaded before: the channels that have it, in their order; those too that have only
    /// unusable files.
    [[nodiscard]] const std::vector<Found>& find(const std::string& name) const;

    /// Every name that the channels have, sorted: what a misspelt one may have meant. Empty before
    /// the first `load`.
    [[nodiscard]] std::vector<std::string> known_names() const;

    /// Where a locked file lies today: its URL on each mirror, with the mirror's credentials.
    /// `base_url` (CEP 15) counts; where the cache has it, of whatever age, nothing is asked for.
    /// Offline and unknown, it is taken to lie beside the page. Nothing if there is no such
    /// channel.
    [[nodiscard]] std::optional<std::vector<std::string>>
    urls_of(std::string_view channel, const std::string& subdir, std::string_view file_name);

  private:
    /// One subdir of one channel.
    struct Part {
        const Channel* channel = nullptr;
        std::string subdir;
        std::optional<SubdirPage> page; ///< nothing: the channel has no such subdir
    };

    class Batch;

    void open();
    void search(std::span<Part* const> parts);
    void renew(const std::set<Part*>& damaged);
    void check_channels() const;
    [[nodiscard]] const std::vector<std::string>& bases_of(const Channel& channel,
                                                           const std::string& subdir);
    [[nodiscard]] std::optional<std::string> known_base_url(const Channel& channel,
                                                            const std::string& subdir);

    HttpTransport& transport_;
    ChannelCache cache_;
    CachePolicy policy_;
    std::vector<Channel> channels_;
    Platform platform_;
    std::vector<Part> parts_; ///< in the channels' order; the platform's first
    bool is_open_ = false;
    std::map<std::pair<const Channel*, std::string>, std::vector<std::string>> bases_;
    std::map<std::string, std::vector<Found>, std::less<>> found_;
};

} // namespace envpm::conda
