#include "fetch/client.h"
#include "fetch/loopback_server.h"
#include "fetch/quick_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
