#include "conda/subdir_search.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/local_folder.h"
#include "base/url.h"
#include "base/zstd.h"
#include "conda/page_age.h"
#include "conda/page_thread.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

namespace envpm::conda {

namespace {

constexpr std::array<std::string_view, 3> page_names = {"repodata_shards.msgpack.zst",
                                                        "repodata.json.zst", "repodata.json"};
constexpr std::string_view noarch = "noarch";
constexpr std::uint64_t most_shard_page_bytes = 64U << 20U; // a million names and digests
constexpr std::uint64_t piece_bytes = 1U << 20U;            // of a local page, in memory at once
constexpr std::uint64_t worth_a_thread_bytes = 1U << 20U;   // less is read before one would help
constexpr std::uint64_t most_page_bytes = 2ULL << 30U;      // four times the largest of today

/// A channel seldom changes the forms in which it serves its pages, and asking for all costs a
/// request for each that it has not.
constexpr std::chrono::nanoseconds form_age = std::chrono::hours(24 * 7);

std::int64_t later(std::int64_t nanoseconds, std::chrono::nanoseconds age);
void check_kind(std::string_view body, const std::string& url);
std::string hint_of(const std::string& failures);

} // namespace

SubdirSearch::SubdirSearch(HttpTransport& transport, const ChannelCache& cache,
                           const CachePolicy& policy, const Channel& channel, std::string subdir)
    : transport_(transport),
      cache_(cache),
      policy_(policy),
      channel_(channel),
      subdir_(std::move(subdir)) {
    look_up();
    begin_mirror();
}

bool SubdirSearch::is_open() const {
    return !found_ && at_ < mirrors_.size();
}

HttpRequest SubdirSearch::request() const {
    HttpRequest request{page_url(),
                        {},
                        std::nullopt,
                        form_ == PageForm::shards ? most_shard_page_bytes : most_page_bytes};
    const std::string& folder = mirrors_[at_].url;
    request.root_url = folder.substr(0, folder.size() - subdir_.size() - 1); // see subdir_url
    if (asks_for_pieces()) {
        request.range = ByteRange{0, piece_bytes};
    }
    if (const CachedSubdir* const known = known_page()) {
        if (!known->etag.empty()) {
            request.headers.push_back("If-None-Match: " + known->etag);
        }
        if (!known->last_modified.empty()) {
            request.headers.push_back("If-Modified-Since: " + known->last_modified);
        }
    }
    return request;
}

void SubdirSearch::accept(const HttpResponse& response) {
    const bool is_last_form = form_ == PageForm::json;
    if (!response.error.empty() || response.status == 401 || response.status == 407) {
        note_failure(response.error.empty() ? fmt::format("the server answered {}", response.status)
                                            : response.error);
        next_mirror();
    } else if (response.status == 304) {
        accept_unchanged(response);
    } else if (response.status == 200 || (response.status == 206 && asks_for_pieces())) {
        accept_page(response);
    } else {
        // What a server without shards says of them is not always 404; of the last form it must be.
        if (is_last_form && !says_absent(response)) {
            note_failure(fmt::format("the server answered {}", response.status));
        }
        next_form();
    }
}

std::optional<SubdirPage> SubdirSearch::take() {
    if (found_) {
        return std::move(found_);
    }
    const std::string what =
        fmt::format("channel `{}` cannot be asked for `{}`", channel_.name, subdir_);
    if (channel_.urls.empty()) {
        throw Error({what, "its mirrors have only archives",
                     fmt::format("a lock needs pages: add \"default\" to `{}` under `[mirrors]`",
                                 channel_.name)},
                    ExitCode::network);
    }
    if (!failures_.empty()) {
        throw Error({what, failures_, hint_of(failures_)}, ExitCode::network);
    }
    if (policy_.offline && !is_absent_) {
        throw Error(
            {fmt::format("`{}` of channel `{}` is not in the cache", subdir_, channel_.name),
             mirrors_.front().key, "envpm is offline; run it once without `--offline`"},
            ExitCode::network);
    }
    return std::nullopt;
}

/// The youngest usable page of the cache is the answer; a mirror that lately had none is not asked.
void SubdirSearch::look_up() {
    std::vector<Mirror> usable;
    for (const std::string& configured : channel_.urls) {
        Mirror mirror{subdir_url(configured, subdir_), {}, std::nullopt};
        mirror.key = without_credentials(mirror.url);
        mirror.cached = cache_.state(mirror.key);
        if (mirror.cached && is_usable(mirror)) {
            if (!mirror.cached->form) {
                is_absent_ = true;
                continue;
            }
            usable.push_back(mirror);
        }
        mirrors_.push_back(std::move(mirror));
    }
    const auto fetched = [](const Mirror& mirror) {
        return mirror.cached ? mirror.cached->fetched_nanoseconds : 0;
    };
    std::stable_sort(usable.begin(), usable.end(), [&](const Mirror& one, const Mirror& other) {
        return fetched(one) > fetched(other);
    });
    for (const Mirror& mirror : usable) {
        if (!found_) {
            open(mirror, *mirror.cached);
        }
    }
}

/// Pages of this very run count as young even when all are to be asked for anew. A folder is asked
/// in each run: what is in it costs nothing to see.
bool SubdirSearch::is_usable(const Mirror& mirror) const {
    const std::int64_t now = policy_.now_nanoseconds();
    const CachedSubdir& cached = *mirror.cached;
    if (cached.fetched_nanoseconds == now || is_local_url(mirror.url)) {
        return cached.fetched_nanoseconds == now;
    }
    return policy_.offline || (!policy_.refresh && cached.fetched_nanoseconds < now &&
                               now < cached.fresh_until_nanoseconds);
}

std::string SubdirSearch::page_url() const {
    return fmt::format("{}/{}", mirrors_[at_].url, page_names[static_cast<std::size_t>(form_)]);
}

/// A page that may be unchanged is asked for as a whole: who asks for a piece gets it.
bool SubdirSearch::asks_for_pieces() const {
    return form_ == PageForm::json && is_local_url(mirrors_[at_].url) && known_page() == nullptr;
}

const CachedSubdir* SubdirSearch::known_page() const {
    const std::optional<CachedSubdir>& cached = mirrors_[at_].cached;
    return asks_for_changes_ && cached && cached->form == form_ ? &*cached : nullptr;
}

void SubdirSearch::begin_mirror() {
    form_ = PageForm::shards;
    asks_for_changes_ = true;
    had_failure_ = false;
    searched_nanoseconds_ = policy_.now_nanoseconds();
    while (policy_.offline && at_ < mirrors_.size() && !is_local_url(mirrors_[at_].url)) {
        ++at_;
    }
    if (at_ >= mirrors_.size()) {
        return;
    }
    const std::optional<CachedSubdir>& cached = mirrors_[at_].cached;
    if (!policy_.refresh && cached && cached->form &&
        cached->searched_nanoseconds <= searched_nanoseconds_ &&
        searched_nanoseconds_ - cached->searched_nanoseconds < form_age.count()) {
        form_ = *cached->form;
        searched_nanoseconds_ = cached->searched_nanoseconds;
    }
}

void SubdirSearch::next_form() {
    asks_for_changes_ = true;
    if (form_ != PageForm::json) {
        form_ = form_ == PageForm::shards ? PageForm::zst : PageForm::json;
        return;
    }
    if (searched_nanoseconds_ != policy_.now_nanoseconds()) {
        // Only the form of last time was asked for: the mirror may have gone over to another.
        form_ = PageForm::shards;
        searched_nanoseconds_ = policy_.now_nanoseconds();
        return;
    }
    if (!had_failure_) {
        note_absent();
    }
    next_mirror();
}

void SubdirSearch::next_mirror() {
    ++at_;
    begin_mirror();
}

void SubdirSearch::accept_page(const HttpResponse& response) {
    const Mirror& mirror = mirrors_[at_];
    const std::int64_t now = policy_.now_nanoseconds();
    CachedSubdir state{.form = form_,
                       .fetched_nanoseconds = now,
                       .fresh_until_nanoseconds =
                           later(now, age_allowed(response.cache_control, policy_.page_age)),
                       .searched_nanoseconds = searched_nanoseconds_,
                       .etag = response.etag,
                       .last_modified = response.last_modified,
                       .content = {},
                       .base_url = {}};
    // One form may be spoilt where another, or another mirror's, is good.
    try {
        PageRead page = read_page(response);
        state.content = std::move(page.content);
        state.base_url = std::move(page.base_url);
        if (!package_base(mirror.url, state.base_url)) {
            throw Error({"the page has a `base_url` that is no web address", page_url(), {}},
                        ExitCode::network);
        }
    } catch (const Error& error) {
        if (error.code() == ExitCode::failed || error.code() == ExitCode::interrupted) {
            throw; // no fault of the page: the disk is full, or the user has had enough
        }
        note_failure(error.text().what);
        next_form();
        return;
    }
    cache_.store_state(mirror.key, state);
    open(mirror, state);
    const ShardIndex* const shards = found_ ? std::get_if<ShardIndex>(&found_->content) : nullptr;
    cache_.remove_old(mirror.key, state.content, shards);
    if (!found_) {
        note_failure("the page could not be read back from the cache");
        next_mirror();
    }
}

/// Puts what the page has into the cache.
SubdirSearch::PageRead SubdirSearch::read_page(const HttpResponse& response) {
    const std::string& key = mirrors_[at_].key;
    const std::string url = without_credentials(page_url());
    if (form_ == PageForm::shards) {
        check_kind(response.body, url);
        const InflatedBytes page = inflate_zstd(response.body, 4 * most_shard_page_bytes, url);
        std::string base_url = read_shard_index(page.view(), subdir_, url).base_url;
        return {cache_.store_shard_page(key, page.view()), std::move(base_url)};
    }
    const PageWalk::Source source = source_of(response);
    const std::uint64_t size =
        std::max<std::uint64_t>(response.body.size(), response.total_bytes.value_or(0));
    PageRead read;
    read.content = cache_.store_index(key, [&](const IndexWriter::Sink& sink) {
        Repodata repodata = size < worth_a_thread_bytes
                                ? read_repodata(PageWalk(source, url), subdir_, sink)
                                : read_with_thread(source, url, sink);
        read.base_url = std::move(repodata.base_url);
        return std::move(repodata.digest);
    });
    return read;
}

Repodata SubdirSearch::read_with_thread(const PageWalk::Source& source, const std::string& url,
                                        const IndexWriter::Sink& sink) const {
    PageThread thread(source, sink);
    Repodata repodata = read_repodata(
        PageWalk([&](std::span<char> bytes) { return thread.read(bytes); }, url), subdir_,
        [&](std::string_view bytes) { thread.write(bytes); }, Threads::several);
    thread.finish();
    return repodata;
}

/// Whether it is compressed is seen from the bytes: some servers inflate what they send.
PageWalk::Source SubdirSearch::source_of(const HttpResponse& response) const {
    const std::string url = without_credentials(page_url());
    std::string_view body = response.body;
    if (body.empty() && subdir_ == noarch) {
        body = "{}"; // how the smallest of channels says that it is one (CEP 36)
    }
    check_kind(body, url);
    if (is_zstd(body)) {
        const auto whole = std::make_shared<std::string>(body);
        while (asks_for_pieces() && whole->size() < response.total_bytes.value_or(0)) {
            *whole += next_piece(response, whole->size());
        }
        const auto stream = std::make_shared<ZstdStream>(*whole, most_page_bytes, url);
        return [whole, stream](std::span<char> bytes) { return stream->read(bytes); };
    }
    const auto piece = std::make_shared<std::string>(); // where it lies whoever copies the source
    return [this, &response, body, piece, end = body.size()](std::span<char> bytes) mutable {
        if (body.empty() && end < response.total_bytes.value_or(end)) {
            *piece = next_piece(response, end);
            body = *piece;
            end += body.size();
        }
        const std::size_t count = body.copy(bytes.data(), bytes.size());
        body.remove_prefix(count);
        return count;
    };
}

/// Of the very page that the first piece is of.
std::string SubdirSearch::next_piece(const HttpResponse& first, std::uint64_t begin) const {
    const std::string url = page_url();
    HttpResponse response = std::move(
        transport_.get(std::array{HttpRequest{url, {}, ByteRange{begin, piece_bytes}}}).front());
    if (response.status != 206 || response.body.empty() || response.etag != first.etag) {
        throw Error({response.error.empty() ? "the page changed while it was read"
                                            : std::move(response.error),
                     without_credentials(url), "try again"},
                    ExitCode::network);
    }
    return std::move(response.body);
}

void SubdirSearch::accept_unchanged(const HttpResponse& response) {
    Mirror& mirror = mirrors_[at_];
    if (known_page() == nullptr) {
        note_failure("the server says that a page is unchanged that it was not asked about");
        next_mirror();
        return;
    }
    CachedSubdir state = *mirror.cached;
    if (!open(mirror, state)) {
        asks_for_changes_ = false; // what was kept is damaged
        mirror.cached.reset();
        return;
    }
    state.fetched_nanoseconds = policy_.now_nanoseconds();
    state.searched_nanoseconds = searched_nanoseconds_;
    state.fresh_until_nanoseconds =
        later(state.fetched_nanoseconds, age_allowed(response.cache_control, policy_.page_age));
    cache_.store_state(mirror.key, state);
}

/// Makes a page of the cache the answer; false if it is damaged.
bool SubdirSearch::open(const Mirror& mirror, const CachedSubdir& state) {
    const std::optional<std::string> base = package_base(mirror.url, state.base_url);
    if (!base) {
        return false;
    }
    if (state.form != PageForm::shards) {
        if (std::optional<IndexFile> index = cache_.index(mirror.key, state.content)) {
            found_ = {mirror.url, *base, std::move(*index)};
        }
    } else if (const auto page = cache_.shard_page(mirror.key, state.content)) {
        found_ = {mirror.url, *base, read_shard_index(*page, subdir_, mirror.key)};
    }
    return found_.has_value();
}

void SubdirSearch::note_absent() {
    is_absent_ = true;
    const std::int64_t now = policy_.now_nanoseconds();
    CachedSubdir state;
    state.fetched_nanoseconds = now;
    state.fresh_until_nanoseconds = later(now, policy_.page_age);
    state.searched_nanoseconds = now;
    cache_.store_state(mirrors_[at_].key, state);
}

void SubdirSearch::note_failure(std::string_view reason) {
    had_failure_ = true;
    failures_ += fmt::format("{}{}: {}", failures_.empty() ? "" : "; ",
                             without_credentials(page_url()), reason);
}

std::string subdir_url(std::string_view mirror, std::string_view subdir) {
    while (mirror.ends_with('/')) {
        mirror.remove_suffix(1);
    }
    return fmt::format("{}/{}", mirror, subdir);
}

std::optional<std::string> package_base(const std::string& folder_url, std::string_view base_url) {
    const std::string folder = without_credentials(folder_url) + "/";
    if (base_url.empty()) {
        return folder;
    }
    std::optional<std::string> base = resolve_url(folder, base_url);
    if (base && !base->ends_with('/')) {
        *base += '/';
    }
    return base;
}

namespace {

std::int64_t later(std::int64_t nanoseconds, std::chrono::nanoseconds age) {
    return nanoseconds + age.count();
}

std::string hint_of(const std::string& failures) {
    if (has_folder_fault(failures)) {
        return "correct the URL of the channel, or mount the folder that it names";
    }
    return way_out_of(failures).value_or("check the channel's URL and the network; with "
                                         "`--offline` envpm makes do with what is in the cache");
}

void check_kind(std::string_view body, const std::string& url) {
    const std::size_t begin = body.find_first_not_of(white_space);
    if (begin == std::string_view::npos) {
        throw Error({"the page is empty", url, {}}, ExitCode::network);
    }
    if (body[begin] == '<') {
        throw Error(
            {"HTML came in place of the page: a proxy or a login page may have answered", url, {}},
            ExitCode::network);
    }
}

} // namespace

} // namespace envpm::conda
