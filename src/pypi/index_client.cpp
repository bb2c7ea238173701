#include "pypi/index_client.h"

#include "base/error.h"
#include "pypi/metadata_search.h"
#include "pypi/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace envpm::pypi {

namespace {

constexpr std::string_view accept_header = "Accept: application/vnd.pypi.simple.v1+json, "
                                           "application/vnd.pypi.simple.v1+html;q=0.2, "
                                           "text/html;q=0.01";
constexpr std::size_t most_whole_files = 4; // at once: they are held in memory

bool is_no_such_project(const HttpResponse& response);
MetadataAnswer answer_of(const MetadataSearch& search);
MetadataAnswer failed_answer(const WheelFile& wheel, std::string reason);
std::vector<MetadataSearch*> next_batch(std::vector<MetadataSearch>& searches);
void check_reachable(const std::vector<MetadataSearch>& searches);

} // namespace

/// One query on its way through the mirrors of its index.
class IndexClient::PageSearch {
  public:
    explicit PageSearch(const PageQuery& query)
        : query_(&query) {}

    [[nodiscard]] const PageQuery& query() const { return *query_; }

    [[nodiscard]] bool is_open() const { return !answer_ && next_ < mirrors_.size(); }

    /// As configured, with credentials.
    [[nodiscard]] const std::string& mirror() const { return mirrors_[next_]; }

    [[nodiscard]] std::string url() const {
        return mirror() + "/" + query_->project.string() + "/";
    }

    void ask_later(std::string mirror) { mirrors_.push_back(std::move(mirror)); }

    void found(const std::string& mirror, ProjectPage page, const Sha256& digest);
    void note_absent(const std::string& mirror);

    void note_failure(const std::string& reason) {
        failures_ += fmt::format("{}{}: {}", failures_.empty() ? "" : "; ",
                                 without_credentials(url()), reason);
    }

    void go_on() { ++next_; }

    /// Throws if no mirror answered.
    [[nodiscard]] PageAnswer take(const CachePolicy& policy);

  private:
    const PageQuery* query_;
    std::vector<std::string> mirrors_; ///< those to ask
    std::size_t next_ = 0;
    std::optional<PageAnswer> answer_;
    std::string absent_from_;
    std::string failures_;
};

IndexClient::IndexClient(HttpTransport& transport, std::filesystem::path cache_folder,
                         CachePolicy policy)
    : transport_(transport),
      cached_(std::move(cache_folder), policy) {}

std::vector<PageAnswer> IndexClient::pages(std::span<const PageQuery> queries) {
    std::vector<PageSearch> searches;
    searches.reserve(queries.size());
    for (const PageQuery& query : queries) {
        look_up(searches.emplace_back(query));
    }
    fetch_pages(searches);
    std::vector<PageAnswer> answers;
    answers.reserve(searches.size());
    for (PageSearch& search : searches) {
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
        answers.push_back(failed_answer(wheel, "it is not in the cache, and envpm is offline"));
        const std::optional<CachedMetadata> cached =
            wheel.sha256 ? cached_.cache().metadata(*wheel.sha256) : std::nullopt;
        if (cached) {
            answers.back() = {cached->text, *wheel.sha256, cached->wheel_bytes, {}};
        } else if (!cached_.policy().offline || is_local(wheel.url)) {
            searches.emplace_back(wheel);
            places.push_back(answers.size() - 1);
        }
    }
    for (std::vector<MetadataSearch*> batch = next_batch(searches); !batch.empty();
         batch = next_batch(searches)) {
        std::vector<HttpRequest> requests;
        requests.reserve(batch.size());
        for (const MetadataSearch* search : batch) {
            requests.push_back(search->request());
        }
        const std::vector<HttpResponse> responses = transport_.get(requests);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            batch[i]->accept(responses.at(i));
        }
        store_found(batch);
    }
    check_reachable(searches); // only now: what was found is kept for the next try
    for (std::size_t i = 0; i < searches.size(); ++i) {
        answers[places[i]] = answer_of(searches[i]);
    }
    return answers;
}

/// Young pages are answers; so are all, offline. A young "no such project" spares that mirror the
/// question.
void IndexClient::look_up(PageSearch& search) const {
    std::optional<CachedPage> newest;
    std::string newest_mirror;
    for (const std::string& configured : search.query().index->urls) {
        const std::string mirror = base_url(configured);
        if (is_local(mirror)) {
            search.ask_later(mirror);
            continue;
        }
        std::optional<CachedPage> page =
            cached_.cache().page(cache_name(mirror), search.query().project);
        const bool is_usable = page && cached_.is_usable(page->fetched_seconds);
        if (is_usable && !page->page) {
            search.note_absent(mirror);
            continue;
        }
        search.ask_later(mirror);
        if (is_usable && (!newest || newest->fetched_seconds < page->fetched_seconds)) {
            newest = std::move(page);
            newest_mirror = mirror;
        }
    }
    if (newest) {
        search.found(newest_mirror, std::move(*newest->page), *newest->digest);
    }
}

