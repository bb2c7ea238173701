#include "fetch/curl.h"

#include "base/assert.h"
#include "fetch/authorities.h"
#include "fetch/curl_failure.h"
#include "fetch/libcurl.h"
#include "fetch/patience.h"
#include "fetch/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace envpm::fetch {

namespace {

constexpr long most_redirects = 10;
constexpr std::size_t longest_url = 64U << 10U;
constexpr std::chrono::milliseconds longest_wait{1'000};

/// CURLOPT_QUICK_EXIT, which headers before 7.87 do not have.
constexpr auto quick_exit = static_cast<CURLoption>(CURLOPTTYPE_LONG + 322);

/// A transfer under way. Its address is what libcurl's callbacks get.
struct Active {
    explicit Active(const CurlFunctions& functions)
        : curl(functions),
          easy(curl.easy_init(), curl.easy_cleanup),
          headers(nullptr, curl.slist_free_all) {}

    const CurlFunctions& curl;
    EasyHandle easy;
    HeaderList headers;
    Receiver* receiver = nullptr;
    std::exception_ptr* failure = nullptr; ///< the loop's: what a receiver threw
    std::string url;
    std::array<char, CURL_ERROR_SIZE> words{};

    Patience patience{Clock::now()};
    Authorities authorities; ///< by which its servers are judged
    bool head_told = false;
    bool is_paused = false;
    bool stopped = false;
    long redirects = 0; ///< followed, as far as `patience` knows
    bool was_https = false;
    bool left_https = false;
    bool may_http2 = false;
};

template <class T> void set(Active& active, CURLoption option, T value);
void set_proxy(Active& active, const NetworkSettings& settings);
void set_authorities(Active& active, const Authorities& authorities);
std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) noexcept;
std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept;
int before_request(void* user, char* to, char* from, int to_port, int from_port) noexcept;
long redirects_of(const Active& active);
bool is_about_trust(CURLcode code);
bool is_fault_of_http2(const Active& active, CURLcode code);
Failure describe(const Active& active, CURLcode code, const NetworkSettings& settings);

} // namespace

class CurlLoop::Impl {
  public:
    explicit Impl(const NetworkSettings& settings);
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    ~Impl() { cancel_all(); }

    TransferId start(const Transfer& transfer, Receiver& receiver);
    void resume(TransferId id);
    void cancel(TransferId id);
    void cancel_all();
    void post(std::function<void()> task);
    void drop_posted();

    void wake() noexcept { curl_->multi_wakeup(multi_.get()); }

    void turn(std::chrono::milliseconds at_most);

  private:
    void configure(Active& active, const Transfer& transfer);
    void finish_ended();
    void start_again(TransferId failed);
    void finish_late(Clock::time_point now);
    [[nodiscard]] Clock::time_point next_deadline(Clock::time_point now) const;
    void finish(TransferId id, const TransferEnd& end);
    [[nodiscard]] Patience::Answers answers_of(const std::string& url) const;
    void run_posted();

    NetworkSettings settings_;
    LibCurl curl_;
    const Authorities all_authorities_;
    Authorities authorities_; ///< the cheap part until a server is not trusted by that
    ShareHandle share_;
    MultiHandle multi_;
    std::map<TransferId, std::unique_ptr<Active>> active_;
    TransferId last_id_ = 0;
    std::set<std::string> http1_hosts_; ///< HTTP/2 went wrong there
    std::set<std::string> proxy_hosts_; ///< which answered that they fetch first
    std::exception_ptr failure_;
    std::mutex mutex_;
    std::vector<std::function<void()>> posted_; ///< guarded by mutex_
};

CurlLoop::CurlLoop(const NetworkSettings& settings)
    : impl_(std::make_unique<Impl>(settings)) {}

CurlLoop::~CurlLoop() = default;

TransferId CurlLoop::start(const Transfer& transfer, Receiver& receiver) {
    return impl_->start(transfer, receiver);
}

void CurlLoop::resume(TransferId id) {
    impl_->resume(id);
}

void CurlLoop::cancel(TransferId id) {
    impl_->cancel(id);
}

void CurlLoop::cancel_all() {
    impl_->cancel_all();
}

void CurlLoop::post(std::function<void()> task) {
    impl_->post(std::move(task));
}

void CurlLoop::drop_posted() {
    impl_->drop_posted();
}

void CurlLoop::wake() noexcept {
    impl_->wake();
}

void CurlLoop::turn(std::chrono::milliseconds at_most) {
    impl_->turn(at_most);
}

