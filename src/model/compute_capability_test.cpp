#include "model/compute_capability.h"

namespace envpm {

namespace {

TEST(ComputeCapability, IsReadAsOfADeviceAndAsOfCode) {
    for (const std::string& text :
         std::vector<std::string>{"9.0a", "90a", "sm_90a", "compute_90a", "sm_9.0a"}) {
        EXPECT_EQ(ComputeCapability::parse(text), (ComputeCapability{9, 0, 'a'})) << text;
    }
    EXPECT_EQ(ComputeCapability::parse("8.6"), (ComputeCapability{8, 6}));
    EXPECT_EQ(ComputeCapability::parse("sm_120f"), (ComputeCapability{12, 0, 'f'}));
    EXPECT_EQ(ComputeCapability::parse("103"), (ComputeCapability{10, 3}));
}

TEST(ComputeCapability, IsNothingElse) {
    for (const std::string& text : std::vector<std::string>{
             "",    "8",    "a",     "8.",     ".6",       "8.60", "8..6", "8.6b", "8.6aa",
             "sm_", "sm_8", "SM_86", "sm-86",  " 8.6",     "8.6 ", "-8.6", "+86",  "12",
             "1.3", "8,6",  "99999", "lto_86", "sm_sm_86", "4090", "980"}) {
        EXPECT_EQ(ComputeCapability::parse(text), std::nullopt) << text;
    }
}

TEST(ComputeCapability, OrdersByNumber) {
    EXPECT_LT((ComputeCapability{9, 0}), (ComputeCapability{10, 0}));
    EXPECT_LT((ComputeCapability{8, 6}), (ComputeCapability{8, 9}));
    EXPECT_LT((ComputeCapability{9, 0}), (ComputeCapability{9, 0, 'a'}));
}

TEST(ComputeCapability, IsWrittenInTwoWays) {
    EXPECT_EQ((ComputeCapability{12, 0, 'f'}).text(), "12.0f");
    EXPECT_EQ((ComputeCapability{12, 0, 'f'}).code(), "120f");
    EXPECT_EQ((ComputeCapability{8, 6}).text(), "8.6");
    EXPECT_EQ((ComputeCapability{8, 6}).code(), "86");
}

} // namespace

} // namespace envpm
