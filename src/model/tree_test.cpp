#include "model/tree.h"

#include "base/error.h"

#include <gtest/gtest.h>

namespace envpm {

namespace {

TEST(Tree, FindsFilesAndLinksByPath) {
    Tree tree{Sha256({}), {}};
    for (const char* path : {"a", "a-b", "a/b", "c"}) {
        tree.files.push_back({RelativePath::parse(path), Sha256({})});
    }
    tree.links.push_back({RelativePath::parse("link"), "a"});
    EXPECT_EQ(find_file(tree, "a/b"), &tree.files[2]);
    EXPECT_EQ(find_file(tree, "b"), nullptr);
    EXPECT_EQ(find_file(tree, "d"), nullptr);
    EXPECT_EQ(find_file(tree, "link"), nullptr);
    EXPECT_EQ(find_link(tree, "link"), &tree.links[0]);
    EXPECT_EQ(find_link(Tree{Sha256({}), {}}, "link"), nullptr);
}

TEST(LinkTarget, MayBeAnyPathOfPlainNames) {
    for (const std::string target :
         {"libz.so.1", "../lib/libz.so", "/usr/share/zoneinfo", ".", "a//b", "..", "näme", "C:"}) {
        EXPECT_NO_THROW(check_link_target(target, "a")) << target;
    }
    EXPECT_NO_THROW(check_link_target(std::string(2047, '/') + std::string(255, 'x'), "a"));
}

TEST(LinkTarget, IsRefusedIfItCouldBeReadInTwoWays) {
    for (const std::string& target :
         {std::string(), std::string("a\0b", 3), std::string("a\nb"), std::string("a\\b"),
          std::string("a/\xff"), std::string(256, 'x'), std::string(4096, '/')}) {
        EXPECT_THROW(check_link_target(target, "a"), Error) << target;
    }
}

} // namespace

} // namespace envpm