CurlLoop::Impl::Impl(const NetworkSettings& settings)
    : settings_(settings),
      all_authorities_(curl_.authorities(settings_.ca_file, settings_.ca_folder)),
      authorities_(cheap_part(all_authorities_)),
      share_(curl_->share_init(), curl_->share_cleanup),
      multi_(curl_->multi_init(), curl_->multi_cleanup) {
    ENVPM_ASSERT(share_ && multi_);
    // One thread uses the share, so it needs no lock functions.
    ENVPM_ASSERT(curl_->share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) ==
                 CURLSHE_OK);
    curl_->multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, 64L);
}

TransferId CurlLoop::Impl::start(const Transfer& transfer, Receiver& receiver) {
    auto active = std::make_unique<Active>(*curl_);
    ENVPM_ASSERT(active->easy);
    active->receiver = &receiver;
    active->failure = &failure_;
    active->url = transfer.url;
    active->patience = Patience(Clock::now(), transfer.stall_after, answers_of(transfer.url));
    configure(*active, transfer);
    const TransferId id = ++last_id_;
    CURL* const easy = active->easy.get();
    // The id fits in a pointer, and unlike one it cannot dangle.
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    set(*active, CURLOPT_PRIVATE, reinterpret_cast<void*>(id));
    active_.emplace(id, std::move(active));
    ENVPM_ASSERT(curl_->multi_add_handle(multi_.get(), easy) == CURLM_OK);
    return id;
}

void CurlLoop::Impl::configure(Active& active, const Transfer& transfer) {
    const bool is_https = has_scheme(transfer.url, "https");
    for (const std::string& header : transfer.headers) {
        curl_slist* const longer = curl_->slist_append(active.headers.get(), header.c_str());
        ENVPM_ASSERT(longer != nullptr);
        static_cast<void>(active.headers.release());
        active.headers.reset(longer);
    }
    // An empty one is refused as every other bad URL is; libcurl's own limit would be an assertion.
    set(active, CURLOPT_URL, transfer.url.size() <= longest_url ? transfer.url.c_str() : "");
    set(active, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(active, CURLOPT_SHARE, share_.get());
    set(active, CURLOPT_HTTPHEADER, active.headers.get());
    set(active, CURLOPT_ERRORBUFFER, active.words.data());
    set(active, CURLOPT_USERAGENT, settings_.user_agent.c_str());
    set(active, CURLOPT_NOSIGNAL, 1L);
    set(active, CURLOPT_PROTOCOLS_STR, "http,https");
    set(active, CURLOPT_REDIR_PROTOCOLS_STR, is_https ? "https" : "http,https");
    set(active, CURLOPT_FOLLOWLOCATION, 1L);
    set(active, CURLOPT_MAXREDIRS, most_redirects);
    set(active, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_timeout.count()));
    set(active, CURLOPT_BUFFERSIZE, transfer.buffer_bytes);
    set(active, CURLOPT_HEADERFUNCTION, &on_header);
    set(active, CURLOPT_HEADERDATA, &active);
    set(active, CURLOPT_WRITEFUNCTION, &on_body);
    set(active, CURLOPT_WRITEDATA, &active);
    set(active, CURLOPT_PREREQFUNCTION, &before_request);
    set(active, CURLOPT_PREREQDATA, &active);
    // A thread that still asks for an address is left to itself when its transfer ends. It would be
    // waited for, with all other transfers; a libcurl that does not know this goes on to do so.
    static_cast<void>(curl_->easy_setopt(active.easy.get(), quick_exit, 1L));
    set_proxy(active, settings_);
    set_authorities(active, authorities_);
    if (!settings_.netrc_file.empty()) {
        set(active, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
        set(active, CURLOPT_NETRC_FILE, settings_.netrc_file.c_str());
    }
    if (!transfer.range.empty()) {
        set(active, CURLOPT_RANGE, transfer.range.c_str());
    }
    const bool http2 = transfer.protocol == Transfer::Protocol::any && is_https &&
                       !http1_hosts_.contains(host_of(transfer.url));
    active.may_http2 = http2;
    set(active, CURLOPT_HTTP_VERSION,
        static_cast<long>(http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    // Waiting for the first handshake shows whether one connection is enough for all.
    set(active, CURLOPT_PIPEWAIT, http2 ? 1L : 0L);
    // Of a host with HTTP/2 libcurl shares connections of HTTP/1.1 too, and mixes up their answers
    // (curl issue 4885). It never takes one of other TLS options: this one is Schannel's alone.
    set(active, CURLOPT_SSL_OPTIONS, static_cast<long>(http2 ? CURLSSLOPT_NO_REVOKE : 0));
}

Patience::Answers CurlLoop::Impl::answers_of(const std::string& url) const {
    return proxy_hosts_.contains(host_of(url)) ? Patience::Answers::after_fetching
                                               : Patience::Answers::directly;
}

void CurlLoop::Impl::resume(TransferId id) {
    const auto found = active_.find(id);
    if (found != active_.end() && std::exchange(found->second->is_paused, false)) {
        found->second->patience.resume(Clock::now());
        curl_->easy_pause(found->second->easy.get(), CURLPAUSE_CONT);
    }
}

void CurlLoop::Impl::cancel(TransferId id) {
    const auto found = active_.find(id);
    if (found != active_.end()) {
        curl_->multi_remove_handle(multi_.get(), found->second->easy.get());
        active_.erase(found);
    }
}

void CurlLoop::Impl::cancel_all() {
    while (!active_.empty()) {
        cancel(active_.begin()->first);
    }
}

void CurlLoop::Impl::post(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(task));
    }
    wake();
}

void CurlLoop::Impl::drop_posted() {
    const std::lock_guard lock(mutex_);
    posted_.clear();
}

void CurlLoop::Impl::turn(std::chrono::milliseconds at_most) {
    const Clock::time_point now = Clock::now();
    const auto until = std::chrono::ceil<std::chrono::milliseconds>(next_deadline(now) - now);
    const auto wait =
        std::clamp(std::min(at_most, until), std::chrono::milliseconds(0), longest_wait);
    curl_->multi_poll(multi_.get(), nullptr, 0, static_cast<int>(wait.count()), nullptr);
    int running = 0;
    ENVPM_ASSERT(curl_->multi_perform(multi_.get(), &running) == CURLM_OK);
    if (failure_) {
        std::rethrow_exception(std::exchange(failure_, nullptr));
    }
    finish_ended();
    finish_late(Clock::now());
    run_posted();
}

void CurlLoop::Impl::finish_ended() {
    int left = 0;
    while (const CURLMsg* message = curl_->multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        void* tag = nullptr;
        curl_->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &tag);
        const auto id = static_cast<TransferId>(reinterpret_cast<std::uintptr_t>(tag));
        const CURLcode code = message->data.result;
        Active& active = *active_.at(id);
        if (is_about_trust(code) && active.authorities != all_authorities_) {
            authorities_ = all_authorities_;
            start_again(id);
            continue;
        }
        TransferEnd end{read_head(*curl_, active.easy.get()), std::nullopt, active.stopped};
        if (code != CURLE_OK && !active.stopped) {
            end.failure = describe(active, code, settings_);
        }
        if (is_fetching_proxy(end.head)) {
            proxy_hosts_.insert(host_of(end.head.url));
            proxy_hosts_.insert(host_of(active.url)); // which is known before a redirect
        }
        if (is_fault_of_http2(active, code)) {
            http1_hosts_.insert(host_of(active.url));
        }
        finish(id, end);
    }
}

