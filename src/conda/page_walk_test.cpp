#include "conda/page_walk.h"

#include "base/error.h"

namespace envpm::conda {
namespace {

using testing::ElementsAre;

PageWalk::Source source_of(std::string text, std::size_t step) {
    return [text = std::move(text), step, at = std::size_t{0}](std::span<char> bytes) mutable {
        const std::size_t count = text.copy(bytes.data(), std::min(bytes.size(), step), at);
        at += count;
        return count;
    };
}

/// The parts of the one object in the page, as they come for windows of that size.
std::vector<std::string> parts_of(const std::string& page, std::size_t part_bytes) {
    PageWalk walk(source_of(page, 7), "page", part_bytes);
    EXPECT_EQ(walk.next_key(), "packages");
    EXPECT_TRUE(walk.enter_object());
    std::vector<std::string> parts;
    bool goes_on = true;
    while (goes_on) {
        const std::string_view part = walk.part();
        // Where the object ends: no text of these pages has a brace in it.
        int depth = 0;
        std::size_t end = 0;
        do {
            depth += part.at(end) == '{' ? 1 : part.at(end) == '}' ? -1 : 0;
        } while (depth > 0 && ++end < part.size());
        parts.emplace_back(part.substr(0, end + 1));
        const std::size_t rest = part.find_first_not_of(" \n", end + 1);
        goes_on = walk.finish_part(
            rest == std::string_view::npos ? std::nullopt : std::optional(part.substr(rest)));
    }
    EXPECT_EQ(walk.next_key(), std::nullopt);
    return parts;
}

TEST(PageWalk, CutsBetweenMembers) {
    const std::string page = R"({"packages":{"a-1-0.conda":{"x":1} , "b-1-0.tar.bz2": {"y":2},
"c-1-0.conda"
:
{}}})";
    EXPECT_THAT(parts_of(page, 1000),
                ElementsAre("{\"a-1-0.conda\":{\"x\":1} , \"b-1-0.tar.bz2\": {\"y\":2}}",
                            "{\n\"c-1-0.conda\"\n:\n{}}"));
}

TEST(PageWalk, SmallWindowsGiveTheSameMembers) {
    std::string members;
    for (int i = 0; i < 100; ++i) {
        members += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "-1-0.conda\":{\"x\":[" +
                   std::string(static_cast<std::size_t>(i), '1') + "]}";
    }
    const std::string page = "{\"packages\":{" + members + "}}";
    EXPECT_EQ(parts_of(page, 100'000).size(), 2U); // the last border tells no end
    const std::vector<std::string> parts = parts_of(page, 8);
    EXPECT_GT(parts.size(), 10U);
    std::string joined;
    for (const std::string& part : parts) {
        joined += (joined.empty() ? "" : ",") + part.substr(1, part.size() - 2);
    }
    EXPECT_EQ(joined, members);
}

TEST(PageWalk, WhatIsPutBackMakesNoPartLonger) {
    std::string members;
    for (int i = 0; i < 200; ++i) {
        members += R"("p)" + std::to_string(i) + R"(-1-0.conda": {"name": "p"}, )";
    }
    constexpr std::size_t part_bytes = 200;
    PageWalk page(source_of(R"({"packages": {)" + members + R"("last-1-0.conda": {}}})", 50),
                  "https://c.example.org", part_bytes);
    page.next_key();
    ASSERT_TRUE(page.enter_object());
    page.put_back(members.substr(0, members.rfind(',') + 1)); // far more than a window
    std::size_t parts = 0;
    while (true) {
        const std::string_view part = page.part();
        if (!page.is_part_before_border()) {
            break;
        }
        EXPECT_LE(part.size(), part_bytes + 2) << parts;
        page.finish_part(std::nullopt);
        ++parts;
    }
    EXPECT_GT(parts, 30U);
}

TEST(PageWalk, AnEmptyObjectIsOnePart) {
    EXPECT_THAT(parts_of(R"({"packages":{}})", 8), ElementsAre("{}"));
    EXPECT_THAT(parts_of(R"( { "packages" : { } } )", 8), ElementsAre("{ }"));
}

TEST(PageWalk, MembersCanBeReadAndSkipped) {
    const std::string page =
        R"({"a":{"x":["}\"",{}]},"b":-1.5e3 ,"c":"t\\","d":[[1],2],"e":null,"f\"":true})";
    for (const std::size_t part_bytes : {4U, 1000U}) {
        PageWalk walk(source_of(page, 3), "page", part_bytes);
        std::vector<std::string> members;
        while (const std::optional<std::string> key = walk.next_key()) {
            members.push_back(*key + "=" + walk.value());
        }
        EXPECT_THAT(members, ElementsAre(R"(a={"x":["}\"",{}]})", "b=-1.5e3", R"(c="t\\")",
                                         "d=[[1],2]", "e=null", R"(f\"=true)"));
        PageWalk other(source_of(page, 3), "page", part_bytes);
        int count = 0;
        for (; other.next_key(); ++count) {
            other.skip_value();
        }
        EXPECT_EQ(count, 6);
    }
}

TEST(PageWalk, APartThatIsNotWholeGrows) {
    const std::string page =
        R"({"packages":{"a-1-0.conda":{"inner":{"b-1-0.conda":{},"c-1-0.conda":{}}}}})";
    PageWalk walk(source_of(page, 100), "page", 40);
    walk.next_key();
    walk.enter_object();
    EXPECT_EQ(walk.part(), R"({"a-1-0.conda":{"inner":{"b-1-0.conda":{}})"); // a border too deep
    while (walk.extend()) {
    }
    EXPECT_EQ(walk.part(), R"({"a-1-0.conda":{"inner":{"b-1-0.conda":{}})");
}

} // namespace
} // namespace envpm::conda
