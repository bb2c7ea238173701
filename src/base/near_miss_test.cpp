#include "base/near_miss.h"

namespace envpm {

namespace {

const std::vector<std::string>& words() {
    static const std::vector<std::string> known = {"channels",    "dependencies", "python", "cpu",
                                                   "dependences", "platform",     "gpu"};
    return known;
}

TEST(NearMiss, FindsTheWordThatWasMeant) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"chanels", "channels"},
        {"channells", "channels"},
        {"cahnnels", "channels"},
        {"pyhton", "python"},
        {"pythno", "python"},
        {"ptyhon", "python"},
        {"dependancies", "dependencies"},
        {"cp", "cpu"},
        {"python", "python"},
        {"platfrom", "platform"},
        {"gpus", "gpu"},
    };
    for (const auto& [word, meant] : cases) {
        EXPECT_EQ(near_miss(word, words()), meant) << word;
    }
}

TEST(NearMiss, SaysNothingWhereNothingIsNear) {
    for (const std::string& word : {std::string(), std::string("numpy"), std::string("pyton3rc"),
                                    std::string("channxyz"), std::string(65, 'p')}) {
        EXPECT_EQ(near_miss(word, words()), std::nullopt) << word;
    }
    EXPECT_EQ(near_miss("python", {}), std::nullopt);
}

TEST(NearMiss, IsNoOtherWordOfOneLetter) {
    const std::vector<std::string> known = {"a", "b"};
    EXPECT_EQ(near_miss("c", known), std::nullopt);
    EXPECT_EQ(near_miss("ab", known), "a");
}

TEST(NearMiss, TakesTheFirstOfEquals) {
    const std::vector<std::string> known = {"cat", "bat", "rat"};
    EXPECT_EQ(near_miss("hat", known), "cat");
}

TEST(NearMiss, ASwapOfNeighboursCountsOne) {
    const std::vector<std::string> known = {"abcdef"};
    EXPECT_EQ(near_miss("abdc", known), std::nullopt) << "one swap and two letters are three steps";
    EXPECT_EQ(near_miss("badcef", known), "abcdef") << "two swaps in six letters";
    EXPECT_EQ(near_miss("badcfe", known), std::nullopt) << "three swaps";
}

} // namespace

} // namespace envpm
