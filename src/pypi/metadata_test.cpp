#include "pypi/metadata.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pypi {
namespace {

const std::string subject = "demo-1.0-py3-none-any.whl";
const std::string head = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n";

std::vector<std::string> requirements(const Metadata& metadata) {
    std::vector<std::string> texts;
    for (const Requirement& requirement : metadata.requires_dist) {
        texts.push_back(requirement.text());
    }
    return texts;
}

ErrorText metadata_error(const std::string& text) {
    try {
        static_cast<void>(Metadata::parse(text, subject));
        ADD_FAILURE() << text;
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::failed);
        EXPECT_EQ(error.text().subject, subject);
        return error.text();
    }
    return {};
}

TEST(Metadata, TakesWhatTheSolveNeeds) {
    const Metadata metadata = Metadata::parse("Metadata-Version: 2.4\n"
                                              "Name: Demo_Package\n"
                                              "Version: 1.0+cu128\n"
                                              "Summary: says: Name: other\n"
                                              "Author: J\xc3\xbcrgen\n"
                                              "Requires-Python: >=3.9, !=3.9.7\n"
                                              "Provides-Extra: Test_All\n"
                                              "Provides-Extra: docs\n"
                                              "Requires-Dist: numpy<3,>=1.26\n"
                                              "Requires-Dist: pytest; extra == 'test-all'\n"
                                              "License-File: LICENSE\n"
                                              "\n"
                                              "Requires-Dist: not (a header\n",
                                              subject);
    EXPECT_EQ(metadata.name.string(), "demo-package");
    EXPECT_EQ(metadata.version, "1.0+cu128");
    EXPECT_EQ(metadata.requires_python, ">=3.9, !=3.9.7");
    EXPECT_THAT(requirements(metadata),
                testing::ElementsAre("numpy <3, >=1.26", R"(pytest; extra == "test-all")"));
    ASSERT_EQ(metadata.provides_extra.size(), 2U);
    EXPECT_EQ(metadata.provides_extra[0].string(), "test-all");
}

TEST(Metadata, ReadsFoldedLinesAndAnyLineEnd) {
    const Metadata metadata =
        Metadata::parse("\xef\xbb\xbfname:demo\r\nVERSION:\r\n 1.0\r\n"
                        "Requires-Dist: numpy\r\n\t>=1.26,\r\n        <3\r\n\r\nName: body",
                        subject);
    EXPECT_EQ(metadata.name.string(), "demo");
    EXPECT_EQ(metadata.version, "1.0");
    EXPECT_THAT(requirements(metadata), testing::ElementsAre("numpy <3, >=1.26"));
}

TEST(Metadata, EndsALineAtALoneCarriageReturnAsPythonDoes) {
    EXPECT_THAT(requirements(Metadata::parse(
                    head + "Summary: x\rRequires-Dist: dep\r\nRequires-Dist: other\n", subject)),
                testing::ElementsAre("dep", "other"));
    EXPECT_THAT(requirements(Metadata::parse(head + "\rRequires-Dist: dep\n", subject)),
                testing::IsEmpty());
}

TEST(Metadata, HasNoBlanksAtTheEndOfAFoldedValue) {
    const Metadata metadata = Metadata::parse("Name: demo\nVersion: 1.0\n \n\n", subject);
    EXPECT_EQ(metadata.version, "1.0");
}

TEST(Metadata, ReadsOldMetadata) {
    const Metadata metadata = Metadata::parse(head + "Description: First line\n"
                                                     "        |Name: in the description\n"
                                                     "        \n"
                                                     "        |last line\n"
                                                     "Requires-Dist: six (>=1.0)\n"
                                                     "Requires-Dist: enum34 (>=1.*)\n"
                                                     "Requires-Python: >=2.7, !=3.0.*\n",
                                              subject);
    EXPECT_EQ(metadata.name.string(), "demo");
    EXPECT_THAT(requirements(metadata), testing::ElementsAre("six >=1.0", "enum34 >=1"));
    EXPECT_EQ(metadata.requires_python, ">=2.7, !=3.0.*");
}

TEST(Metadata, EndsWhereNoHeaderFollows) {
    const Metadata metadata =
        Metadata::parse(head + "Requires-Dist: a\nthis is no header\nRequires-Dist: b\n", subject);
    EXPECT_THAT(requirements(metadata), testing::ElementsAre("a"));
}

TEST(Metadata, TakesTheFirstOfWhatMayStandOnce) {
    const Metadata metadata =
        Metadata::parse(head + "Name: other\nVersion: 2\nRequires-Python: >=3\n"
                               "Requires-Python: >=4\n",
                        subject);
    EXPECT_EQ(metadata.name.string(), "demo");
    EXPECT_EQ(metadata.version, "1.0");
    EXPECT_EQ(metadata.requires_python, ">=3");
}

TEST(Metadata, LeavesOutAnExtraThatCannotBeAskedFor) {
    const Metadata metadata = Metadata::parse(
        head + "Provides-Extra: :python_version<'3'\nProvides-Extra: ok\n", subject);
    ASSERT_EQ(metadata.provides_extra.size(), 1U);
    EXPECT_EQ(metadata.provides_extra[0].string(), "ok");
}

TEST(Metadata, NamesARequirementThatCannotBeRead) {
    EXPECT_EQ(metadata_error(head + "Requires-Dist: good\nRequires-Dist: bad =1.0\n").what,
              "the metadata cannot be used: `bad =1.0` is no requirement: `=1.0` is no version "
              "specifier");
    EXPECT_THAT(metadata_error(head + "Requires-Dist:\n").what,
                testing::HasSubstr("it does not begin with a name"));
}

TEST(Metadata, NeedsANameAndAVersion) {
    EXPECT_EQ(metadata_error("Version: 1.0\n").what,
              "the metadata cannot be used: it has no `Name`");
    EXPECT_EQ(metadata_error("Name: demo\n\nVersion: 1.0\n").what,
              "the metadata cannot be used: it has no `Version`");
    EXPECT_EQ(metadata_error("Name: de mo\nVersion: 1.0\n").what,
              "the metadata cannot be used: its `Name`, `de mo`, is no name");
    EXPECT_EQ(metadata_error("Name: demo\nVersion:  \n").what,
              "the metadata cannot be used: it has no `Version`");
    static_cast<void>(metadata_error(""));
    static_cast<void>(metadata_error(std::string("\x1f\x8b\x08\x00:\n\n", 7)));
}

TEST(Metadata, IsBoundedInItsHeadersOnly) {
    const std::string large(5U << 20U, 'x');
    EXPECT_EQ(Metadata::parse(head + "\n" + large, subject).version, "1.0");
    EXPECT_EQ(metadata_error(head + "Description: " + large + "\n").what,
              "the metadata cannot be used: its headers are larger than 4 MiB");
    std::string many = head;
    for (int i = 0; i < 20000; ++i) {
        many += "Requires-Dist: a\n";
    }
    EXPECT_EQ(Metadata::parse(many, subject).requires_dist.size(), 20000U);
    EXPECT_EQ(metadata_error(many + "Requires-Dist: a\n").what,
              "the metadata cannot be used: it has more than 20,000 requirements");
}

} // namespace
} // namespace envpm::pypi
