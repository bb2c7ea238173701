#include "pypi/index_client.h"

#include "base/error.h"
#include "base/thread_pool.h"
#include "base/url.h"
#include "pypi/metadata_search.h"
#include "pypi/mirror_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace envpm::pypi {

namespace {

constexpr std::size_t most_whole_files = 4;    // at once: they are held in memory
constexpr std::size_t most_open_searches = 64; // more than the network takes at once

MetadataAnswer failed_answer(const WheelFile& wheel, std::string reason);
std::optional<MetadataKey> key_by_metadata(const WheelFile& wheel);
MetadataKey key_by_place(const WheelFile& wheel);
std::string server_of(const std::string& url);
bool is_for_a_part(const MetadataSearch& search);
std::vector<MetadataSearch*> next_whole_files(std::vector<MetadataSearch>& searches);
void check_reachable(const std::vector<MetadataSearch>& searches);

} // namespace

/// Many searches, a part of them at a time: an open one may hold an archive's directory, and those
/// of thousands are more than fits. Each answer is read as soon as it is there.
class IndexClient::MetadataFetch final : public HttpFollower {
  public:
    explicit MetadataFetch(IndexClient& client)
        : client_(client) {}

    /// Until none is open. They stay where they are meanwhile.
    void run(std::vector<MetadataSearch>& searches);

    void read(std::size_t number, HttpResponse& response) override;

    std::vector<HttpRequest> next(std::size_t number) override;

  private:
    [[nodiscard]] HttpRequest ask(MetadataSearch& search);
    [[nodiscard]] MetadataSearch& asked(std::size_t number);
    [[nodiscard]] std::optional<HttpRequest> begin_next();
    void fetch_whole_files(std::vector<MetadataSearch>& searches);

    IndexClient& client_;
    std::span<MetadataSearch> to_begin_;
    Guarded<std::vector<MetadataSearch*>> asked_; ///< by request
};

IndexClient::IndexClient(HttpTransport& transport, std::filesystem::path cache_folder,
                         CachePolicy policy, WheelKeeper* keeper)
    : transport_(transport),
      cached_(std::move(cache_folder), policy),
      keeper_(keeper),
      rangeless_(std::make_unique<Guarded<RangelessServers>>()) {}

std::vector<PageAnswer> IndexClient::pages(std::span<const PageQuery> queries) {
    std::vector<MirrorSearch> searches;
    searches.reserve(queries.size());
    for (const PageQuery& query : queries) {
        look_up(searches.emplace_back(query));
    }
    fetch_pages(searches);
    std::vector<PageAnswer> answers;
    answers.reserve(searches.size());
    for (MirrorSearch& search : searches) {
        answers.push_back(search.take(cached_.policy()));
    }
    return answers;
}

