#include "pypi/index_page.h"

#include "base/error.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pypi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string page_url = "https://index.example.org/simple/demo-pkg/";
const std::string digest(64, 'a');
const std::string other_digest(64, 'b');

ProjectPage parse(const std::string& bytes, const std::string& type = "",
                  const std::string& url = page_url) {
    return parse_page(bytes, type, url, *PackageName::parse("demo-pkg"));
}

std::string json_page(const std::string& files) {
    return R"({"meta":{"api-version":"1.1"},"name":"demo-pkg","files":[)" + files + "]}";
}

/// One wheel's JSON with further members.
std::string json_wheel(const std::string& members) {
    return R"({"filename":"demo_pkg-1.0-py3-none-any.whl","url":"https://cdn.example.org/w.whl")" +
           members + "}";
}

WheelFile only_wheel(const std::string& bytes) {
    const ProjectPage page = parse(bytes);
    EXPECT_EQ(page.wheels.size(), 1U) << bytes;
    return page.wheels.at(0);
}

std::string complaint(const std::string& bytes, const std::string& type = "") {
    try {
        parse(bytes, type, "https://user:secret@index.example.org/simple/demo-pkg/");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::network);
        EXPECT_EQ(error.text().subject, page_url);
        return error.text().what;
    }
    return {};
}

TEST(IndexPage, ReadsEveryFieldOfTheJsonForm) {
    const WheelFile wheel = only_wheel(json_page(
        R"({"filename":"demo_pkg-1.0-py3-none-any.whl","url":"https://cdn.example.org/a/w.whl#x",)"
        R"("hashes":{"md5":"0","sha256":")" +
        digest + R"("},"requires-python":">=3.8","size":123,)" +
        R"("upload-time":"2024-01-02T03:04:05.678Z","yanked":"broken",)" +
        R"("core-metadata":{"sha256":")" + other_digest + R"("},"unknown":[{"a":1}]})"));
    EXPECT_EQ(wheel.file_name, "demo_pkg-1.0-py3-none-any.whl");
    EXPECT_EQ(wheel.wheel.version.text(), "1.0");
    EXPECT_EQ(wheel.url, "https://cdn.example.org/a/w.whl");
    EXPECT_EQ(wheel.sha256, Sha256::parse(digest));
    EXPECT_EQ(wheel.size_bytes, 123U);
    EXPECT_EQ(wheel.requires_python, ">=3.8");
    EXPECT_EQ(wheel.upload_time, "2024-01-02T03:04:05.678Z");
    EXPECT_TRUE(wheel.is_yanked);
    EXPECT_TRUE(wheel.has_metadata_file);
    EXPECT_EQ(wheel.metadata_sha256, Sha256::parse(other_digest));
}

TEST(IndexPage, ReadsYankedAndMetadataInAllTheirSpellings) {
    struct Case {
        std::string members;
        bool is_yanked = false;
        bool has_metadata_file = false;
        bool has_digest = false;
    };

    const std::string hashes = R"({"sha256":")" + digest + "\"}";
    const std::vector<Case> cases = {
        {"", false, false, false},
        {R"(,"yanked":false)", false, false, false},
        {R"(,"yanked":true)", true, false, false},
        {R"(,"yanked":"")", false, false, false},
        {R"(,"yanked":"why")", true, false, false},
        {R"(,"yanked":null)", false, false, false},
        {R"(,"core-metadata":true)", false, true, false},
        {R"(,"core-metadata":false)", false, false, false},
        {R"(,"core-metadata":false,"dist-info-metadata":false)", false, false, false},
        {",\"dist-info-metadata\":" + hashes, false, true, true},
        {",\"core-metadata\":" + hashes + ",\"dist-info-metadata\":" + hashes, false, true, true},
        {R"(,"core-metadata":{})", false, true, false},
        {R"(,"core-metadata":{"sha256":"bad"})", false, false, false},
    };
    for (const Case& c : cases) {
        const WheelFile wheel = only_wheel(json_page(json_wheel(c.members)));
        EXPECT_EQ(wheel.is_yanked, c.is_yanked) << c.members;
        EXPECT_EQ(wheel.has_metadata_file, c.has_metadata_file) << c.members;
        EXPECT_EQ(wheel.metadata_sha256.has_value(), c.has_digest) << c.members;
    }
}

TEST(IndexPage, TakesNullsAndAbsentFieldsForUnknown) {
    const WheelFile wheel = only_wheel(json_page(
        json_wheel(R"(,"size":null,"requires-python":null,"upload-time":null,"hashes":{})")));
    EXPECT_EQ(wheel.sha256, std::nullopt);
    EXPECT_EQ(wheel.size_bytes, std::nullopt);
    EXPECT_EQ(wheel.requires_python, "");
    EXPECT_EQ(wheel.upload_time, std::nullopt);
}

