#include "fetch/client.h"
#include "fetch/loopback_server.h"
#include "fetch/quick_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::fetch {
namespace {

using testing::HasSubstr;

class StoppedPageTest : public testing::Test {
  protected:
    HttpResponse part_of(Answer whole) {
        whole.ranges = Answer::Ranges::ignored;
        server.serve("/wheel", {std::move(whole)});
        const std::vector<HttpRequest> part = {{server.url("/wheel"), {}, ByteRange{3, 4}, 100}};
        return Client(quick_settings(), {}).get(part).at(0);
    }

    LoopbackServer server;
};

TEST_F(StoppedPageTest, WhatIsTooLongIsStoppedAtItsHead) {
    const HttpResponse response =
        part_of(dripping(std::string(10'000'000, 'x'), 10'000, std::chrono::milliseconds(2)));
    EXPECT_THAT(response.error, HasSubstr("sends more than 100 bytes"));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.total_bytes, 10'000'000U);
    EXPECT_EQ(server.count("/wheel"), 1U);
    EXPECT_LT(server.body_bytes_sent(), 9'000'000U);
}

TEST_F(StoppedPageTest, SoIsAWholeFileOfUnknownLengthThatAnswersToAPart) {
    Answer whole = with_body("0123456789");
    whole.length = Answer::Length::chunked;
    const HttpResponse response = part_of(std::move(whole));
    EXPECT_EQ(response.status, 200);
    EXPECT_THAT(response.error, HasSubstr("sends all of a file, and not how long it is"));
}

} // namespace
} // namespace envpm::fetch
