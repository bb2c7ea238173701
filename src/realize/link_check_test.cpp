#include "realize/link_check.h"

#include "base/error.h"
#include "realize/environment_files.h"

#include <gtest/gtest.h>

namespace envpm::realize {

namespace {

LayoutEntry link(const std::string& path, const std::string& target) {
    return {RelativePath::parse(path), SymbolicLink{target}, false, "a 1"};
}

bool is_refused(const std::vector<LayoutEntry>& entries, const std::string& allowed = "none") {
    try {
        check_links(entries, {*PathPattern::parse(allowed)});
        return false;
    } catch (const Error& failure) {
        EXPECT_EQ(failure.code(), ExitCode::integrity);
        return true;
    }
}

TEST(LinkCheck, AllowsWhatStaysWithin) {
    EXPECT_FALSE(is_refused({link("lib/libz.so", "libz.so.1")}));
    EXPECT_FALSE(is_refused({link("a/b/c", "../../x//./y/")}));
    EXPECT_FALSE(is_refused({link("a/b", "..")}));
    EXPECT_FALSE(is_refused({link("lib/gone", "nothing/there")}));
}

TEST(LinkCheck, RefusesWhatLeavesThePrefix) {
    EXPECT_TRUE(is_refused({link("x", "..")}));
    EXPECT_TRUE(is_refused({link("lib/x", "../../etc/passwd")}));
    EXPECT_TRUE(is_refused({link("x", "/etc/passwd")}));
    EXPECT_TRUE(is_refused({link("x", "a/../../b")}));
}

TEST(LinkCheck, RefusesTokensOfPackages) {
    EXPECT_TRUE(is_refused({link("x", "/@ENVPM_PREFIX@/../../etc")}));
    LayoutEntry own = link("bin/python", "/@ENVPM_PYTHON_HOME@/python3.11");
    own.owner = std::string(environment_owner);
    EXPECT_FALSE(is_refused({own}));
    EXPECT_FALSE(is_refused({own, link("bin/python2", "python")}));
}

TEST(LinkCheck, AllowsWhatTheUserAllowsButNoTokens) {
    EXPECT_FALSE(is_refused({link("share/zoneinfo", "/usr/share/zoneinfo")}, "share/zoneinfo"));
    EXPECT_FALSE(is_refused({link("lib/x", "../../etc/passwd")}, "lib/*"));
    EXPECT_TRUE(is_refused({link("share/other", "/usr")}, "share/zoneinfo"));
    EXPECT_TRUE(is_refused({link("x", "/@ENVPM_PREFIX@/../../etc")}, "**"));
    EXPECT_TRUE(is_refused({link("x", "/@ENVPM_PYTHON_HOME@/python3")}, "**"));
    // What leads to an allowed one is judged by itself, as it always was.
    EXPECT_FALSE(is_refused({link("a", "/usr"), link("b", "a/bin")}, "a"));
}

TEST(LinkCheck, FollowsOtherLinksAsTheKernelDoes) {
    // By its letters `m` stays within `d`; in truth it leaves by way of `l`.
    EXPECT_TRUE(is_refused({link("d/e/f/l", "../.."), link("m", "d/e/f/l/../..")}));
    EXPECT_FALSE(is_refused({link("d/e/f/l", "../.."), link("m", "d/e/f/l/..")}));
    EXPECT_TRUE(is_refused({link("top", "."), link("z", "top/top/..")}));
}

TEST(LinkCheck, LetsCirclesBe) {
    EXPECT_FALSE(is_refused({link("a", "b"), link("b", "a")}));
    EXPECT_FALSE(is_refused({link("a", "a/x")}));
}

TEST(LinkCheck, DoesNotFollowForEver) {
    std::string around;
    for (int i = 0; i < 400; ++i) {
        around += "x/../";
    }
    std::vector<LayoutEntry> links;
    for (int i = 0; i < 39; ++i) {
        links.push_back(link("l" + std::to_string(i), around + "l" + std::to_string(i + 1)));
    }
    links.push_back(link("l39", "."));
    EXPECT_TRUE(is_refused(links));
    EXPECT_FALSE(is_refused({link("l", around)})); // as long as one may be by itself
}

} // namespace

} // namespace envpm::realize
