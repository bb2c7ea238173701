#include "realize/file_clashes.h"

#include "base/error.h"
#include "realize/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::realize {

namespace {

ErrorText told(const std::vector<FileClash>& clashes) {
    try {
        throw_file_clashes(clashes);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::failed);
        return error.text();
    }
}

TEST(FileClashes, OfOnePathNameThePackages) {
    const ErrorText text = told({{"share/a", "one 1", "two 2", std::nullopt}});
    EXPECT_EQ(text.what, "two packages hold different files of one path");
    EXPECT_EQ(text.subject, "`share/a` of one 1 and of two 2");
    EXPECT_EQ(text.hint,
              "say whose is to stand, under `[files]` of the manifest: \"share/a\" = \"two\"");
}

TEST(FileClashes, ToldToAPackageWithoutSuchAFileNameTheOthers) {
    EXPECT_EQ(told({{"share/a", "one 1", "two 2", "three"}}).hint,
              "`[files]` of the manifest gives it to three, which has no such file: name one or "
              "two");
    EXPECT_THAT(
        told({{"a", "one 1", "two 2", "three"}, {"b", "one 1", "two 2", std::nullopt}}).hint,
        testing::StartsWith("`[files]` of the manifest gives `a` to three"));
}

TEST(FileClashes, OfTwoPackagesAreToldTogether) {
    const ErrorText text = told({{"share/x/a", "one 1", "two 2", std::nullopt},
                                 {"share/x/b/c", "one 1", "two 2", std::nullopt}});
    EXPECT_EQ(text.what, "two packages hold different files of 2 paths");
    EXPECT_EQ(text.subject,
              "`share/x/a` of one 1 and of two 2\n`share/x/b/c` of one 1 and of two 2");
    EXPECT_EQ(text.hint, "say whose are to stand, under `[files]` of the manifest, by paths or "
                         "patterns: \"share/x/**\" = \"two\"");
}

TEST(FileClashes, OfSeveralPairsAreCountedByPairsTheMostFirst) {
    std::vector<FileClash> clashes = {{"a", "one 1", "two 2", std::nullopt},
                                      {"lib/b", "two 2", "three 3", std::nullopt},
                                      {"lib/c", "two 2", "three 3", std::nullopt}};
    EXPECT_EQ(told(clashes).what, "packages hold different files of 3 paths: 2 of two 2 and three "
                                  "3, 1 of one 1 and two 2");
    EXPECT_THAT(told(clashes).hint, testing::EndsWith(": \"a\" = \"two\""));
    for (const char* const other : {"four 4", "five 5", "six 6"}) {
        clashes.push_back({"x", "one 1", other, std::nullopt});
    }
    EXPECT_THAT(told(clashes).what, testing::EndsWith("1 of one 1 and four 4, and 2 more pairs of "
                                                      "packages"));
}

TEST(FileClashes, WithoutAFolderInCommonNameTheFirstPath) {
    EXPECT_THAT(told({{"lib/a", "one 1", "two 2", std::nullopt},
                      {"library", "one 1", "two 2", std::nullopt}})
                    .hint,
                testing::EndsWith(": \"lib/a\" = \"two\""));
}

TEST(FileClashes, OfAllPathsComeOfOneComposition) {
    const auto text = [](const std::string& path, const std::string& owner) {
        return LayoutEntry{RelativePath::parse(path), GeneratedFile{owner}, false, owner};
    };
    try {
        compose({{{text("x/1", "a 1"), text("x/2", "a 1")}},
                 {{text("x/2", "b 1"), text("x/1", "b 1"), text("y", "b 1")}}},
                {});
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.text().subject, "`x/1` of a 1 and of b 1\n`x/2` of a 1 and of b 1");
    }
}

} // namespace

} // namespace envpm::realize
