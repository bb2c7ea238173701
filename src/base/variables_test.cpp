#include "base/variables.h"

namespace envpm {

namespace {

TEST(Variables, ReadsAnEnvironment) {
    const std::vector<const char*> strings = {"A=1", "EMPTY=", "EQUALS=x=y", "garbage", nullptr};
    const Variables variables = Variables::from_strings(strings.data());
    EXPECT_EQ(variables.find("A"), "1");
    EXPECT_EQ(variables.find("EQUALS"), "x=y");
    EXPECT_EQ(variables.all().size(), 3U);
    EXPECT_TRUE(Variables::from_strings(nullptr).all().empty());
}

TEST(Variables, EmptyAndUnsetAreTheSame) {
    Variables variables;
    variables.set("EMPTY", "");
    EXPECT_EQ(variables.find("EMPTY"), std::nullopt);
    EXPECT_EQ(variables.find("ABSENT"), std::nullopt);
    EXPECT_EQ(variables.strings(), std::vector<std::string>{"EMPTY="}) << "a child still sees it";
}

TEST(Variables, CanBeChanged) {
    Variables variables;
    variables.set("A", "1");
    variables.set("B", "2");
    variables.set("A", "3");
    variables.unset("ABSENT");
    EXPECT_EQ(variables.find("A"), "3");
    variables.unset("A");
    EXPECT_EQ(variables.find("A"), std::nullopt);
    EXPECT_EQ(variables.find("B"), "2");
}

TEST(Variables, ComeAsStringsInOrderOfName) {
    Variables variables;
    variables.set("Z", "1");
    variables.set("A", "x y");
    EXPECT_EQ(variables.strings(), (std::vector<std::string>{"A=x y", "Z=1"}));
}

} // namespace

} // namespace envpm
