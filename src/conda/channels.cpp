#include "conda/channels.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/url.h"
#include "conda/archive_name.h"
#include "conda/name_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace envpm::conda {

namespace {

constexpr const char* noarch = "noarch";

/// Asks until nothing is left to ask: all open searches at once, round after round.
template <class Search> void run(HttpTransport& transport, std::vector<Search>& searches);
void add(std::vector<Channels::Found>& found, const Channel& channel, NameRecords records);
std::vector<std::string_view> names_in(const SubdirPage& page);

} // namespace

Channels::Channels(HttpTransport& transport, std::filesystem::path cache_folder, CachePolicy policy,
                   std::vector<Channel> channels, Platform platform)
    : transport_(transport),
      cache_(std::move(cache_folder)),
      policy_(policy),
      channels_(std::move(channels)),
      platform_(platform) {}

/// The searches of one `load`, with the part that each belongs to.
class Channels::Batch {
  public:
    Batch(Channels& owner, std::vector<std::string> names)
        : owner_(owner),
          names_(std::move(names)) {
        for (Part& part : owner.parts_) {
            for (const std::string& name : names_) {
                if (part.page) {
                    searches_.emplace_back(owner.cache_, *part.page,
                                           NameSearch::Where{part.channel, part.subdir, name});
                    parts_.push_back(&part);
                }
            }
        }
    }

    /// The parts whose pages in the cache are damaged.
    [[nodiscard]] std::set<Part*> damaged() const {
        std::set<Part*> out;
        for (std::size_t i = 0; i < searches_.size(); ++i) {
            if (searches_[i].is_damaged()) {
                out.insert(parts_[i]);
            }
        }
        return out;
    }

    void finish() {
        if (owner_.policy_.offline) {
            for (NameSearch& search : searches_) {
                search.stay_local();
            }
        }
        run(owner_.transport_, searches_);
        std::map<std::string, std::vector<Found>, std::less<>> found;
        for (const std::string& name : names_) {
            found[name];
        }
        for (std::size_t i = 0; i < searches_.size(); ++i) {
            if (std::optional<NameRecords> records = searches_[i].take()) {
                add(found[searches_[i].name()], *parts_[i]->channel, std::move(*records));
            }
        }
        owner_.found_.merge(found);
    }

  private:
    Channels& owner_;
    std::vector<std::string> names_;
    std::vector<NameSearch> searches_;
    std::vector<Part*> parts_;
};

void Channels::load(std::span<const std::string> names) {
    open();
    std::set<std::string> wanted;
    for (const std::string& name : names) {
        if (!found_.contains(name)) {
            wanted.insert(name);
        }
    }
    const std::vector<std::string> open_names(wanted.begin(), wanted.end());
    std::optional<Batch> batch(std::in_place, *this, open_names);
    if (const std::set<Part*> damaged = batch->damaged(); !damaged.empty()) {
        renew(damaged);
        batch.emplace(*this, open_names);
    }
    batch->finish();
}

const std::vector<Channels::Found>& Channels::find(const std::string& name) const {
    const auto found = found_.find(name);
    ENVPM_ASSERT(found != found_.end());
    return found->second;
}

std::vector<std::string> Channels::known_names() const {
    std::vector<std::string_view> names;
    for (const Part& part : parts_) {
        if (part.page) {
            const std::vector<std::string_view> more = names_in(*part.page);
            names.insert(names.end(), more.begin(), more.end());
        }
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return {names.begin(), names.end()};
}

std::optional<std::vector<std::string>> Channels::urls_of(std::string_view channel_name,
                                                          const std::string& subdir,
                                                          std::string_view file_name) {
    const auto channel = std::find_if(channels_.begin(), channels_.end(),
                                      [&](const Channel& one) { return one.name == channel_name; });
    if (channel == channels_.end() || !ArchiveName::parse(file_name)) {
        return std::nullopt;
    }
    std::vector<std::string> urls;
    for (const std::string& base : bases_of(*channel, subdir)) {
        urls.push_back(base + std::string(file_name));
    }
    return urls;
}

/// The folders that a subdir's files lie in, one a mirror, with the mirror's credentials.
const std::vector<std::string>& Channels::bases_of(const Channel& channel,
                                                   const std::string& subdir) {
    const std::pair<const Channel*, std::string> key(&channel, subdir);
    if (const auto known = bases_.find(key); known != bases_.end()) {
        return known->second;
    }
    std::vector<std::string> bases;
    const std::optional<std::string> known = known_base_url(channel, subdir);
    for (const std::string& mirror : channel.urls) {
        const std::string folder = subdir_url(mirror, subdir);
        const std::optional<CachedSubdir> state = cache_.state(without_credentials(folder));
        const bool has_page = state && state->form;
        const std::optional<std::string> base =
            package_base(folder, has_page ? state->base_url : known.value_or(""));
        if (!base) {
            continue;
        }
        std::string shown = with_credentials_of(*base, folder);
        if (std::find(bases.begin(), bases.end(), shown) == bases.end()) {
            bases.push_back(std::move(shown));
        }
    }
    return bases_.emplace(key, std::move(bases)).first->second;
}

void Channels::open() {
    if (is_open_) {
        return;
    }
    parts_.clear();
    for (const Channel& channel : channels_) {
        for (const std::string_view subdir : {to_text(platform_), std::string_view(noarch)}) {
            parts_.push_back({&channel, std::string(subdir), std::nullopt});
        }
    }
    std::vector<Part*> parts;
    for (Part& part : parts_) {
        parts.push_back(&part);
    }
    search(parts);
    check_channels();
    bases_.clear(); // the pages may say something else now
    is_open_ = true;
}

void Channels::search(std::span<Part* const> parts) {
    std::vector<SubdirSearch> searches;
    searches.reserve(parts.size());
    for (const Part* const part : parts) {
        searches.emplace_back(transport_, cache_, policy_, *part->channel, part->subdir);
    }
    run(transport_, searches);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        parts[i]->page = searches[i].take();
    }
}