/// By all authorities, with the others that have sent nothing yet: they would learn the same, each
/// by a connection of its own.
void CurlLoop::Impl::start_again(TransferId failed) {
    for (const auto& [id, active] : active_) {
        CURL* const easy = active->easy.get();
        curl_off_t sent_after = 0;
        curl_->easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &sent_after);
        if (id != failed && (sent_after > 0 || active->authorities == authorities_)) {
            continue;
        }
        curl_->multi_remove_handle(multi_.get(), easy);
        set_authorities(*active, authorities_);
        active->words.fill('\0');
        active->was_https = false; // before a redirect
        ENVPM_ASSERT(curl_->multi_add_handle(multi_.get(), easy) == CURLM_OK);
    }
}

void CurlLoop::Impl::finish_late(Clock::time_point now) {
    std::vector<TransferId> ids;
    for (const auto& [id, active] : active_) {
        ids.push_back(id);
    }
    for (const TransferId id : ids) {
        const auto found = active_.find(id);
        if (found == active_.end()) {
            continue;
        }
        Active& active = *found->second;
        const long redirects = redirects_of(active);
        if (std::exchange(active.redirects, redirects) != redirects) {
            active.patience.redirected();
        }
        if (std::optional<Failure> late =
                active.patience.judge(settings_, host_of(active.url), now)) {
            finish(id, {read_head(*curl_, active.easy.get()), std::move(late), false});
        }
    }
}

Clock::time_point CurlLoop::Impl::next_deadline(Clock::time_point now) const {
    Clock::time_point next = now + longest_wait;
    for (const auto& [id, active] : active_) {
        next = std::min(next, active->patience.deadline(settings_).value_or(next));
    }
    return std::max(next, now);
}

void CurlLoop::Impl::finish(TransferId id, const TransferEnd& end) {
    const std::unique_ptr<Active> active = std::move(active_.at(id));
    active_.erase(id);
    curl_->multi_remove_handle(multi_.get(), active->easy.get());
    active->receiver->done(end);
}

