#include "fetch/url.h"

namespace envpm::fetch {
namespace {

TEST(Url, HostIsLowerCaseWithPortAndWithoutUser) {
    EXPECT_EQ(host_of("https://Mirror.Example.org/simple/"), "mirror.example.org");
    EXPECT_EQ(host_of("http://user:secret@example.org:8080/x"), "example.org:8080");
    EXPECT_EQ(host_of("http://example.org?x=a@b/c"), "example.org");
    EXPECT_EQ(host_of("file:///srv/x"), "this machine");
}

TEST(Url, OfAFolderTheFolderIsNamed) {
    EXPECT_EQ(place_name("https://Mirror.Example.org/simple/"), "mirror.example.org");
    EXPECT_EQ(place_name("file:///srv/one%20two/simple/alpha/"), "/srv/one two/simple/alpha");
    EXPECT_EQ(place_name("file:///srv/packages/alpha-1.whl"), "/srv/packages");
}

TEST(Url, ShownFormHasNoCredentialAndNoSignature) {
    EXPECT_EQ(shown_url("https://user:secret@example.org/a/b?sig=key#frag"),
              "https://example.org/a/b");
    EXPECT_EQ(shown_url("https://us@er:se@example.org/a"), "https://example.org/a");
    EXPECT_EQ(shown_url("proxy.example.org:3128"), "proxy.example.org:3128");
}

TEST(Url, SchemeIsComparedWithoutCase) {
    EXPECT_TRUE(has_scheme("HTTPS://example.org", "https"));
    EXPECT_FALSE(has_scheme("http://example.org", "https"));
    EXPECT_FALSE(has_scheme("example.org", "http"));
}

TEST(Url, FilePathsAreDecoded) {
    EXPECT_EQ(file_of("file:///srv/a%20b%2Bc.whl"), "/srv/a b+c.whl");
    EXPECT_EQ(file_of("file://localhost/srv/x"), "/srv/x");
    EXPECT_EQ(file_of("file://elsewhere/srv/x"), std::nullopt);
    EXPECT_EQ(file_of("file://relative"), std::nullopt);
    EXPECT_EQ(file_of("file:///bad%2"), std::nullopt);
    EXPECT_EQ(file_of("file:///bad%zz"), std::nullopt);
    EXPECT_EQ(file_of("file:///nul%00"), std::nullopt);
    EXPECT_EQ(file_of("https://example.org/x"), std::nullopt);
}

} // namespace
} // namespace envpm::fetch
