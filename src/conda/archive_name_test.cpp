#include "conda/archive_name.h"

namespace envpm::conda {
namespace {

using Container = ArchiveName::Container;

TEST(ArchiveName, IsCutAtItsLastDashes) {
    const auto name = ArchiveName::parse("scikit-learn-1.5.2-py312h7a48858_1.conda");
    ASSERT_TRUE(name);
    EXPECT_EQ(name->name, "scikit-learn");
    EXPECT_EQ(name->version, "1.5.2");
    EXPECT_EQ(name->build, "py312h7a48858_1");
    EXPECT_EQ(name->container, Container::conda);
    EXPECT_EQ(ArchiveName::parse("a-1!2.0+cu-0.tar.bz2")->version, "1!2.0+cu");
    EXPECT_EQ(ArchiveName::parse("_libgcc_mutex-0.1-main.tar.bz2")->container, Container::tar_bz2);
}

TEST(ArchiveName, RefusesWhatIsNoneOrNotHarmless) {
    const std::string long_name = std::string(250, 'a') + "-1-0.conda";
    for (const std::string text : {"",
                                   "a",
                                   "a-1",
                                   "a-1.conda",
                                   "-1-0.conda",
                                   "a--0.conda",
                                   "a-1-.conda",
                                   "--.conda",
                                   "-.conda",
                                   ".conda",
                                   "a-1-0.zip",
                                   "a-1-0.conda.part",
                                   "../a-1-0.conda",
                                   ".a-1-0.conda",
                                   "a/b-1-0.conda",
                                   "a b-1-0.conda",
                                   "a-1-0%2f.conda",
                                   "a?b-1-0.conda",
                                   "\xc3\xa4-1-0.conda",
                                   "a\n-1-0.conda",
                                   long_name.c_str()}) {
        EXPECT_FALSE(ArchiveName::parse(text)) << text;
    }
    EXPECT_FALSE(ArchiveName::parse(std::string_view("a\0-1-0.conda", 12)));
}

} // namespace
} // namespace envpm::conda