void CurlLoop::Impl::run_posted() {
    std::vector<std::function<void()>> tasks;
    {
        const std::lock_guard lock(mutex_);
        tasks.swap(posted_);
    }
    for (const std::function<void()>& task : tasks) {
        task();
    }
}

namespace {

template <class T> void set(Active& active, CURLoption option, T value) {
    // Only an option that this libcurl was built without can fail here.
    ENVPM_ASSERT(active.curl.easy_setopt(active.easy.get(), option, value) == CURLE_OK);
}

void set_proxy(Active& active, const NetworkSettings& settings) {
    // Empty strings keep libcurl from reading the environment, which `main` has read already.
    const std::string& proxy =
        has_scheme(active.url, "https") ? settings.https_proxy : settings.http_proxy;
    set(active, CURLOPT_PROXY, proxy.c_str());
    set(active, CURLOPT_NOPROXY, settings.no_proxy.c_str());
}

void set_authorities(Active& active, const Authorities& authorities) {
    const auto text = [](const std::string& path) { return path.empty() ? nullptr : path.c_str(); };
    active.authorities = authorities;
    set(active, CURLOPT_CAINFO, text(authorities.file));
    set(active, CURLOPT_CAPATH, text(authorities.folder));
}

std::size_t on_header(char* /*data*/, std::size_t size, std::size_t count, void* user) noexcept {
    Active& active = *static_cast<Active*>(user);
    active.patience.received(Clock::now(), 0);
    return size * count;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) noexcept {
    Active& active = *static_cast<Active*>(user);
    try {
        Flow flow = Flow::go_on;
        if (!active.head_told) {
            active.head_told = true;
            flow = active.receiver->head(read_head(active.curl, active.easy.get()));
        }
        if (flow == Flow::go_on) {
            flow = active.receiver->body(std::as_bytes(std::span(data, size * count)));
        }
        if (flow == Flow::pause) {
            active.is_paused = true;
            active.patience.pause();
            return CURL_WRITEFUNC_PAUSE;
        }
        if (flow == Flow::stop) {
            active.stopped = true;
            return CURL_WRITEFUNC_ERROR;
        }
        active.patience.received(Clock::now(), size * count);
        return size * count;
    } catch (...) {
        *active.failure = std::current_exception();
        return CURL_WRITEFUNC_ERROR;
    }
}

/// Runs before each request, those after redirects too: an answer is waited for from then on, and
/// what was asked for under TLS is never asked for again without.
int before_request(void* user, char* /*to*/, char* /*from*/, int /*to_port*/,
                   int /*from_port*/) noexcept {
    Active& active = *static_cast<Active*>(user);
    active.redirects = redirects_of(active);
    active.patience.request_sent(Clock::now());
    const char* scheme = nullptr;
    active.curl.easy_getinfo(active.easy.get(), CURLINFO_SCHEME, &scheme);
    const std::string_view name = scheme != nullptr ? scheme : "";
    const bool is_https = name == "HTTPS" || name == "https";
    active.left_https = active.was_https && !is_https;
    active.was_https = active.was_https || is_https;
    return active.left_https ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

long redirects_of(const Active& active) {
    long count = 0;
    active.curl.easy_getinfo(active.easy.get(), CURLINFO_REDIRECT_COUNT, &count);
    return count;
}

bool is_about_trust(CURLcode code) {
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
}

/// Servers and boxes on the way that agree on HTTP/2 and do not speak it may just hang up.
bool is_fault_of_http2(const Active& active, CURLcode code) {
    if (code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM) {
        return true;
    }
    const bool broke = code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
                       code == CURLE_GOT_NOTHING || code == CURLE_PARTIAL_FILE;
    return active.may_http2 && broke;
}

Failure describe(const Active& active, CURLcode code, const NetworkSettings& settings) {
    CurlFailure failure;
    failure.code = code;
    active.curl.easy_getinfo(active.easy.get(), CURLINFO_HTTP_CONNECTCODE, &failure.proxy_status);
    failure.host = place_name(active.url);
    failure.words =
        active.words.front() != '\0' ? active.words.data() : active.curl.easy_strerror(code);
    failure.proxy =
        shown_url(has_scheme(active.url, "https") ? settings.https_proxy : settings.http_proxy);
    failure.has_exempt_hosts = !settings.no_proxy.empty();
    failure.ca_file = settings.ca_file;
    failure.ca_folder = settings.ca_folder;
    failure.was_https = active.was_https;
    const std::string url = read_head(active.curl, active.easy.get()).url;
    failure.is_for_web = has_scheme(url, "https") || (has_scheme(url, "http") && !active.was_https);
    failure.most_redirects = most_redirects;
    return failure_of(failure);
}

} // namespace

} // namespace envpm::fetch
