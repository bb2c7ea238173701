#include "installing/layout_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace envpm::installing {

namespace {

const Sha256 this_env = sha256_of("env");

LayoutEntry object_at(const std::string& path, const Sha256& digest, std::uint64_t size_bytes,
                      const std::string& owner) {
    return {RelativePath::parse(path), ObjectFile{digest, size_bytes}, false, owner};
}

Layout some_layout() {
    Layout layout;
    layout.entries.push_back(object_at("a/b c.py", sha256_of("1"), 12, "one 1.0"));
    layout.entries.push_back(object_at("a/run", sha256_of("2"), 0, "two 2.0"));
    layout.entries.back().is_executable = true;
    layout.entries.push_back({RelativePath::parse("a/script"),
                              ObjectFile{sha256_of("3"), 7, true, true}, true, "one 1.0"});
    layout.entries.push_back({RelativePath::parse("bin/go"),
                              GeneratedFile{"#!/@ENVPM_PREFIX@/bin/python\n\nline\n"}, true,
                              "two 2.0"});
    layout.entries.push_back({RelativePath::parse("empty"), GeneratedFile{""}, false, ""});
    layout.entries.push_back(
        {RelativePath::parse("lib64"), SymbolicLink{"lib"}, false, "the environment"});
    return layout;
}

std::optional<Layout> read_text(const std::string& text, const Sha256& of = this_env) {
    static ThreadPool pool(2);
    const auto fill = [&text](std::uint64_t begin, std::span<char> room) {
        if (begin > text.size() || room.size() > text.size() - begin) {
            return false;
        }
        std::copy_n(text.data() + begin, room.size(), room.data());
        return true;
    };
    return read_layout({text.size(), fill}, of, pool);
}

TEST(LayoutText, IsReadAsItWasWritten) {
    const Layout layout = some_layout();
    const std::optional<std::string> text = to_text(layout, this_env);
    ASSERT_TRUE(text);
    const std::optional<Layout> found = read_text(*text);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->entries, layout.entries);
    EXPECT_TRUE(read_text(*to_text(Layout(), this_env))->entries.empty());
}

TEST(LayoutText, OfManyEntriesHasPartsOfWhichEachHasItsOwnersAnew) {
    Layout layout;
    for (const std::size_t count : {511U, 512U, 513U, 40'000U}) {
        while (layout.entries.size() < count) {
            const std::string name = std::to_string(layout.entries.size());
            layout.entries.push_back(
                object_at("f" + name, sha256_of(name), 1,
                          layout.entries.size() % 700 == 0 ? "one 1" : "two 2"));
        }
        const std::string text = *to_text(layout, this_env);
        const std::optional<Layout> found = read_text(text);
        ASSERT_TRUE(found) << count;
        EXPECT_EQ(found->entries, layout.entries);
        std::string cut = text; // from the middle of the last part
        cut.erase(cut.size() - 100, 50);
        EXPECT_FALSE(read_text(cut)) << count;
    }
}

TEST(LayoutText, IsOfOneEnvironmentAlone) {
    EXPECT_FALSE(read_text(*to_text(some_layout(), this_env), sha256_of("another")));
}

TEST(LayoutText, HasNoPackagesWithPlaceholders) {
    Layout layout = some_layout();
    layout.entries.push_back({RelativePath::parse("x"),
                              RelocatedFile{{sha256_of("4"), 1}, "/old", PlaceholderMode::text},
                              false, "conda 1"});
    EXPECT_FALSE(to_text(layout, this_env));
}

TEST(LayoutText, EveryByteThatChangesAndEveryEndBeforeTheEndIsNoticed) {
    const std::string text = *to_text(some_layout(), this_env);
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_FALSE(read_text(changed)) << i;
        EXPECT_FALSE(read_text(text.substr(0, i))) << i;
    }
    EXPECT_FALSE(read_text(text + "o"));
}

/// Its digests are right, as whoever can write to the cache could have them.
std::string sealed_head(const std::string& list, const std::string& parts) {
    return "envpm-layout 2\n" + sha256_of(list).hex() + "\n" + list + parts;
}

std::string sealed(const std::string& part) {
    return sealed_head(
        fmt::format("{}\n1 512\n{:012} {}\n\n", this_env.hex(), part.size(), sha256_of(part).hex()),
        part);
}

const std::string one_line = "o--- " + sha256_of("1").hex() + " 5 0:one 1.0\n";

TEST(LayoutText, WhatIsNotWrittenSoIsNotRead) {
    ASSERT_TRUE(read_text(sealed(one_line + "a\n")));
    for (const std::string& part :
         {std::string(), one_line, one_line + "../a\n", one_line + "/a\n", one_line + "a\nx",
          "o--- " + sha256_of("1").hex() + " 5 1:one\na\n",
          "o--- " + sha256_of("1").hex() + " 5 0\na\n",
          "o--- " + sha256_of("1").hex() + " -5 0:one\na\n",
          "o--z " + sha256_of("1").hex() + " 5 0:one\na\n", std::string("g- 9 0:one\na\nshort\n"),
          std::string("q- 1 0:one\na\nb\n"),
          std::string("g- 18446744073709551615 0:one\na\nb\n")}) {
        EXPECT_FALSE(read_text(sealed(part))) << part;
    }
}

TEST(LayoutText, ANumberThatIsKnownHasNoName) {
    const auto with_owner = [](const std::string& words) {
        const std::string part =
            one_line + "a\no--- " + sha256_of("1").hex() + " 5 " + words + "\nb\n";
        return sealed_head(fmt::format("{}\n2 512\n{:012} {}\n\n", this_env.hex(), part.size(),
                                       sha256_of(part).hex()),
                           part);
    };
    EXPECT_TRUE(read_text(with_owner("0")));
    EXPECT_TRUE(read_text(with_owner("1:two")));
    EXPECT_FALSE(read_text(with_owner("0two")));
    EXPECT_FALSE(read_text(with_owner("0:two")));
    EXPECT_FALSE(read_text(with_owner("1two")));
}

TEST(LayoutText, AHeadThatClaimsOtherPartsThanThereAreIsNotRead) {
    const std::string part = one_line + "a\n";
    const std::string named = fmt::format("{} {}\n", part.size(), sha256_of(part).hex());
    ASSERT_TRUE(read_text(sealed_head(this_env.hex() + "\n1 1\n" + named + "\n", part)));
    for (const std::string& list :
         {std::string("1 1\n"), std::string("1 0\n" + named), std::string("2 1\n" + named),
          "2 1\n" + named + named, "1 1\n" + named + named,
          "1 1\n18446744073709551615" + named.substr(named.find(' ')),
          "18446744073709551615 18446744073709551615\n" + named,
          "18446744073709551615 1\n" + named}) {
        EXPECT_FALSE(read_text(sealed_head(this_env.hex() + "\n" + list + "\n", part))) << list;
    }
    EXPECT_FALSE(read_text(
        sealed_head(this_env.hex() + "\n1 1\n" + named, part))); // the empty line is missing
}

} // namespace

} // namespace envpm::installing
