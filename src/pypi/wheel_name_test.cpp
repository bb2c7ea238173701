#include "pypi/wheel_name.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

// What is and what is not a wheel's name was compared with parse_wheel_filename of
// `packaging` 26.4.

namespace envpm::pypi {
namespace {

std::vector<std::string> tag_texts(const WheelName& wheel) {
    std::vector<std::string> texts;
    for (const Tag& tag : wheel.tags) {
        texts.push_back(fmt::format("{}-{}-{}", tag.python, tag.abi, tag.platform));
    }
    return texts;
}

TEST(WheelName, HasItsParts) {
    const std::optional<WheelName> wheel =
        WheelName::parse("Torch_Vision-0.24.1+cu128-12b_3-cp312-cp312-manylinux_2_28_x86_64.whl");
    ASSERT_TRUE(wheel);
    EXPECT_EQ(wheel->name.string(), "torch-vision");
    EXPECT_EQ(wheel->version.text(), "0.24.1+cu128");
    EXPECT_EQ(wheel->build_number, 12U);
    EXPECT_EQ(wheel->build_rest, "b_3");
    EXPECT_THAT(tag_texts(*wheel), testing::ElementsAre("cp312-cp312-manylinux_2_28_x86_64"));
}

TEST(WheelName, ExpandsCompressedTags) {
    const std::optional<WheelName> wheel = WheelName::parse(
        "six-1.16.0-py2.PY3-none.abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl");
    ASSERT_TRUE(wheel);
    EXPECT_EQ(wheel->build_number, 0U);
    EXPECT_EQ(wheel->build_rest, "");
    EXPECT_THAT(
        tag_texts(*wheel),
        testing::ElementsAre("py2-none-manylinux_2_17_x86_64", "py2-none-manylinux2014_x86_64",
                             "py2-abi3-manylinux_2_17_x86_64", "py2-abi3-manylinux2014_x86_64",
                             "py3-none-manylinux_2_17_x86_64", "py3-none-manylinux2014_x86_64",
                             "py3-abi3-manylinux_2_17_x86_64", "py3-abi3-manylinux2014_x86_64"));
}

TEST(WheelName, UnderstandsEscapedVersions) {
    const std::optional<WheelName> wheel =
        WheelName::parse("zope.interface-5.0_post1+a_1-cp38-cp38-linux_x86_64.whl");
    ASSERT_TRUE(wheel);
    EXPECT_EQ(wheel->name.string(), "zope-interface");
    EXPECT_EQ(wheel->version.text(), "5.0.post1+a.1");
}

TEST(WheelName, IsNothingForOtherFiles) {
    for (const char* name : {
             "",
             ".whl",
             "foo-1.0.tar.gz",
             "foo-1.0-py3-none-any.zip",
             "foo-1.0-py3-none-any.WHL",
             "foo-py3-none-any.whl",
             "foo-1.0-1-2-py3-none-any.whl",
             "foo-1.0-a1-py3-none-any.whl",
             "foo-1.0--py3-none-any.whl",
             "foo-one-py3-none-any.whl",
             "foo__bar-1.0-py3-none-any.whl",
             "-1.0-py3-none-any.whl",
             "foo-1.0-py3.-none-any.whl",
             "foo-1.0-py3-none-.whl",
             "foo-1.0-py3-abi3..none-any.whl",
             "foo-1.0-3-none-any.whl",
             "foo-1.0-p\xc3\xa4-none-any.whl",
             "../foo-1.0-py3-none-any.whl",
             "foo-1.0-1234567890123456789-py3-none-any.whl",
         }) {
        EXPECT_FALSE(WheelName::parse(name)) << name;
    }
}

TEST(WheelName, AReaderGivesForEachNameWhatItMeansAlone) {
    WheelNameReader reader;
    for (const char* name :
         {"foo-1.0-py3-none-any.whl", "foo-1.0-2b-py3-none-any.whl", "foo-1.0-b-py3-none-any.whl",
          "foo-1.0-py3-none-linux_x86_64.whl", "Foo-1.0-py3-none-any.whl", "foo-1-py3-none-any.whl",
          "foo-x-py3-none-any.whl", "foo-1-py3-none-any.whl", "bar-1-py3-none-any.whl",
          "bar_-1-py3-none-any.whl", "bar-1-py3-none-any.whl"}) {
        const std::optional<WheelName> alone = WheelName::parse(name);
        const std::optional<WheelName> read = reader.read(name);
        ASSERT_EQ(read.has_value(), alone.has_value()) << name;
        if (read) {
            EXPECT_EQ(read->name, alone->name) << name;
            EXPECT_EQ(read->version.text(), alone->version.text()) << name;
            EXPECT_EQ(read->build_number, alone->build_number) << name;
            EXPECT_EQ(read->build_rest, alone->build_rest) << name;
            EXPECT_EQ(read->tags, alone->tags) << name;
        }
    }
}

TEST(WheelName, BoundsWhatALongNameExpandsTo) {
    const auto list = [](const std::string& tag, int count) {
        std::string text = tag;
        for (int i = 1; i < count; ++i) {
            text += "." + tag;
        }
        return text;
    };
    const auto name = [&list](int platforms) {
        return "foo-1.0-" + list("py3", 16) + "-" + list("none", 8) + "-" + list("any", platforms) +
               ".whl";
    };
    EXPECT_EQ(WheelName::parse(name(8))->tags.size(), 1024U);
    EXPECT_FALSE(WheelName::parse(name(9)));
    EXPECT_FALSE(WheelName::parse("foo-1.0-py3-none-" + std::string(1024, 'a') + ".whl"));
}

} // namespace
} // namespace envpm::pypi