TEST(IndexPage, ReadsDigestsInEitherCaseAndTrimsUrls) {
    const std::string upper(64, 'A');
    const WheelFile json =
        only_wheel(json_page(json_wheel(R"(,"hashes":{"sha256":")" + upper + "\"}")));
    EXPECT_EQ(json.sha256, Sha256::parse(digest));
    const std::string name = "demo_pkg-1.0-py3-none-any.whl";
    const WheelFile html =
        only_wheel("<a href=\" ../" + name + "#sha256=" + upper + " \">" + name + "</a>");
    EXPECT_EQ(html.sha256, Sha256::parse(digest));
    EXPECT_EQ(html.url, "https://index.example.org/simple/" + name);
}

TEST(IndexPage, TellsWhichEntriesItCannotRead) {
    const ProjectPage page = parse(json_page(json_wheel(R"(,"size":"12")") + "," +
                                             json_wheel(R"(,"hashes":{"sha256":"12"})") + "," +
                                             R"({"filename":"demo_pkg-3.0-py3-none-any.whl"},)" +
                                             R"({"filename":"other-3.0-py3-none-any.whl"})"));
    EXPECT_THAT(page.wheels, IsEmpty());
    EXPECT_THAT(page.unreadable,
                ElementsAre("demo_pkg-1.0-py3-none-any.whl: its size, or another field, cannot be "
                            "read",
                            "demo_pkg-1.0-py3-none-any.whl: its sha256 is none",
                            "demo_pkg-3.0-py3-none-any.whl: it has no URL"));
}

