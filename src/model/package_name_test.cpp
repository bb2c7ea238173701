#include "model/package_name.h"

namespace envpm {

namespace {

TEST(PackageName, SpellingsOfOneNameCompareEqual) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"numpy", "numpy"},
        {"NumPy", "numpy"},
        {"ruamel.yaml", "ruamel-yaml"},
        {"Foo_-.Bar", "foo-bar"},
        {"a", "a"},
        {"0", "0"},
        {"nvidia-cudnn-cu12", "nvidia-cudnn-cu12"},
        {"typing_extensions", "typing-extensions"},
    };
    for (const auto& [text, normal] : cases) {
        const std::optional<PackageName> name = PackageName::parse(text);
        ASSERT_TRUE(name) << text;
        EXPECT_EQ(name->string(), normal);
        EXPECT_EQ(*name, PackageName::parse(normal));
    }
}

TEST(PackageName, RefusesWhatIsNoName) {
    for (const std::string& text : std::vector<std::string>{
             "", "-a", "a-", ".a", "a_", "a b", "a/b", "../a", "é", "a\xc3\xa9z",
             std::string("a\0b", 3), "a\n", "numpy[x]", "a>=1"}) {
        EXPECT_FALSE(PackageName::parse(text)) << text;
    }
}

TEST(PackageName, OrdersByTheNormalSpelling) {
    EXPECT_LT(*PackageName::parse("Alpha"), *PackageName::parse("beta"));
}

} // namespace

} // namespace envpm