void IndexClient::fetch_pages(std::vector<PageSearch>& searches) {
    for (std::vector<PageSearch*> asking = still_open(searches); !asking.empty();
         asking = still_open(searches)) {
        std::vector<HttpRequest> requests;
        requests.reserve(asking.size());
        for (const PageSearch* search : asking) {
            requests.push_back({search->url(), {std::string(accept_header)}, std::nullopt});
        }
        const std::vector<HttpResponse> responses = transport_.get(requests);
        for (std::size_t i = 0; i < asking.size(); ++i) {
            accept(*asking[i], responses.at(i));
        }
    }
}

/// Those with a mirror left to ask, which offline is a local one.
std::vector<IndexClient::PageSearch*>
IndexClient::still_open(std::vector<PageSearch>& searches) const {
    std::vector<PageSearch*> open;
    for (PageSearch& search : searches) {
        while (cached_.policy().offline && search.is_open() && !is_local(search.mirror())) {
            search.go_on();
        }
        if (search.is_open()) {
            open.push_back(&search);
        }
    }
    return open;
}

void IndexClient::accept(PageSearch& search, const HttpResponse& response) const {
    const std::string mirror = cache_name(search.mirror());
    const PackageName& project = search.query().project;
    if (is_no_such_project(response)) {
        cached_.cache().store_page(mirror, project, {cached_.now_seconds(), std::nullopt});
        search.note_absent(search.mirror());
    } else if (!response.error.empty() || response.status != 200) {
        search.note_failure(response.error.empty()
                                ? fmt::format("the server answered {}", response.status)
                                : response.error);
    } else {
        CachedPage fetched{cached_.now_seconds(), std::nullopt};
        try {
            fetched.page = parse_page(response.body, response.content_type,
                                      response.url.empty() ? search.url() : response.url, project);
        } catch (const Error& error) { // this mirror's answer; the next one may have a page
            search.note_failure(error.text().what);
            search.go_on();
            return;
        }
        drop_foreign_wheels(*fetched.page);
        const Sha256 digest = cached_.cache().store_page(mirror, project, fetched);
        search.found(search.mirror(), std::move(*fetched.page), digest);
    }
    search.go_on();
}

void IndexClient::store_found(const std::vector<MetadataSearch*>& searches) const {
    for (const MetadataSearch* search : searches) {
        if (search->state() == MetadataSearch::State::found) {
            cached_.cache().store_metadata(*search->sha256(),
                                           {search->text(), search->wheel_bytes()});
        }
    }
}

void IndexClient::PageSearch::found(const std::string& mirror, ProjectPage page,
                                    const Sha256& digest) {
    for (WheelFile& wheel : page.wheels) {
        wheel.url = with_credentials_of(wheel.url, mirror);
    }
    answer_ = {std::move(page), cache_name(mirror), {digest}};
}

void IndexClient::PageSearch::note_absent(const std::string& mirror) {
    if (absent_from_.empty()) {
        absent_from_ = cache_name(mirror);
    }
}

PageAnswer IndexClient::PageSearch::take(const CachePolicy& policy) {
    if (answer_) {
        return std::move(*answer_);
    }
    if (!absent_from_.empty()) {
        return {std::nullopt, absent_from_, {}};
    }
    const std::string& project = query_->project.string();
    const std::string& index = query_->index->name;
    if (policy.offline && failures_.empty()) {
        throw Error(
            {fmt::format("the page of `{}` on index `{}` is not in the cache", project, index),
             {},
             "envpm is offline; run it once without `--offline`"},
            ExitCode::network);
    }
    throw Error({fmt::format("index `{}` cannot be asked for `{}`", index, project),
                 failures_.empty() ? "it has no URL" : failures_,
                 {}},
                ExitCode::network);
}

namespace {

/// Object stores answer 403 for what does not exist to those who may not list the bucket; that is
/// how some indexes of GPU wheels are served.
bool is_no_such_project(const HttpResponse& response) {
    return response.status == 404 || response.status == 410 ||
           (response.status == 403 &&
            response.body.find("<Code>AccessDenied</Code>") != std::string::npos);
}

MetadataAnswer answer_of(const MetadataSearch& search) {
    if (search.state() != MetadataSearch::State::found) {
        return failed_answer(search.wheel(), search.reason());
    }
    return {search.text(), *search.sha256(), search.wheel_bytes(), {}};
}

MetadataAnswer failed_answer(const WheelFile& wheel, std::string reason) {
    return {{}, wheel.sha256.value_or(Sha256({})), wheel.size_bytes.value_or(0), std::move(reason)};
}

/// All that are open; of whole files only a few at a time.
std::vector<MetadataSearch*> next_batch(std::vector<MetadataSearch>& searches) {
    std::vector<MetadataSearch*> batch;
    std::size_t whole_files = 0;
    for (MetadataSearch& search : searches) {
        if (search.state() != MetadataSearch::State::open ||
            (search.wants_whole_file() && ++whole_files > most_whole_files)) {
            continue;
        }
        batch.push_back(&search);
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
                     {}},
                    ExitCode::network);
    }
}

} // namespace

} // namespace envpm::pypi