TEST(IndexPage, LeavesOutWhatCannotBeReadAndKeepsTheRest) {
    const std::string good = json_wheel("");
    for (const std::string& bad : {
             json_wheel(R"(,"hashes":{"sha256":"XYZ"})"),
             json_wheel(R"(,"hashes":"none")"),
             json_wheel(R"(,"size":"big")"),
             json_wheel(R"(,"size":-1)"),
             json_wheel(R"(,"size":0)"),
             json_wheel(R"(,"size":4611686018427387904)"),
             json_wheel(R"(,"requires-python":7)"),
             std::string(R"({"filename":"demo_pkg-1.0-py3-none-any.whl"})"),
             std::string(R"({"filename":"demo_pkg-1.0-py3-none-any.whl","url":"file:///etc/x"})"),
             std::string(R"({"filename":"demo_pkg-1.0-py3-none-any.whl","url":"http://e.org/x"})"),
             std::string(R"({"filename":"other-1.0-py3-none-any.whl","url":"https://e.org/x"})"),
             std::string(R"({"filename":"demo_pkg-1.0-py3-none-a/b.whl","url":"https://e.org/x"})"),
             std::string(R"({"filename":"demo_pkg-1.0.egg","url":"https://e.org/x"})"),
             std::string(R"({"filename":17,"url":"https://e.org/x"})"),
             std::string("\"text\""),
             std::string("null"),
         }) {
        EXPECT_EQ(parse(json_page(bad + "," + good)).wheels.size(), 1U) << bad;
        EXPECT_EQ(parse(json_page(good + "," + bad)).wheels.size(), 1U) << bad;
    }
}

TEST(IndexPage, ListsTheVersionsOfSdistsOnceAndSorted) {
    std::string files;
    for (const char* name :
         {"demo-pkg-1.10.tar.gz", "demo_pkg-1.9.zip", "Demo.Pkg-1.9.tar.gz", "demo-pkg-1.0rc1.tgz",
          "demo-pkg-nightly.tar.gz", "other-1.0.tar.gz", "demo-pkg-2.0.exe"}) {
        files += std::string(files.empty() ? "" : ",") + R"({"filename":")" + name +
                 R"(","url":"https://files.example.org/)" + name + "\"}";
    }
    EXPECT_THAT(parse(json_page(files)).sdist_versions, ElementsAre("1.0rc1", "1.9", "1.10"));
    EXPECT_THAT(parse("<a href=demo-pkg-3.0.tar.gz>x</a>").sdist_versions, ElementsAre("3.0"));
    EXPECT_THAT(
        parse("<a href=demo-pkg-3.0.tar.gz>x</a><a href=demo_pkg-3.0-py3-none-any.whl>x</a>")
            .sdist_versions,
        IsEmpty());
}

TEST(IndexPage, ReadsTheHtmlForm) {
    const ProjectPage page = parse(
        "<!DOCTYPE html>\n<html><head><title>Links</title></head><body>\n"
        "<!-- <a href=\"demo_pkg-9.0-py3-none-any.whl\">commented out</a> -->\n"
        "<script>document.write('<a href=\"demo_pkg-8.0-py3-none-any.whl\">')</script>\n"
        "<A data-requires-python=\"&gt;=3.8, &#33;=3.9.*\" HREF='../../f/"
        "demo_pkg-1.0+cu1-py3-none-any.whl?a=1&amp;b=2#sha256=" +
            digest + "' data-yanked=\"\" data-dist-info-metadata=\"sha256=" + other_digest +
            "\">x</A><br/>\n"
            "<a href=/f/demo_pkg-2.0%2Bcu1-py3-none-any.whl data-core-metadata=true>y</a>\n"
            "<a href=\"https://other.example.org/demo_pkg-3.0-py3-none-any.whl#md5=0\">z</a>\n"
            "<a>no link</a><a href=\"../\">up</a></body></html>",
        "text/plain");
    ASSERT_EQ(page.wheels.size(), 3U);
    EXPECT_EQ(page.wheels[0].url,
              "https://index.example.org/f/demo_pkg-1.0+cu1-py3-none-any.whl?a=1&b=2");
    EXPECT_EQ(page.wheels[0].file_name, "demo_pkg-1.0+cu1-py3-none-any.whl");
    EXPECT_EQ(page.wheels[0].sha256, Sha256::parse(digest));
    EXPECT_EQ(page.wheels[0].requires_python, ">=3.8, !=3.9.*");
    EXPECT_TRUE(page.wheels[0].is_yanked);
    EXPECT_EQ(page.wheels[0].metadata_sha256, Sha256::parse(other_digest));
    EXPECT_EQ(page.wheels[1].file_name, "demo_pkg-2.0+cu1-py3-none-any.whl");
    EXPECT_EQ(page.wheels[1].url,
              "https://index.example.org/f/demo_pkg-2.0%2Bcu1-py3-none-any.whl");
    EXPECT_TRUE(page.wheels[1].has_metadata_file);
    EXPECT_FALSE(page.wheels[1].is_yanked);
    EXPECT_EQ(page.wheels[2].sha256, std::nullopt);
    EXPECT_FALSE(page.wheels[2].has_metadata_file);
}

TEST(IndexPage, ResolvesLinksAgainstTheBaseOfThePage) {
    const ProjectPage page = parse("<base href=\"https://cdn.example.org/w/\">"
                                   "<a href=\"demo_pkg-1.0-py3-none-any.whl\">x</a>");
    EXPECT_EQ(page.wheels.at(0).url, "https://cdn.example.org/w/demo_pkg-1.0-py3-none-any.whl");
}

TEST(IndexPage, JudgesTheFormByTheBytes) {
    EXPECT_EQ(parse(" \n" + json_page(json_wheel("")), "text/html").wheels.size(), 1U);
    EXPECT_EQ(parse("\xef\xbb\xbf<a href=demo_pkg-1.0-py3-none-any.whl>x</a>",
                    "application/vnd.pypi.simple.v1+json")
                  .wheels.size(),
              1U);
}

TEST(IndexPage, ReadsJsonHoweverItsTextsAreWritten) {
    const std::string odd =
        R"( { "files" : [ { "u\u0072l" : "https:\/\/e.org\/w.whl" , "yanked" : "a \"b\"" ,)"
        R"( "filen\u0061me" : "demo_pkg-1.0-py3-none-\u0061ny.whl" , "a\"b" : "c\\" ,)"
        R"( "requires-python" : "\u003e=3.8" , "unknown" : [ { } , "]" ] } ] } )";
    for (const std::size_t room : {0U, 1000U}) { // without and with memory behind its end
        std::string bytes = odd;
        bytes.shrink_to_fit();
        bytes.reserve(bytes.size() + room);
        const WheelFile wheel = only_wheel(bytes);
        EXPECT_EQ(wheel.file_name, "demo_pkg-1.0-py3-none-any.whl");
        EXPECT_EQ(wheel.url, "https://e.org/w.whl");
        EXPECT_EQ(wheel.requires_python, ">=3.8");
        EXPECT_TRUE(wheel.is_yanked);
    }
}

TEST(IndexPage, OfAProjectWithoutFilesIsAPage) {
    EXPECT_THAT(parse(json_page("")).wheels, IsEmpty());
    EXPECT_THAT(parse("<html><title>Links for demo-pkg</title></html>").wheels, IsEmpty());
    EXPECT_THAT(parse("<meta name=\"pypi:repository-version\" content=\"1.0\">").wheels, IsEmpty());
}

TEST(IndexPage, SaysWhatCameInstead) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"<html><form action='/login'><a href='/help'>help</a></form></html>", "no page of a Py"},
        {"", "the page is empty"},
        {"Service unavailable", "neither JSON nor HTML"},
        {"{\"message\":\"not found\"}", "no page of a Python index"},
        {"{\"files\":17}", "no page of a Python index"},
        {R"({"meta":{"api-version":"2.0"},"files":[]})", "version `2.0`"},
        {"<a href=\"demo_pkg-1.0-py3-none-any.whl", "cut short"},
        {"<a href=demo_pkg-1.0-py3-none-any.whl>x</a><!-- ", "cut short"},
    };
    for (const auto& [bytes, expected] : cases) {
        EXPECT_THAT(complaint(bytes), HasSubstr(expected)) << bytes;
    }
}

