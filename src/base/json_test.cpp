#include "base/json.h"

#include "base/error.h"

#include <cmath>

namespace envpm {

namespace {

ErrorText fault_of_json(std::string_view text) {
    try {
        parse_json(text, "x.json");
    } catch (const Error& error) {
        return error.text();
    }
    return {"it was read", {}, {}};
}

TEST(Json, ReadsEveryKind) {
    const Json value = parse_json(
        R"( {"a": null, "b": [true, -1, 1.5, "x\n\u00e9"], "c": {}, "d": 1e2} )", "x.json");
    const Json expected(Json::Object{
        {"a", Json()},
        {"b", Json(Json::Array{true, -1, 1.5, "x\n\xc3\xa9"})},
        {"c", Json(Json::Object())},
        {"d", 100.0},
    });
    EXPECT_EQ(value, expected);
    EXPECT_TRUE(value.find("a")->is_null());
    EXPECT_EQ(value.find("z"), nullptr);
    EXPECT_EQ(Json("text").find("a"), nullptr);
}

TEST(Json, WritesMembersInOrderWhateverTheirOrderWas) {
    const Json value = parse_json(R"({"b":1,"a":{"d":[],"c":"é"}})", "x.json");
    EXPECT_EQ(to_text(value), R"({"a":{"c":"é","d":[]},"b":1})");
    EXPECT_EQ(to_text(Json(Json::Object{{"a", Json(Json::Array{1})}}), 2),
              "{\n  \"a\": [\n    1\n  ]\n}");
}

TEST(Json, WhatIsWrittenIsReadBackAsItWas) {
    const std::vector<Json> values = {
        Json(), true, INT64_MAX, INT64_MIN, 0.1, 1e300, -0.0, "", std::string("\0\x1f\"\\/", 5)};
    for (const Json& value : values) {
        EXPECT_EQ(parse_json(to_text(value), "x.json"), value) << to_text(value);
    }
}

TEST(Json, WritesOnlyValidUtf8) {
    EXPECT_EQ(to_text("a\xff"), "\"a\xef\xbf\xbd\"");
}

TEST(Json, SaysWhereAndWhatIsWrong) {
    struct Case {
        std::string text;
        std::string place;
        std::string what;
    };

    const std::vector<Case> cases = {
        {"", "x.json:1:1", "it is empty"},
        {"{\"a\": 1,\n \"b\": }", "x.json:2:7", "unexpected"},
        {"[1]\nx", "x.json:2:1", "invalid literal"},
        {"[1,\n 2] []", "x.json:2:5", "expected end of input"},
        {"{\"a\":1,\n  \"a\":2}", "x.json:2:5", "member `a` stands twice"},
        {"\n\n[9223372036854775808]", "x.json:3:21", "a number is out of range"},
        {"[18446744073709551616]", "x.json:1:22", "a number is out of range"},
        {"[-9223372036854775809]", "x.json:1:22", "a number is out of range"},
        {"[1e999]", "x.json:1:7", "a number is out of range"},
        {"[\"\xff\"]", "x.json:1:3", "UTF-8"},
        {"[NaN]", "x.json:1:", "invalid literal"},
        {"{'a':1}", "x.json:1:2", "invalid literal"},
    };
    for (const Case& c : cases) {
        const ErrorText fault = fault_of_json(c.text);
        EXPECT_THAT(fault.what, testing::HasSubstr(c.what)) << c.text;
        EXPECT_THAT(fault.what, testing::Not(testing::HasSubstr("exception"))) << c.text;
        EXPECT_THAT(fault.subject, testing::StartsWith(c.place)) << c.text;
    }
}

TEST(Json, IsNeverDeeperThan64) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_EQ(fault_of_json(nested(64)).what, "it was read");
    EXPECT_THAT(fault_of_json(nested(65)).what, testing::HasSubstr("nested"));
    EXPECT_THAT(fault_of_json(nested(1'000'000)).what, testing::HasSubstr("nested"));
}

TEST(Json, NamesTheMemberThatADocumentLacks) {
    const Json value = parse_json(R"({"n":1,"t":"x","a":[1]})", "x.json");
    EXPECT_EQ(value.number("n"), 1);
    EXPECT_EQ(value.text("t"), "x");
    EXPECT_EQ(value.array("a").size(), 1U);
    EXPECT_THAT([&] { (void)value.text("absent"); },
                testing::Throws<Error>(testing::Property(
                    &Error::what, testing::HasSubstr("member `absent` is missing"))));
    EXPECT_THROW((void)value.text("n"), Error);
    EXPECT_THROW((void)value.number("t"), Error);
    EXPECT_THROW((void)value.array("t"), Error);
    EXPECT_THROW((void)Json("text").number("n"), Error);
}

TEST(JsonDeathTest, ANumberThatCannotBeWrittenIsABug) {
    EXPECT_EQ(to_text(Json(std::uint64_t{INT64_MAX})), "9223372036854775807");
    EXPECT_DEATH(Json(UINT64_MAX), "bug at");
    EXPECT_DEATH((void)to_text(Json(std::nan(""))), "bug at");
}

} // namespace

} // namespace envpm
