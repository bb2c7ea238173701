#include "pypi/header_fields.h"

#include <gtest/gtest.h>

namespace envpm::pypi {
namespace {

TEST(HeaderField, IsTheFirstOfItsNameBeforeTheBody) {
    const std::string text = "\xef\xbb\xbfName: first\r\n"
                             " Version: continued, not a header\n"
                             "NAME: second\n"
                             "Version:2\n"
                             "\n"
                             "Tag: in the body\n";
    EXPECT_EQ(header_field(text, "name"), "first");
    EXPECT_EQ(header_field(text, "Version"), "2");
    EXPECT_EQ(header_field(text, "Tag"), std::nullopt);
    EXPECT_EQ(header_field("no header\nName: x\n", "Name"), std::nullopt)
        << "what is no header ends them, as it does for Metadata::parse";
    EXPECT_EQ(header_field("Name :x\nVersion: 1", "Version"), std::nullopt);
    EXPECT_EQ(header_field("Summary: x\rName: first\r\rTag: in the body", "Name"), "first");
    EXPECT_EQ(header_field("Summary: x\rName: first\r\rTag: in the body", "Tag"), std::nullopt);
    EXPECT_EQ(header_field("", "Name"), std::nullopt);
}

} // namespace
} // namespace envpm::pypi
