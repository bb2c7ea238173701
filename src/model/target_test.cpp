#include "model/target.h"

#include "model/python.h"

namespace envpm {

namespace {

TEST(Platform, TextAndValueConvertBothWays) {
    for (const Platform platform : {Platform::linux_64, Platform::linux_aarch64}) {
        EXPECT_EQ(parse_platform(to_text(platform)), platform);
    }
    EXPECT_EQ(machine_of(Platform::linux_64), "x86_64");
    EXPECT_EQ(machine_of(Platform::linux_aarch64), "aarch64");
    EXPECT_EQ(parse_platform("linux-32"), std::nullopt);
    EXPECT_EQ(parse_platform(""), std::nullopt);
}

TEST(GlibcVersion, ReadsTwoNumbersAndNothingElse) {
    EXPECT_EQ(GlibcVersion::parse("2.28"), (GlibcVersion{2, 28}));
    EXPECT_EQ(GlibcVersion::parse("10.0"), (GlibcVersion{10, 0}));
    for (const std::string& text : std::vector<std::string>{
             "", "2", "2.", ".28", "2.28.1", "2.28 ", " 2.28", "2,28", "a.b", "-2.28", "2.-0",
             "2.-1", "+2.1", "0.1", "2.99999999999999999999", "99999999999999999999.1", "2.28a"}) {
        EXPECT_EQ(GlibcVersion::parse(text), std::nullopt) << text;
    }
}

TEST(GlibcVersion, OrdersByNumberAndNotByText) {
    EXPECT_LT((GlibcVersion{2, 9}), (GlibcVersion{2, 28}));
    EXPECT_LT((GlibcVersion{2, 40}), (GlibcVersion{3, 0}));
    EXPECT_EQ((GlibcVersion{2, 5}).text(), "2.5");
}

TEST(PythonAbi, NamesItsLibraryFolder) {
    EXPECT_EQ(PythonAbi{}.library_folder(), "python3.11");
    const PythonAbi free_threaded{"cpython", 3, 13, "cp313t"};
    EXPECT_EQ(free_threaded.feature_version(), "3.13");
    EXPECT_EQ(free_threaded.library_folder(), "python3.13t");
}

} // namespace

} // namespace envpm
