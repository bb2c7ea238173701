#include "fetch/client.h"
#include "fetch/loopback_server.h"
#include "fetch/quick_settings.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

namespace envpm::fetch {
namespace {

using ::testing::HasSubstr;

/// Two servers, of which the first sends everyone to the second.
class RedirectTest : public ::testing::Test {
  protected:
    RedirectTest() {
        NetworkSettings settings = quick_settings();
        settings.first_byte_timeout = std::chrono::milliseconds(60);
        client.emplace(settings, std::stop_token());
    }

    void lead(const std::string& path) {
        server.serve(path, {with_status(302, {"Location: " + other.url(path)})});
    }

    HttpResponse get(const std::string& path) {
        const HttpRequest request{server.url(path), {}, {}, 1000};
        return client->get({&request, 1}).front();
    }

    LoopbackServer server;
    LoopbackServer other;
    std::optional<Client> client;
};

/// Takes no connection: its queue is full.
class BusyPort {
  public:
    BusyPort() {
        auto* const generic = reinterpret_cast<sockaddr*>(&address_);
        socklen_t length = sizeof address_;
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(listener_.get(), generic, length), 0);
        EXPECT_EQ(::listen(listener_.get(), 0), 0);
        EXPECT_EQ(::getsockname(listener_.get(), generic, &length), 0);
        for (const Fd& waiting : queue_) {
            ::connect(waiting.get(), generic, length);
        }
    }

    [[nodiscard]] std::string url() const {
        return fmt::format("http://127.0.0.1:{}/page", ntohs(address_.sin_port));
    }

  private:
    static Fd new_socket() { return Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)); }

    sockaddr_in address_{};
    Fd listener_ = new_socket();
    std::array<Fd, 3> queue_ = {new_socket(), new_socket(), new_socket()};
};

TEST_F(RedirectTest, WhoIsLedToIsConnectedToAsLongAsAnyHost) {
    const BusyPort busy;
    NetworkSettings settings = quick_settings();
    settings.connect_timeout = std::chrono::milliseconds(900);
    settings.stall_timeout = std::chrono::milliseconds(250);
    settings.first_byte_timeout = std::chrono::milliseconds(250);
    client.emplace(settings, std::stop_token());
    server.serve("/page", {with_status(302, {"Location: " + busy.url()})});
    EXPECT_THAT(get("/page").error, HasSubstr("cannot be reached"));
}

TEST_F(RedirectTest, AProxyThatFetchesFirstIsKnownByTheHostThatLeadsThere) {
    Answer page = with_body("page");
    page.headers = {"Server: Nexus/3.70.1"};
    Answer silent;
    silent.silence = Answer::Silence::before_head;
    lead("/page");
    lead("/slow");
    other.serve("/page", {page});
    other.serve("/slow", {silent});
    EXPECT_EQ(get("/page").body, "page");
    EXPECT_THAT(get("/slow").error, HasSubstr("did not answer for 0.18 s"));
}

} // namespace
} // namespace envpm::fetch
