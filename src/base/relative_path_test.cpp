#include "base/relative_path.h"

#include "base/error.h"

namespace envpm {

namespace {

std::string fault_of_path(std::string_view text) {
    try {
        RelativePath::parse(text);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::integrity);
        return error.what();
    }
    return "it was accepted";
}

TEST(RelativePath, KeepsWhatIsFineAsItIs) {
    for (const std::string& text :
         std::vector<std::string>{"a", "a/b.py", "...", "a/..b", ".hidden", "a b/c~",
                                  "lib/python3.11/é/\xf0\x9f\x90\x8d", std::string(255, 'a'),
                                  std::string(200, 'a') + "/" + std::string(255, 'b')}) {
        EXPECT_EQ(RelativePath::parse(text).string(), text);
    }
}

TEST(RelativePath, RefusesWhatCouldEscapeOrConfuse) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", "is empty"},
        {"/", "is absolute"},
        {"/etc/passwd", "is absolute"},
        {"..", "`.` or `..`"},
        {"a/../b", "`.` or `..`"},
        {"a/..", "`.` or `..`"},
        {"./a", "`.` or `..`"},
        {"a/.", "`.` or `..`"},
        {"a//b", "empty component"},
        {"a/", "empty component"},
        {"a\\b", "backslash"},
        {"C:\\x", "backslash"},
        {std::string("a\0b", 3), "control character"},
        {"a\nb", "control character"},
        {"a\x7f", "control character"},
        {std::string(256, 'a'), "component over 255 bytes"},
    };
    for (const auto& [text, words] : cases) {
        EXPECT_THAT(fault_of_path(text), testing::HasSubstr(words)) << text;
    }
}

TEST(RelativePath, RefusesBytesThatAreNotUtf8) {
    for (const std::string& bytes : std::vector<std::string>{
             "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x80\x80",
             "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xe2\x82", "\xf0\x80\x80\x80",
             "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82/x"}) {
        EXPECT_THAT(fault_of_path("a" + bytes), testing::HasSubstr("UTF-8")) << bytes;
    }
    for (const std::string& bytes : std::vector<std::string>{
             "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
             "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_EQ(RelativePath::parse(bytes).string(), bytes);
    }
}

TEST(RelativePath, IsAtMost4000Bytes) {
    const auto text = [](std::size_t length) {
        std::string out(length, 'a');
        for (std::size_t i = 100; i + 1 < length; i += 100) {
            out[i] = '/';
        }
        return out;
    };
    EXPECT_EQ(RelativePath::parse(text(4000)).string().size(), 4000U);
    EXPECT_THAT(fault_of_path(text(4001)), testing::HasSubstr("longer than 4,000"));
}

TEST(RelativePath, QuotesTheNamePrintably) {
    EXPECT_THAT(fault_of_path("/a\x1b[2J"), testing::HasSubstr("`/a\\x1b[2J`"));
    EXPECT_LT(fault_of_path("/" + std::string(100'000, 'x')).size(), 400U);
}

TEST(RelativePath, KnowsItsParts) {
    const RelativePath deep = RelativePath::parse("a/b/c.py");
    EXPECT_EQ(deep.filename(), "c.py");
    EXPECT_EQ(deep.parent(), "a/b");
    const RelativePath top = RelativePath::parse("a");
    EXPECT_EQ(top.filename(), "a");
    EXPECT_EQ(top.parent(), "");
}

} // namespace

} // namespace envpm
