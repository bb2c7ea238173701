#include "realize/tree_digest.h"

#include "realize/compose.h"

#include <gtest/gtest.h>

namespace envpm::realize {

namespace {

// The vectors of docs/digests.md, made by a few lines of Python.
TEST(ContentsDigest, GivesTheVectorsOfItsPage) {
    const auto at = [](std::string_view path) { return RelativePath::parse(path); };
    const std::vector<std::pair<Layout, std::string>> vectors = {
        {{}, "ca91db0e1871839c78d8dac8317d40309cd3f6587bc5a0428878ce747ad3a7e1"},
        {{{{at("a"), GeneratedFile{""}, false, ""}}},
         "938747381246702c3109fce60667e8fc8a46a49d8dec2ac1b33c0f144cfe1b87"},
        {{{{at("a"), GeneratedFile{""}, true, ""}}},
         "ce0cea58a2072cde6f9960f16f5faa28fd654c1f76bacd3bbb1adb9536198d1c"},
        {{{{at("a"), EmptyFolder{}, false, ""}}},
         "1ad4a3b27ceb2ff39633b3deb62f381eaa469329fa83d89114cd2c1aece617db"},
        {{{{at("a"), RelocatedFile{{sha256_of(""), 0}, "/p", PlaceholderMode::text}, false, ""}}},
         "938747381246702c3109fce60667e8fc8a46a49d8dec2ac1b33c0f144cfe1b87"},
        {{{{at("a"), SymbolicLink{"b"}, false, ""}}},
         "c1289001eedf4abdd2b43703ba23472e2806d988848dfbab812017ca5286271a"},
        {{{{at("lib/a-b"), GeneratedFile{"x\n"}, false, ""},
           {at("lib/a/c"), ObjectFile{sha256_of("hello\n"), 6}, false, ""},
           {at("run"), GeneratedFile{"#!/@ENVPM_PREFIX@/bin/python\n"}, true, ""}}},
         "368f21c26c199224318e3032dac8d9de4c8757a41766f3a958a5f6eae2678e81"},
    };
    for (const auto& [layout, expected] : vectors) {
        EXPECT_EQ(contents_digest(layout).hex(), expected);
    }
}

TEST(ContentsDigest, DoesNotDependOnTheOrderOfEntries) {
    TreeDigest one;
    one.add("a/b", EntryKind::file, sha256_of("1"));
    one.add("a-b", EntryKind::file, sha256_of("2"));
    TreeDigest other;
    other.add("a-b", EntryKind::file, sha256_of("2"));
    other.add("a/b", EntryKind::file, sha256_of("1"));
    EXPECT_EQ(one.finish(), other.finish());
}

TEST(ContentsDigest, KnowsAFolderThatHoldsNothing) {
    TreeDigest with;
    with.add_folder("a");
    EXPECT_NE(with.finish(), TreeDigest().finish());
    TreeDigest file;
    file.add("a", EntryKind::file, TreeDigest().finish());
    EXPECT_NE(with.finish(), file.finish());
}

} // namespace

} // namespace envpm::realize
