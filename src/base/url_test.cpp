#include "base/url.h"

#include <gtest/gtest.h>

namespace envpm {
namespace {

TEST(Url, AResolverGivesForEachReferenceWhatItMeansAlone) {
    const std::vector<std::string> folders = {
        "",    "../",  "../../f/", "/",  "//h/",     "https://h/", "https://h/a/../b/", "http://h/",
        "x:/", "?a=/", "x?a=/../", " /", "https://", "//",         "https://u:p@h/",    "./",
        "%2e/"};
    const std::vector<std::string> parts = {"",    "x.whl", ".",   "..",  "x?y",   "?",
                                            "a b", "\\",    "x:y", "...", "x%20y", "x#f/g"};
    for (const std::string page : {"https://example.org/a/b/c", "file:///s/demo/", "nonsense"}) {
        UrlResolver resolver(page);
        for (const std::string& folder : folders) {
            for (const std::string& part : parts) {
                EXPECT_EQ(resolver.resolve(folder + part), resolve_url(page, folder + part))
                    << page << " " << folder << part;
            }
        }
    }
}

TEST(Url, ResolvesReferencesAsBrowsersDo) {
    const std::string page = "https://example.org:8443/a/b/c?query#fragment";
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"x", "https://example.org:8443/a/b/x"},
        {"./x#sha256=1", "https://example.org:8443/a/b/x"},
        {"../x/", "https://example.org:8443/a/x/"},
        {"../../../../x", "https://example.org:8443/x"},
        {"..", "https://example.org:8443/a/"},
        {"/x?y=/../z", "https://example.org:8443/x?y=/../z"},
        {"?y", "https://example.org:8443/a/b/c?y"},
        {"//other.example.org/x", "https://other.example.org/x"},
        {"https://other.example.org/x", "https://other.example.org/x"},
        {"x:y", ""},
        {"http://example.org/x", ""},
        {"file:///etc/passwd", ""},
        {"javascript:x", ""},
        {"x y", ""},
        {"x\ny", ""},
        {"", ""},
        {"#only", ""},
    };
    UrlResolver resolver(page);
    for (const auto& [reference, expected] : cases) {
        EXPECT_EQ(resolve_url(page, reference).value_or(""), expected) << reference;
        EXPECT_EQ(resolver.resolve(reference).value_or(""), expected) << reference;
    }
    EXPECT_EQ(resolve_url("https://example.org", "x"), "https://example.org/x");
    EXPECT_EQ(resolve_url("http://example.org/", "http://e.org/x"), "http://e.org/x");
    EXPECT_EQ(resolve_url("file:///a/b", "c"), "file:///a/c");
    EXPECT_EQ(resolve_url("file:///s/simple/demo/", "../../f/x%201.whl#sha256=1"),
              "file:///s/f/x%201.whl");
    EXPECT_EQ(resolve_url("file:///s/simple/demo/", "/f/x.whl"), "file:///f/x.whl");
    EXPECT_EQ(resolve_url("file:///s/demo/", "../../../x"), "file:///x");
    EXPECT_EQ(resolve_url("file:///s/demo/", "file:///f/x"), "file:///f/x");
    EXPECT_EQ(resolve_url("file:///s/demo/", "https://e.org/x"), "https://e.org/x");
    EXPECT_EQ(resolve_url("no address", "x"), std::nullopt);
}

TEST(Url, KeepsCredentialsToTheirOwnHost) {
    const std::string page = "https://user:pass@example.org/a/";
    EXPECT_EQ(resolve_url(page, "x"), "https://example.org/a/x");
    EXPECT_EQ(without_credentials(page), "https://example.org/a/");
    EXPECT_EQ(without_credentials("https://example.org/@x"), "https://example.org/@x");
    EXPECT_EQ(with_credentials_of("https://example.org/a/x", page),
              "https://user:pass@example.org/a/x");
    for (const char* url : {"https://other.example.org/x", "http://example.org/x",
                            "https://example.org:444/x", "https://me@example.org/x", "relative"}) {
        EXPECT_EQ(with_credentials_of(url, page), url);
    }
}

TEST(Url, FileNameIsTheLastComponentDecoded) {
    EXPECT_EQ(file_name_of_url("https://e.org/a/b%2Bc.whl?x=/y#z"), "b+c.whl");
    EXPECT_EQ(file_name_of_url("b%zz%4"), "b%zz%4");
    EXPECT_EQ(file_name_of_url("https://e.org/a/"), "");
}

TEST(Url, OfAFileHasOnlyWhatAUrlMayHave) {
    EXPECT_EQ(file_url("/a-b/_c.~/D9"), "file:///a-b/_c.~/D9");
    EXPECT_EQ(file_url("/a b/%41\"\\\xc3\xa4"), "file:///a%20b/%2541%22%5C%C3%A4");
}

} // namespace
} // namespace envpm
