#include "conda/string_table.h"

namespace envpm::conda {
namespace {

TEST(StringTable, KeepsEachTextOnceWithTheNumberItHasGot) {
    StringTable table;
    EXPECT_EQ(table.add(""), 0U);
    for (int round = 0; round < 2; ++round) {
        for (std::uint32_t i = 1; i <= 3000; ++i) {
            EXPECT_EQ(table.add("text " + std::to_string(i)), i);
        }
    }
    EXPECT_EQ(table[0], "");
    EXPECT_EQ(table[1], "text 1");
    EXPECT_EQ(table[3000], "text 3000");
    EXPECT_EQ(table.ends().size(), 3001U);
    EXPECT_EQ(table.ends().back(), table.text().size());
}

TEST(StringTable, IsAsNewWhenCleared) {
    StringTable table;
    table.add("one");
    table.clear();
    EXPECT_EQ(table.ends().size(), 1U);
    EXPECT_EQ(table.add("two"), 1U);
    EXPECT_EQ(table[1], "two");
}

} // namespace
} // namespace envpm::conda
