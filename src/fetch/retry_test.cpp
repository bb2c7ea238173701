#include "fetch/retry.h"

namespace envpm::fetch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Retry, StatusSaysWhetherItMayPass) {
    for (const int status : {408, 425, 429, 500, 502, 503, 504, 520}) {
        EXPECT_EQ(class_of_status(status), FailureClass::transient) << status;
    }
    for (const int status : {204, 304, 400, 401, 403, 404, 407, 410, 451, 501}) {
        EXPECT_EQ(class_of_status(status), FailureClass::absent) << status;
    }
    EXPECT_EQ(class_of_status(416), FailureClass::no_ranges);
}

TEST(Retry, RetryAfterIsSecondsOrADate) {
    const auto now = std::chrono::system_clock::time_point(seconds(784'111'777 - 30));
    EXPECT_EQ(parse_retry_after("7", now), seconds(7));
    EXPECT_EQ(parse_retry_after(" 120 ", now), seconds(120));
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), seconds(30));
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), seconds(0));
    EXPECT_EQ(parse_retry_after("86400", now), seconds(86400));
    EXPECT_EQ(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now),
              seconds(253'402'300'799 - 784'111'747));
}

TEST(Retry, UnreadableRetryAfterIsNone) {
    const auto now = std::chrono::system_clock::time_point(seconds(1));
    for (const std::string_view field :
         {"", "  ", "soon", "-5", "1.5", "99999999999999999999", "Sun, 06 Foo 1994 08:49:37 GMT",
          "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 28:49:37 GMT",
          "Sunday, 06-Nov-94 08:49:37 GMT"}) {
        EXPECT_EQ(parse_retry_after(field, now), std::nullopt) << field;
    }
}

TEST(Backoff, PausesDoubleUpToThirtyTimesTheFirst) {
    const Backoff backoff(seconds(1), 1);
    const std::vector<int> longest = {1, 2, 4, 8, 16, 30, 30};
    for (std::size_t i = 0; i < longest.size(); ++i) {
        EXPECT_EQ(backoff.longest(static_cast<int>(i) + 1), seconds(longest[i])) << i;
    }
    EXPECT_EQ(backoff.longest(1'000'000), seconds(30));
}

TEST(Backoff, JitterIsWholeAndRepeatable) {
    Backoff one(seconds(1), 42);
    Backoff other(seconds(1), 42);
    milliseconds least = seconds(99);
    milliseconds most(0);
    for (int i = 0; i < 200; ++i) {
        const milliseconds pause = one.pause(3);
        EXPECT_EQ(pause, other.pause(3));
        least = std::min(least, pause);
        most = std::max(most, pause);
    }
    EXPECT_LT(least, milliseconds(400));
    EXPECT_GT(most, milliseconds(3'600));
    EXPECT_LE(most, seconds(4));
}

TEST(Retry, UnreachableServersCostTwice) {
    EXPECT_EQ(cost_of(FailureClass::unreachable), 2);
    EXPECT_EQ(cost_of(FailureClass::transient), 1);
    EXPECT_EQ(tries_per_file(1), 10);
    EXPECT_EQ(tries_per_file(5), 15);
}

} // namespace
} // namespace envpm::fetch