std::vector<std::string> IndexClient::cached_projects(const Index& index) const {
    std::vector<std::string> names;
    for (const std::string& mirror : index.urls) {
        std::vector<std::string> more = cached_.cache().projects(cache_name(mirror));
        names.insert(names.end(), std::make_move_iterator(more.begin()),
                     std::make_move_iterator(more.end()));
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::vector<MetadataAnswer> IndexClient::metadata(std::span<const WheelFile> wheels) {
    std::vector<MetadataAnswer> answers;
    std::vector<MetadataSearch> searches;
    std::vector<std::size_t> places; // of the searches' answers
    for (const WheelFile& wheel : wheels) {
        answers.push_back(known_metadata(wheel).value_or(
            failed_answer(wheel, "it is not in the cache, and envpm is offline")));
        if (!answers.back().error.empty() && may_ask(wheel)) {
            begin(searches.emplace_back(wheel));
            places.push_back(answers.size() - 1);
        }
    }
    MetadataFetch(*this).run(searches);
    check_reachable(searches); // only now: what was found is kept for the next try
    for (std::size_t i = 0; i < searches.size(); ++i) {
        answers[places[i]] = answer_of(searches[i]);
    }
    return answers;
}

void IndexClient::MetadataFetch::run(std::vector<MetadataSearch>& searches) {
    to_begin_ = searches;
    std::vector<HttpRequest> requests;
    for (auto request = begin_next(); request; request = begin_next()) {
        requests.push_back(std::move(*request));
        if (requests.size() == most_open_searches) {
            break;
        }
    }
    if (!requests.empty()) {
        client_.transport_.follow(std::move(requests), *this);
    }
    fetch_whole_files(searches);
}

void IndexClient::MetadataFetch::read(std::size_t number, HttpResponse& response) {
    MetadataSearch& search = asked(number);
    search.accept(std::move(response));
    client_.take_note(search);
}

std::vector<HttpRequest> IndexClient::MetadataFetch::next(std::size_t number) {
    MetadataSearch& search = asked(number);
    if (is_for_a_part(search)) {
        return {ask(search)};
    }
    std::optional<HttpRequest> another = begin_next();
    return another ? std::vector{std::move(*another)} : std::vector<HttpRequest>();
}

HttpRequest IndexClient::MetadataFetch::ask(MetadataSearch& search) {
    asked_.with([&](std::vector<MetadataSearch*>& all) { all.push_back(&search); });
    return search.request();
}

std::optional<HttpRequest> IndexClient::MetadataFetch::begin_next() {
    while (!to_begin_.empty()) {
        MetadataSearch& search = to_begin_.front();
        to_begin_ = to_begin_.subspan(1);
        if (is_for_a_part(search)) {
            return ask(search);
        }
    }
    return std::nullopt;
}

MetadataSearch& IndexClient::MetadataFetch::asked(std::size_t number) {
    return *asked_.with([&](const std::vector<MetadataSearch*>& all) { return all.at(number); });
}

void IndexClient::MetadataFetch::fetch_whole_files(std::vector<MetadataSearch>& searches) {
    for (std::vector<MetadataSearch*> batch = next_whole_files(searches); !batch.empty();
         batch = next_whole_files(searches)) {
        client_.bring_whole(batch);
        std::erase_if(batch, [](const MetadataSearch* search) {
            return search->state() != MetadataSearch::State::open;
        });
        std::vector<HttpRequest> requests;
        for (const MetadataSearch* search : batch) {
            requests.push_back(search->request());
        }
        std::vector<HttpResponse> responses = client_.transport_.get(requests);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            batch[i]->accept(std::move(responses.at(i)));
            client_.take_note(*batch[i]);
        }
    }
}

/// Young pages are answers; so are all, offline. A young "no such project" spares that mirror the
/// question.
void IndexClient::look_up(MirrorSearch& search) const {
    std::optional<CachedPage> newest;
    std::string newest_mirror;
    for (const std::string& configured : search.query().index->urls) {
        const std::string mirror = base_url(configured);
        if (is_local_url(mirror)) {
            search.ask_later(mirror);
            continue;
        }
        std::optional<CachedPage> page =
            cached_.cache().page(cache_name(mirror), search.query().project);
        const bool is_usable = page && cached_.is_usable(page->fetched_nanoseconds);
        if (is_usable && !page->page) {
            search.note_absent(mirror);
            continue;
        }
        search.ask_later(mirror);
        if (is_usable && (!newest || newest->fetched_nanoseconds < page->fetched_nanoseconds)) {
            newest = std::move(page);
            newest_mirror = mirror;
        }
    }
    if (newest) {
        search.found(newest_mirror, std::move(*newest->page), *newest->digest);
    }
}

void IndexClient::fetch_pages(std::vector<MirrorSearch>& searches) {
    for (std::vector<MirrorSearch*> asking = still_open(searches); !asking.empty();
         asking = still_open(searches)) {
        std::vector<HttpRequest> requests;
        requests.reserve(asking.size());
        for (const MirrorSearch* search : asking) {
            requests.push_back(search->request());
        }
        const std::vector<HttpResponse> responses = transport_.get(requests);
        for (std::size_t i = 0; i < asking.size(); ++i) {
            accept(*asking[i], responses.at(i));
        }
    }
}

/// Those with a mirror left to ask, which offline is a local one.
std::vector<MirrorSearch*> IndexClient::still_open(std::vector<MirrorSearch>& searches) const {
    std::vector<MirrorSearch*> open;
    for (MirrorSearch& search : searches) {
        if (is_to_be_asked(search)) {
            open.push_back(&search);
        }
    }
    return open;
}

/// Passes over the mirrors that may not be asked.
bool IndexClient::is_to_be_asked(MirrorSearch& search) const {
    while (cached_.policy().offline && search.is_open() && !is_local_url(search.mirror())) {
        search.pass_over();
    }
    return search.is_open();
}

std::optional<MetadataAnswer> IndexClient::known_metadata(const WheelFile& wheel) const {
    if (!wheel.sha256) {
        return std::nullopt;
    }
    const std::optional<MetadataKey> key = key_by_metadata(wheel);
    std::optional<CachedMetadata> cached = key ? cached_.cache().metadata(*key) : std::nullopt;
    if (!cached) {
        cached = cached_.cache().metadata(key_by_place(wheel));
    }
    if (!cached) {
        return std::nullopt;
    }
    return MetadataAnswer{std::move(cached->text), *wheel.sha256, cached->wheel_bytes, {}};
}

bool IndexClient::may_ask(const WheelFile& wheel) const {
    return !cached_.policy().offline || is_local_url(wheel.url);
}

void IndexClient::accept(MirrorSearch& search, const HttpResponse& response) const {
    const std::string mirror = cache_name(search.mirror());
    const PackageName& project = search.query().project;
    if (says_absent(response)) {
        cached_.cache().store_page(mirror, project,
                                   {cached_.policy().now_nanoseconds(), std::nullopt});
        search.note_absent(search.mirror());
    } else if (!response.error.empty() || response.status != 200) {
        search.note_failure(response.error.empty()
                                ? fmt::format("the server answered {}", response.status)
                                : response.error);
    } else {
        CachedPage fetched{cached_.policy().now_nanoseconds(), std::nullopt};
        try {
            fetched.page = parse_page(response.body, response.content_type,
                                      response.url.empty() ? search.url() : response.url, project,
                                      Wheels::native);
        } catch (const Error& error) { // this mirror's answer; the next one may have a page
            search.note_failure(error.text().what);
            search.go_on();
            return;
        }
        const Sha256 digest = cached_.cache().store_page(mirror, project, fetched);
        search.found(search.mirror(), std::move(*fetched.page), digest);
    }
    search.go_on();
}

/// Of a server without ranges no large file is asked for in parts.
void IndexClient::begin(MetadataSearch& search) const {
    rangeless_->with([&](const RangelessServers& known) {
        const std::string& url = search.wheel().url;
        if (const auto wheel = known.wheels.find(url); wheel != known.wheels.end()) {
            search.expect_whole(wheel->second);
        } else if (known.hosts.contains(server_of(url))) {
            search.expect_no_ranges();
        }
    });
}

/// Keeps what it found, and what it is to be spared the next time.
void IndexClient::take_note(MetadataSearch& search) const {
    if (search.saw_no_ranges()) {
        rangeless_->with([&](RangelessServers& known) {
            const std::string& url = search.wheel().url;
            known.hosts.insert(server_of(url));
            if (search.state() == MetadataSearch::State::open) {
                known.wheels[url] = search.wheel_bytes();
            }
        });
    } else if (search.saw_ranges()) {
        rangeless_->with(
            [&](RangelessServers& known) { known.hosts.erase(server_of(search.wheel().url)); });
    }
    if (search.state() != MetadataSearch::State::found) {
        return;
    }
    const WheelFile& wheel = search.wheel();
    if (wheel.sha256) {
        const std::optional<MetadataKey> key =
            search.is_as_listed() ? key_by_metadata(wheel) : std::nullopt;
        cached_.cache().store_metadata(key ? *key : key_by_place(wheel),
                                       {search.text(), search.wheel_bytes()});
    }
    const std::string whole = search.take_whole();
    if (keeper_ != nullptr && !whole.empty() && !is_local_url(wheel.url)) { // a copy saves nothing
        keeper_->keep(*search.sha256(), whole);
    }
}

/// Those of known size and digest become files, in which their searches go on.
void IndexClient::bring_whole(const std::vector<MetadataSearch*>& searches) const {
    std::vector<MetadataSearch*> to_bring;
    std::vector<WheelFile> wheels;
    for (MetadataSearch* const search : searches) {
        if (search->wants_whole_file() && search->wheel().sha256 && search->wheel_bytes() > 0) {
            to_bring.push_back(search);
            wheels.push_back(search->wheel());
            wheels.back().size_bytes = search->wheel_bytes();
        }
    }
    if (keeper_ == nullptr || wheels.empty()) {
        return;
    }
    std::vector<WheelKeeper::Kept> kept = keeper_->fetch(wheels);
    for (std::size_t i = 0; i < to_bring.size(); ++i) {
        if (const std::optional<Error>& error = kept.at(i).error) {
            to_bring[i]->fail(error->text().what, error->code() == ExitCode::integrity
                                                      ? MetadataSearch::State::unusable
                                                      : MetadataSearch::State::unreachable);
        } else {
            to_bring[i]->go_on_in(std::move(kept[i].url));
        }
    }
}

MetadataAnswer IndexClient::answer_of(const MetadataSearch& search) {
    if (search.state() != MetadataSearch::State::found) {
        return failed_answer(search.wheel(), search.reason());
    }
    return {search.text(), *search.sha256(), search.wheel_bytes(), {}};
}

namespace {

MetadataAnswer failed_answer(const WheelFile& wheel, std::string reason) {
    return {{}, wheel.sha256.value_or(Sha256({})), wheel.size_bytes.value_or(0), std::move(reason)};
}

/// For every page that lists this very METADATA. It must give the size too: what another page said
/// of that was not compared with the wheel.
std::optional<MetadataKey> key_by_metadata(const WheelFile& wheel) {
    if (!wheel.metadata_sha256 || !wheel.size_bytes) {
        return std::nullopt;
    }
    return MetadataKey{*wheel.sha256, wheel.file_name,
                       fmt::format("{} {}", wheel.metadata_sha256->hex(), *wheel.size_bytes)};
}

/// With the size that the page gives, or none: beside a file of METADATA that was believed, and
/// another index may list the same URL.
MetadataKey key_by_place(const WheelFile& wheel) {
    const std::string size = wheel.size_bytes ? std::to_string(*wheel.size_bytes) : "-";
    return {*wheel.sha256, wheel.file_name,
            fmt::format("{} {}", without_credentials(wheel.url), size)};
}

/// "https://host:port" of a web address.
std::string server_of(const std::string& url) {
    return url.substr(0, url.find('/', url.find("://") + 3));
}

bool is_for_a_part(const MetadataSearch& search) {
    return search.state() == MetadataSearch::State::open && !search.wants_whole_file();
}

/// The next few that are open.
std::vector<MetadataSearch*> next_whole_files(std::vector<MetadataSearch>& searches) {
    std::vector<MetadataSearch*> batch;
    for (MetadataSearch& search : searches) {
        if (batch.size() < most_whole_files && search.state() == MetadataSearch::State::open) {
            batch.push_back(&search);
        }
    }
    return batch;
}

void check_reachable(const std::vector<MetadataSearch>& searches) {
    const auto lost = std::find_if(searches.begin(), searches.end(), [](const MetadataSearch& s) {
        return s.state() == MetadataSearch::State::unreachable;
    });
    if (lost != searches.end()) {
        throw Error({fmt::format("the metadata of `{}` cannot be fetched: {}",
                                 lost->wheel().file_name, lost->reason()),
                     without_credentials(lost->wheel().url),
                     way_out_of(lost->reason()).value_or("run the same command again later")},
                    ExitCode::network);
    }
}

} // namespace

} // namespace envpm::pypi
