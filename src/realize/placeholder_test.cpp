#include "realize/placeholder.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace envpm::realize {

namespace {

using std::string_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string placeholder = "/builder/env_placehold_placehold";

std::string in_binary(std::string bytes, const std::string& prefix) {
    replace_in_binary(bytes, placeholder, prefix);
    return bytes;
}

TEST(PlaceholderInText, IsReplacedEverywhere) {
    const ReplacedText out =
        replace_in_text("a=" + placeholder + "/x:" + placeholder + "\n", placeholder, "/p");
    EXPECT_EQ(out.text, "a=/p/x:/p\n");
    EXPECT_THAT(out.use.at, ElementsAre(2, 7));
    EXPECT_EQ(replace_in_text(placeholder, placeholder, std::string(500, 'p')).text,
              std::string(500, 'p'));
}

TEST(PlaceholderInText, ThatDoesNotOccurLeavesTheFile) {
    const ReplacedText out = replace_in_text("#!/bin/sh\nnothing\n", placeholder, "/p");
    EXPECT_EQ(out.text, "#!/bin/sh\nnothing\n");
    EXPECT_TRUE(out.use.is_none());
}

TEST(PlaceholderInText, OfALongPythonScriptBecomesATrampoline) {
    const std::string prefix = "/" + std::string(130, 'p');
    const std::string script = "#!" + placeholder + "/bin/python3.12 -I\nimport x\n";
    const ReplacedText out = replace_in_text(script, placeholder, prefix);
    EXPECT_EQ(out.text, "#!/bin/sh\n'''exec' \"" + prefix +
                            "/bin/python3.12\" -I \"$0\" \"$@\"\n' '''\nimport x\n");
    EXPECT_EQ(undo_in_text(out.text, out.use, prefix), script);
}

TEST(PlaceholderInText, OfAnotherScriptBecomesACallOfEnv) {
    const std::string prefix = "/a b";
    const std::string script = "#!" + placeholder + "/bin/perl -I" + placeholder + "/lib\nuse x;\n";
    const ReplacedText out = replace_in_text(script, placeholder, prefix);
    EXPECT_EQ(out.text, "#!/usr/bin/env perl -I/a b/lib\nuse x;\n");
    EXPECT_EQ(undo_in_text(out.text, out.use, prefix), script);
    EXPECT_EQ(undo_in_text("changed", out.use, prefix), "changed");
}

TEST(PlaceholderInText, OfAnOddPythonScriptComesBackToo) {
    const std::string script = "#!" + placeholder + "/bin/python\"x \"y\"\nz\n";
    const ReplacedText out = replace_in_text(script, placeholder, "/a b");
    EXPECT_EQ(undo_in_text(out.text, out.use, "/a b"), script);
}

TEST(PlaceholderInText, KeepsAShortInterpreterLine) {
    EXPECT_EQ(replace_in_text("#!" + placeholder + "/bin/perl\n", placeholder, "/p").text,
              "#!/p/bin/perl\n");
}

TEST(PlaceholderInBinary, IsReplacedAndTheStringFilledUp) {
    std::string bytes = "\x7f"s + "ELF\0"s + placeholder + "/lib\0rest"s;
    const std::size_t size = bytes.size();
    const PlaceholderUse use = replace_in_binary(bytes, placeholder, "/p");
    EXPECT_EQ(bytes.size(), size);
    EXPECT_EQ(bytes,
              "\x7f"s + "ELF\0/p/lib"s + std::string(placeholder.size() - 2 + 1, '\0') + "rest");
    EXPECT_THAT(use.at, ElementsAre(5));
}

TEST(PlaceholderInBinary, MayOccurSeveralTimesInOneString) {
    const std::string bytes =
        "x" + placeholder + "/a:" + placeholder + "/b\0y"s + placeholder + "\0z"s;
    EXPECT_EQ(in_binary(bytes, "/p"),
              "x/p/a:/p/b"s + std::string(2 * (placeholder.size() - 2) + 1, '\0') + "y/p" +
                  std::string(placeholder.size() - 2 + 1, '\0') + "z");
}

TEST(PlaceholderInBinary, WithoutAnEndOfTheStringStays) {
    EXPECT_EQ(in_binary("a" + placeholder, "/p"), "a" + placeholder);
}

TEST(PlaceholderInBinary, MayBeJustAsLongAsThePrefix) {
    const std::string same(placeholder.size(), 'p');
    EXPECT_EQ(in_binary(placeholder + "\0"s, same), same + "\0"s);
}

TEST(PlaceholderInBinary, TooShortForThePrefixIsAnErrorWithBothLengths) {
    std::string bytes = placeholder + "\0"s;
    const std::string before = bytes;
    try {
        replace_in_binary(bytes, placeholder, std::string(placeholder.size() + 1, 'p'));
        FAIL();
    } catch (const Error& failure) {
        EXPECT_THAT(failure.text().what, HasSubstr("prefix of 32 bytes, and this one has 33"));
        EXPECT_THAT(failure.text().hint, HasSubstr("ENVPM_ROOT"));
    }
    EXPECT_EQ(bytes, before);
    std::string without = "nothing to replace\0"s;
    EXPECT_NO_THROW(
        replace_in_binary(without, placeholder, std::string(placeholder.size() + 1, 'p')));
}

TEST(PlaceholderInBinary, ChangedBySomeoneStaysAsItIs) {
    const std::string original = "ab" + placeholder + "/lib\0cd"s;
    std::string bytes = original;
    const PlaceholderUse use = replace_in_binary(bytes, placeholder, "/p");
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ 0x55);
        undo_in_binary(changed, use, "/p");
        EXPECT_NE(changed, original) << at;
    }
    std::string cut = bytes.substr(0, 5);
    undo_in_binary(cut, use, "/p");
    EXPECT_EQ(cut, bytes.substr(0, 5));
}

/// Pieces of what matters, in any order.
std::string random_bytes(std::mt19937& random) {
    const std::vector<std::string> pieces = {
        placeholder, "\0"s, "/p", "x", "\n", "#!", "\"", "\0"s, "/python", "/ab ", "/builder/env"};
    std::string out;
    for (auto i = random() % 12; i > 0; --i) {
        out += pieces[random() % pieces.size()];
    }
    return out;
}

TEST(Placeholder, ComesBackExactly) {
    std::mt19937 random(7); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
    for (int i = 0; i < 20'000; ++i) {
        const std::string original = random_bytes(random);
        for (const std::string prefix : {"/p", "/a b", "/builder/env_placehold_placehol"}) {
            std::string bytes = original;
            const PlaceholderUse use = replace_in_binary(bytes, placeholder, prefix);
            ASSERT_EQ(bytes.size(), original.size());
            undo_in_binary(bytes, use, prefix);
            ASSERT_EQ(bytes, original);
            const ReplacedText text = replace_in_text(original, placeholder, prefix);
            ASSERT_EQ(undo_in_text(text.text, text.use, prefix), original);
        }
    }
}

} // namespace

} // namespace envpm::realize
