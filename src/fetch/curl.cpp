#include "fetch/curl.h"

#include "base/assert.h"
#include "fetch/authorities.h"
#include "fetch/curl_transfer.h"
#include "fetch/libcurl.h"
#include "fetch/patience.h"
#include "fetch/url.h"

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace envpm::fetch {

namespace {

constexpr std::chrono::milliseconds longest_wait{1'000};

bool is_about_trust(CURLcode code);

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
    std::map<TransferId, std::unique_ptr<CurlTransfer>> active_;
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
    const bool may_http2 = !http1_hosts_.contains(host_of(transfer.url));
    auto active = std::make_unique<CurlTransfer>(*curl_, receiver, failure_);
    active->configure(transfer, settings_, may_http2);
    active->patience = Patience(Clock::now(), transfer.stall_after, answers_of(transfer.url));
    active->set(CURLOPT_SHARE, share_.get());
    active->set_authorities(authorities_);
    const TransferId id = ++last_id_;
    CURL* const easy = active->easy.get();
    // The id fits in a pointer, and unlike one it cannot dangle.
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    active->set(CURLOPT_PRIVATE, reinterpret_cast<void*>(id));
    active_.emplace(id, std::move(active));
    ENVPM_ASSERT(curl_->multi_add_handle(multi_.get(), easy) == CURLM_OK);
    return id;
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
        CurlTransfer& active = *active_.at(id);
        if (is_about_trust(code) && active.authorities != all_authorities_) {
            authorities_ = all_authorities_;
            start_again(id);
            continue;
        }
        TransferEnd end{read_head(*curl_, active.easy.get()), std::nullopt, active.stopped};
        if (code != CURLE_OK && !active.stopped) {
            end.failure = active.failure_of(code, settings_);
        }
        if (is_fetching_proxy(end.head)) {
            proxy_hosts_.insert(host_of(end.head.url));
            proxy_hosts_.insert(host_of(active.url)); // which is known before a redirect
        }
        if (active.is_fault_of_http2(code)) {
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
        active->set_authorities(authorities_);
        active->begin_again();
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
        CurlTransfer& active = *found->second;
        const long redirects = active.redirects_now();
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
    const std::unique_ptr<CurlTransfer> active = std::move(active_.at(id));
    active_.erase(id);
    curl_->multi_remove_handle(multi_.get(), active->easy.get());
    active->receiver.done(end);
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

bool is_about_trust(CURLcode code) {
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
}

} // namespace

} // namespace envpm::fetch