TEST(IndexPage, DamagedValuesSpoilTheirWheelOrThePage) {
    for (const char* key : {"size", "requires-python", "upload-time", "yanked", "core-metadata",
                            "dist-info-metadata", "hashes", "filename", "url"}) {
        for (const char* value :
             {"null6", "nul", "truex", "1x", "-", "\"", "[", "{\"sha256\":nul}"}) {
            const std::string member = fmt::format(R"(,"{}":{})", key, value);
            complaint(json_page(json_wheel(member))); // nothing but an Error comes of it
        }
    }
    for (const char* key : {"size", "requires-python", "upload-time"}) {
        const std::string member = fmt::format(R"(,"{}":null6)", key);
        EXPECT_TRUE(parse(json_page(json_wheel(member))).wheels.empty()) << key;
    }
}

TEST(IndexPage, CutShortAnywhereIsNeverTakenForAWholeJsonPage) {
    const std::string whole = json_page(json_wheel(R"(,"size":1)") + "," + json_wheel(""));
    ASSERT_EQ(parse(whole).wheels.size(), 2U);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_NE(complaint(whole.substr(0, size)), "") << whole.substr(0, size);
    }
}

TEST(IndexPage, CutShortBeforeItsEndIsNeverTakenForAWholeHtmlPage) {
    const std::string end = "</body>";
    const std::string whole =
        "<!DOCTYPE html><html><body>\n<a href=demo_pkg-1.0-py3-none-any.whl>x</a>"
        "\n<a href=demo_pkg-2.0-py3-none-any.whl>y</a>\n" +
        end + "</html>\n";
    ASSERT_EQ(parse(whole).wheels.size(), 2U);
    for (std::size_t size = 0; size < whole.find(end) + end.size(); ++size) {
        EXPECT_NE(complaint(whole.substr(0, size)), "") << whole.substr(0, size);
    }
}

TEST(IndexPage, WheelsForOtherSystemsCanBeLeftOut) {
    std::string links;
    std::string files;
    for (const char* rest :
         {"1.0-cp311-cp311-win_amd64", "1.0-cp311-cp311-macosx_11_0_arm64", "2.0-py3-none-any",
          "2.0-cp311-cp311-win_arm64", "2.0-cp311-cp311-musllinux_1_1_x86_64",
          "2.0-cp311-cp311-manylinux_2_17_i686.manylinux_2_17_x86_64",
          "2.0-cp311-cp311-Manylinux2014_AARCH64", "2.0-cp311-cp311-linux_s390x",
          "3.0-cp311-cp311-linux_x86_64"}) {
        const std::string name = "demo_pkg-" + std::string(rest) + ".whl";
        links += "<a href=" + name + ">x</a>";
        files += (files.empty() ? "" : ",") +
                 fmt::format(R"({{"filename":"{}","hashes":{{}},"url":"{}"}})", name, name);
    }
    for (const std::string& bytes : {links, json_page(files)}) {
        const ProjectPage page = parse_page(bytes, "", "https://example.org/simple/demo-pkg/",
                                            *PackageName::parse("demo-pkg"), Wheels::native);
        std::vector<std::string> kept;
        for (const WheelFile& wheel : page.wheels) {
            kept.push_back(wheel.file_name.substr(9, wheel.file_name.size() - 13));
        }
        EXPECT_THAT(kept, ElementsAre("2.0-py3-none-any",
                                      "2.0-cp311-cp311-manylinux_2_17_i686.manylinux_2_17_x86_64",
                                      "2.0-cp311-cp311-Manylinux2014_AARCH64",
                                      "3.0-cp311-cp311-linux_x86_64", "1.0-cp311-cp311-win_amd64"));
    }
}

} // namespace
} // namespace envpm::pypi