/// Fetches the pages again that the cache has lost.
void Channels::renew(const std::set<Part*>& damaged) {
    for (Part* const part : damaged) {
        cache_.forget(without_credentials(part->page->mirror));
        part->page.reset();
    }
    const std::vector<Part*> parts(damaged.begin(), damaged.end());
    search(parts);
}

void Channels::check_channels() const {
    for (const Channel& channel : channels_) {
        const bool has_any = std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
            return part.channel == &channel && part.page;
        });
        if (has_any) {
            continue;
        }
        std::string urls;
        for (const std::string& url : channel.urls) {
            urls += (urls.empty() ? "" : "; ") + without_credentials(url);
        }
        throw Error({fmt::format("channel `{}` has neither `{}` nor `{}`", channel.name,
                                 to_text(platform_), noarch),
                     urls, "check the name and the URL of the channel"},
                    ExitCode::network);
    }
}

/// As any mirror's page in the cache has it; asks for the page only if none has.
std::optional<std::string> Channels::known_base_url(const Channel& channel,
                                                    const std::string& subdir) {
    const auto cached = [&]() -> std::optional<std::string> {
        for (const std::string& mirror : channel.urls) {
            const auto state = cache_.state(without_credentials(subdir_url(mirror, subdir)));
            if (state && state->form) {
                return state->base_url;
            }
        }
        return std::nullopt;
    };
    std::optional<std::string> base_url = cached();
    const bool can_ask =
        !policy_.offline || std::any_of(channel.urls.begin(), channel.urls.end(),
                                        [](const std::string& url) { return is_local_url(url); });
    if (!base_url && can_ask) {
        Part part{&channel, subdir, std::nullopt};
        const std::vector<Part*> parts = {&part};
        try {
            search(parts);
        } catch (const Error& error) {
            if (!policy_.offline || error.code() != ExitCode::network) {
                throw;
            }
            // A folder that is not mounted: who fetches from beside its page says so.
        }
        base_url = cached();
    }
    return base_url;
}

namespace {

template <class Search> void run(HttpTransport& transport, std::vector<Search>& searches) {
    while (true) {
        std::vector<Search*> asking;
        std::vector<HttpRequest> requests;
        for (Search& search : searches) {
            if (search.is_open()) {
                asking.push_back(&search);
                requests.push_back(search.request());
            }
        }
        if (asking.empty()) {
            return;
        }
        std::vector<HttpResponse> responses = transport.get(requests);
        for (std::size_t i = 0; i < asking.size(); ++i) {
            asking[i]->accept(responses.at(i));
            responses[i] = {}; // a page is large, and read
        }
    }
}

void add(std::vector<Channels::Found>& found, const Channel& channel, NameRecords records) {
    if (records.records.empty() && records.unusable.empty()) {
        return;
    }
    if (found.empty() || found.back().channel != &channel) {
        found.push_back({&channel, {}, {}});
    }
    Channels::Found& last = found.back();
    std::move(records.records.begin(), records.records.end(), std::back_inserter(last.records));
    std::move(records.unusable.begin(), records.unusable.end(), std::back_inserter(last.unusable));
}

std::vector<std::string_view> names_in(const SubdirPage& page) {
    std::vector<std::string_view> names;
    if (const auto* const index = std::get_if<IndexFile>(&page.content)) {
        for (std::size_t i = 0; i < index->view().size(); ++i) {
            names.push_back(index->view().name(i));
        }
    } else {
        for (const ShardIndex::Entry& entry : std::get<ShardIndex>(page.content).entries) {
            names.emplace_back(entry.name);
        }
    }
    return names;
}

} // namespace

} // namespace envpm::conda
