#include "model/tree.h"

#include "base/error.h"

#include <gtest/gtest.h>

namespace envpm {

namespace {

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
