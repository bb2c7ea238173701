#include "fetch/loopback_server.h"

#include "base/assert.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <optional>

namespace envpm::fetch {

namespace {

struct AskedRange {
    std::uint64_t first;
    std::uint64_t last;
};

std::string field(const std::string& head, std::string_view name);
std::optional<AskedRange> asked_range(const std::string& head, std::uint64_t size);

} // namespace

LoopbackServer::LoopbackServer()
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    ENVPM_ASSERT(::bind(listener_.get(), generic, length) == 0);
    ENVPM_ASSERT(::listen(listener_.get(), 64) == 0);
    ENVPM_ASSERT(::getsockname(listener_.get(), generic, &length) == 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this] { accept_connections(); });
}

LoopbackServer::~LoopbackServer() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        for (const int socket : sockets_) {
            ::shutdown(socket, SHUT_RDWR);
        }
    }
    changed_.notify_all();
    ::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    talkers_.clear();
}

void LoopbackServer::serve(const std::string& path, const std::vector<Answer>& answers) {
    std::vector<std::shared_ptr<const Answer>> shared;
    for (const Answer& answer : answers) {
        shared.push_back(std::make_shared<const Answer>(answer));
    }
    const std::lock_guard lock(mutex_);
    answers_[path] = std::move(shared);
    served_[path] = 0;
}

std::string LoopbackServer::url(std::string_view path) const {
    return fmt::format("http://{}{}", host(), path);
}

std::string LoopbackServer::host() const {
    return fmt::format("127.0.0.1:{}", port_);
}

std::vector<LoopbackServer::Request> LoopbackServer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

std::size_t LoopbackServer::count(std::string_view path) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(requests_.begin(), requests_.end(),
                      [&](const Request& request) { return request.path == path; }));
}

void LoopbackServer::wait_for_bytes(std::uint64_t bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return body_bytes_sent_ >= bytes; });
}

void LoopbackServer::accept_connections() {
    while (true) {
        const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        const std::lock_guard lock(mutex_);
        if (closing_) {
            ::close(socket);
            return;
        }
        if (socket < 0) {
            continue;
        }
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sockets_.push_back(socket);
        ++connections_;
        talkers_.emplace_back([this, socket] { talk(socket); });
    }
}

