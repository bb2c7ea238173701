#include "fetch/patience.h"

namespace envpm::fetch {
namespace {

using std::chrono::seconds;

class PatienceTest : public ::testing::Test {
  protected:
    /// The reason of the failure after so many seconds, or nothing.
    std::string judge_at(int second) {
        const std::optional<Failure> failure = patience.judge(settings, "h", at(second));
        return failure ? failure->reason : "";
    }

    static Clock::time_point at(int second) { return Clock::time_point(seconds(second)); }

    NetworkSettings settings; // 30 s for the first byte, 10 s for the next, 1 KiB/s over 60 s
    Patience patience{at(0)};
};

TEST_F(PatienceTest, ConnectingIsNotItsBusiness) {
    EXPECT_EQ(judge_at(1000), "");
    EXPECT_EQ(patience.deadline(settings), std::nullopt);
}

TEST_F(PatienceTest, TheFirstByteMayTakeItsTimeFromTheRequestOn) {
    patience.request_sent(at(5));
    EXPECT_EQ(patience.deadline(settings), at(35));
    EXPECT_EQ(judge_at(34), "");
    EXPECT_EQ(judge_at(35), "`h` did not answer for 30 s");
}

TEST_F(PatienceTest, AfterARedirectTheFirstByteMayTakeItsTimeAgain) {
    patience.request_sent(at(0));
    patience.received(at(25), 100);
    patience.redirected();
    EXPECT_EQ(judge_at(40), "") << "connecting";
    EXPECT_EQ(patience.deadline(settings), std::nullopt);
    patience.request_sent(at(40));
    EXPECT_EQ(judge_at(69), "");
    EXPECT_EQ(judge_at(70), "`h` did not answer for 30 s");
    patience.received(at(70), 100);
    EXPECT_EQ(judge_at(80), "`h` sent nothing for 10 s");
}

TEST_F(PatienceTest, AProxyThatFetchesFirstGetsThreeTimesAsLong) {
    patience = Patience(at(0), std::nullopt, Patience::Answers::after_fetching);
    patience.request_sent(at(5));
    EXPECT_EQ(patience.deadline(settings), at(95));
    EXPECT_EQ(judge_at(94), "");
    EXPECT_EQ(judge_at(95), "`h` did not answer for 90 s");
}

TEST_F(PatienceTest, LaterSilenceMayBeShorter) {
    patience.request_sent(at(0));
    patience.received(at(25), 100);
    EXPECT_EQ(patience.deadline(settings), at(35));
    EXPECT_EQ(judge_at(34), "");
    EXPECT_EQ(judge_at(35), "`h` sent nothing for 10 s");
}

TEST_F(PatienceTest, ADripEndsAfterItsWindowAndAStreamDoesNot) {
    patience.received(at(0), 0);
    for (int second = 1; second <= 60; ++second) {
        patience.received(at(second), 1024);
    }
    EXPECT_EQ(judge_at(60), "");
    for (int second = 61; second <= 120; ++second) {
        EXPECT_EQ(judge_at(second - 1), "");
        patience.received(at(second), 1023);
    }
    EXPECT_EQ(judge_at(120), "`h` sent less than 1024 bytes a second for 60 s");
}

TEST_F(PatienceTest, OurOwnPauseIsNotTheServersFault) {
    patience.received(at(0), 10);
    patience.pause();
    EXPECT_EQ(judge_at(500), "");
    EXPECT_EQ(patience.deadline(settings), std::nullopt);
    patience.resume(at(500));
    EXPECT_EQ(judge_at(509), "");
    EXPECT_NE(judge_at(510), "");
}

} // namespace
} // namespace envpm::fetch
