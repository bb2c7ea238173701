#include "store/tree_file.h"

#include <gtest/gtest.h>

namespace envpm::store {

namespace {

Tree sample() {
    return {sha256_of("archive"),
            {{RelativePath::parse("a/\"quoted\" näme.py"), sha256_of("1"), 1, false},
             {RelativePath::parse("bin/run"), sha256_of("2"), 5'000'000'000, true}}};
}

TEST(TreeFile, IsOneLineAFileWithTheVersionFirst) {
    const std::string one = sha256_of("1").hex();
    const std::string two = sha256_of("2").hex();
    const std::string list = "[\n[\"a/\\\"quoted\\\" näme.py\",\"" + one +
                             "\",1,false],\n[\"bin/run\",\"" + two + "\",5000000000,true]\n]";
    EXPECT_EQ(to_text(sample()), "{\"version\":1,\"archive\":\"" + sha256_of("archive").hex() +
                                     "\",\"digest\":\"" + sha256_of(list).hex() +
                                     "\",\"files\":" + list + "}\n");
}

/// What only packages of conda have.
Tree sample_with_links() {
    Tree tree = sample();
    tree.links = {{RelativePath::parse("a/link"), sha256_of("no digest").hex()},
                  {RelativePath::parse("lib64"), "../a \"b\"/./c"}};
    tree.empty_folders = {RelativePath::parse("a/empty"), RelativePath::parse("var")};
    return tree;
}

TEST(TreeFile, HasLinksAndEmptyFoldersAmongTheFiles) {
    const std::string text = to_text(sample_with_links());
    EXPECT_TRUE(text.starts_with("{\"version\":2,"));
    EXPECT_NE(text.find(",1,false],\n[\"a/empty\"],\n[\"a/link\",\"" +
                        sha256_of("no digest").hex() + "\"],\n[\"bin/run\""),
              std::string::npos);
    EXPECT_TRUE(text.ends_with(",\n[\"lib64\",\"../a \\\"b\\\"/./c\"],\n[\"var\"]\n]}\n"));
    EXPECT_EQ(parse_tree(text, sample().archive), sample_with_links());
}

TEST(TreeFile, ReadsBackWhatItWrites) {
    EXPECT_EQ(parse_tree(to_text(sample()), sample().archive), sample());
    const Tree empty{sha256_of("x"), {}};
    EXPECT_EQ(parse_tree(to_text(empty), empty.archive), empty);
}

TEST(TreeFile, IsAbsentIfAnyByteIsDifferent) {
    for (const std::string& text : {to_text(sample()), to_text(sample_with_links())}) {
        for (std::size_t at = 0; at < text.size(); ++at) {
            for (const int change : {1, 2, 3}) { // 3 makes version 2 of version 1
                std::string wrong = text;
                wrong[at] = static_cast<char>(wrong[at] ^ change);
                EXPECT_FALSE(parse_tree(wrong, sample().archive)) << at;
            }
            EXPECT_FALSE(parse_tree(text.substr(0, at), sample().archive)) << at;
        }
    }
    const std::string text = to_text(sample());
    EXPECT_FALSE(parse_tree(text + "\n", sample().archive));
    EXPECT_FALSE(parse_tree(text, sha256_of("another archive")));
}

/// With a right digest, so that only the list's own rules can refuse it.
std::string with_list(const std::string& list, int version = 1) {
    return "{\"version\":" + std::to_string(version) + ",\"archive\":\"" + sha256_of("a").hex() +
           "\",\"digest\":\"" + sha256_of(list).hex() + "\",\"files\":" + list + "}\n";
}

TEST(TreeFile, IsAbsentIfItsListBreaksARule) {
    const std::string hex = "\",\"" + sha256_of("1").hex() + "\",";
    const std::string good = "[\n[\"a" + hex + "1,false],\n[\"b" + hex + "1,false]\n]";
    ASSERT_TRUE(parse_tree(with_list(good), sha256_of("a")));
    for (const std::string& list : {
             "[\n[\"b" + hex + "1,false],\n[\"a" + hex + "1,false]\n]", // not sorted
             "[\n[\"a" + hex + "1,false],\n[\"a" + hex + "1,false]\n]", // twice
             "[\n[\"../a" + hex + "1,false]\n]",                        // leaves the folder
             "[\n[\"/a" + hex + "1,false]\n]",
             "[\n[\"a" + hex + "-1,false]\n]",
             "[\n[\"a" + hex + "99999999999999999999999,false]\n]",
             "[\n[\"a" + hex + "1,maybe]\n]",
             "[\n[\"a" + hex + "01,false]\n]", // not as it is written
             "[\n[\"a" + hex + "00,false]\n]",
             "[\n[\"\\a" + hex + "1,false]\n]",
             std::string("[\n[\"a\",\"abc\",1,false]\n]"),
             std::string("[\n[\"a\\"),
             std::string("[]"),
             std::string(),
         }) {
        EXPECT_FALSE(parse_tree(with_list(list), sha256_of("a"))) << list;
    }
}

TEST(TreeFile, IsAbsentIfALinkOrFolderBreaksARule) {
    const std::string good = "[\n[\"a\",\"../b\"],\n[\"b\"]\n]";
    ASSERT_TRUE(parse_tree(with_list(good, 2), sha256_of("a")));
    EXPECT_FALSE(parse_tree(with_list(good, 1), sha256_of("a"))) << "not the version of files only";
    EXPECT_FALSE(parse_tree(with_list(good, 3), sha256_of("a")));
    for (const std::string list : {
             "[\n[\"a\",\"\"]\n]", "[\n[\"a\",\"b\\\\c\"]\n]", "[\n[\"a\",\"b\x01\"]\n]",
             "[\n[\"a\",\"b\"],\n[\"a\"]\n]", // twice
             "[\n[\"b\",\"b\"],\n[\"a\"]\n]", // not sorted
             "[\n[\"../a\"]\n]", "[\n[\"/a\"]\n]", "[\n[\"a\",]\n]", "[\n[]\n]",
             "[\n]", // files only
         }) {
        EXPECT_FALSE(parse_tree(with_list(list, 2), sha256_of("a"))) << list;
    }
}

} // namespace

} // namespace envpm::store