void LoopbackServer::talk(int socket) {
    std::string received;
    std::vector<char> block(1U << 14U);
    bool is_open = true;
    while (is_open) {
        const std::size_t end = received.find("\r\n\r\n");
        if (end == std::string::npos) {
            const ssize_t got = ::recv(socket, block.data(), block.size(), 0);
            is_open = got > 0;
            received.append(block.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
            continue;
        }
        const std::string head = received.substr(0, end + 2);
        received.erase(0, end + 4);
        const int now = ++at_once_;
        most_at_once_ = std::max<int>(most_at_once_, now);
        is_open = reply(socket, head);
        --at_once_;
    }
    const std::lock_guard lock(mutex_);
    std::erase(sockets_, socket);
    ::close(socket);
}

bool LoopbackServer::reply(int socket, const std::string& head) {
    const std::size_t space = head.find(' ');
    std::string path = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
    if (const std::size_t scheme = path.find("://"); scheme != std::string::npos) {
        path = path.substr(path.find('/', scheme + 3)); // asked as a proxy
    }
    const std::shared_ptr<const Answer> scripted = next_answer(path, head);
    const Answer& answer = *scripted;
    if (answer.silence == Answer::Silence::before_head) {
        wait_for_end();
        return false;
    }
    std::string_view body = answer.body;
    int status = answer.status;
    std::string text;
    const std::optional<AskedRange> range = asked_range(head, answer.body.size());
    if (status == 200 && range && answer.ranges == Answer::Ranges::served) {
        status = range->first >= body.size() ? 416 : 206;
        text += fmt::format("Content-Range: {}\r\n",
                            answer.content_range.value_or(fmt::format(
                                "bytes {}-{}/{}", range->first, range->last, answer.body.size())));
        body = body.substr(std::min(range->first, body.size()), range->last - range->first + 1);
    }
    if (answer.length == Answer::Length::told) {
        text += fmt::format("Content-Length: {}\r\n",
                            answer.content_length.value_or(std::to_string(body.size())));
    } else if (answer.length == Answer::Length::chunked) {
        text += "Transfer-Encoding: chunked\r\n";
    } else {
        text += "Connection: close\r\n";
    }
    for (const std::string& header : answer.headers) {
        text += header + "\r\n";
    }
    if (!send_all(socket, fmt::format("HTTP/1.1 {} Scripted\r\n{}\r\n", status, text))) {
        return false;
    }
    return send_body(socket, answer, body) && answer.length != Answer::Length::untold;
}

std::shared_ptr<const Answer> LoopbackServer::next_answer(const std::string& path,
                                                          const std::string& head) {
    const std::lock_guard lock(mutex_);
    std::string lower = head;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    requests_.push_back({path, lower, std::chrono::steady_clock::now()});
    const auto found = answers_.find(path);
    if (found == answers_.end() || found->second.empty()) {
        auto missing = std::make_shared<Answer>();
        missing->status = 404;
        return missing;
    }
    const std::size_t index = served_[path]++;
    return found->second[std::min(index, found->second.size() - 1)];
}

bool LoopbackServer::send_body(int socket, const Answer& answer, std::string_view body) {
    const std::uint64_t cut = answer.cut_after.value_or(body.size());
    const std::uint64_t stall = answer.stall_after.value_or(body.size());
    const std::string_view sent = body.substr(0, std::min({cut, stall, body.size()}));
    const std::size_t most = answer.drip_bytes != 0 ? answer.drip_bytes : 1U << 18U;
    for (std::size_t at = 0; at < sent.size(); at += most) {
        const std::string_view part = sent.substr(at, most);
        const bool chunked = answer.length == Answer::Length::chunked;
        if (!send_all(socket, chunked ? fmt::format("{:x}\r\n", part.size()) : "") ||
            !send_all(socket, part) || !send_all(socket, chunked ? "\r\n" : "")) {
            return false;
        }
        body_bytes_sent_ += part.size();
        { const std::lock_guard lock(mutex_); }
        changed_.notify_all();
        pause(answer.drip_pause);
    }
    if (answer.stall_after) {
        wait_for_end();
    }
    if (answer.cut_after || answer.stall_after) {
        return false;
    }
    return answer.length != Answer::Length::chunked || send_all(socket, "0\r\n\r\n");
}

bool LoopbackServer::send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void LoopbackServer::pause(std::chrono::milliseconds time) {
    if (time.count() > 0) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, time, [this] { return closing_; });
    }
}

void LoopbackServer::wait_for_end() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closing_; });
}

namespace {

std::string field(const std::string& head, std::string_view name) {
    std::string lower = head;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    const std::size_t at = lower.find(fmt::format("\r\n{}: ", name));
    if (at == std::string::npos) {
        return {};
    }
    const std::size_t begin = at + name.size() + 4;
    return lower.substr(begin, lower.find("\r\n", begin) - begin);
}

std::optional<AskedRange> asked_range(const std::string& head, std::uint64_t size) {
    const std::string value = field(head, "range");
    if (!value.starts_with("bytes=")) {
        return std::nullopt;
    }
    const std::size_t dash = value.find('-');
    const std::string first = value.substr(6, dash - 6);
    const std::string last = value.substr(dash + 1);
    if (first.empty()) {
        return AskedRange{size - std::min<std::uint64_t>(size, std::stoull(last)), size - 1};
    }
    return AskedRange{std::stoull(first), std::min<std::uint64_t>(std::stoull(last), size - 1)};
}

} // namespace

} // namespace envpm::fetch
