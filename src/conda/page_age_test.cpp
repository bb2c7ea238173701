#include "conda/page_age.h"

#include <gtest/gtest.h>

namespace envpm::conda {
namespace {

using std::chrono::seconds;

TEST(PageAge, IsWhatTheServerAllows) {
    constexpr seconds otherwise{7};
    EXPECT_EQ(age_allowed("", otherwise), otherwise);
    EXPECT_EQ(age_allowed("public, Max-Age=60 ,must-revalidate", otherwise), seconds(60));
    EXPECT_EQ(age_allowed("max-age=60, no-cache", otherwise), seconds(0));
    EXPECT_EQ(age_allowed("max-age=31536000", otherwise), std::chrono::hours(24));
    EXPECT_EQ(age_allowed("max-age=-1", otherwise), seconds(0));
}

TEST(PageAge, IsNotTakenFromWhatIsNoNumber) {
    for (const char* text : {"max-age=", "max-age=5x", "max-age=\"5\"", "max-age= 5",
                             "max-age=99999999999999999999"}) {
        EXPECT_EQ(age_allowed(text, seconds(7)), seconds(7)) << text;
    }
}

} // namespace
} // namespace envpm::conda
