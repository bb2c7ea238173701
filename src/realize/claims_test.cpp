#include "base/error.h"
#include "realize/compose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::realize {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

LayoutEntry claimed_text(const std::string& path, const std::string& content,
                         const std::string& owner) {
    return {RelativePath::parse(path), GeneratedFile{content}, false, owner};
}

FileClaim claim(const std::string& path, const std::string& owner) {
    return {*PathPattern::parse(path), owner};
}

/// Three packages with a file of their own each at `share/x`.
std::vector<Layout> rivals() {
    return {{{claimed_text("share/x", "1", "a 1"), claimed_text("share/own", "1", "a 1")}},
            {{claimed_text("share/x", "2", "b 2")}},
            {{claimed_text("share/x", "3", "c 3")}}};
}

Composition composed(const std::vector<FileClaim>& claims) {
    return compose(rivals(), std::monostate(), {claims, {}});
}

std::string owner_of(const Composition& composition, const std::string& path) {
    for (const LayoutEntry& entry : composition.layout.entries) {
        if (entry.path.string() == path) {
            return entry.owner.string() + ": " + std::get<GeneratedFile>(entry.content).content;
        }
    }
    return "nothing";
}

TEST(Claims, AClaimOfAPackageWithoutTheFileIsNamed) {
    try {
        composed({claim("share/own", "b 2"), claim("share/*", "d 4")});
        FAIL() << "nothing was refused";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(),
                    HasSubstr("gives it to d 4, which has no such file: name a or b"));
    }
}

TEST(Claims, TheFileOfThePackageThatClaimsAPathStands) {
    EXPECT_EQ(owner_of(composed({claim("share/x", "a 1")}), "share/x"), "a 1: 1");
    EXPECT_EQ(owner_of(composed({claim("share/x", "b 2")}), "share/x"), "b 2: 2");
    const Composition last = composed({claim("share/*", "c 3")});
    EXPECT_EQ(owner_of(last, "share/x"), "c 3: 3");
    EXPECT_EQ(owner_of(last, "share/own"), "a 1: 1");
    EXPECT_EQ(last.layout.entries.size(), 2U);
    EXPECT_THAT(last.idle_claims, IsEmpty());
}

TEST(Claims, OneThatHasTheFileOfTheFirstWinsAllTheSame) {
    std::vector<Layout> packages = rivals();
    packages[2].entries = {claimed_text("share/x", "1", "c 3")};
    const Composition settled = compose(packages, std::monostate(), {{claim("**", "c 3")}, {}});
    EXPECT_EQ(owner_of(settled, "share/x"), "c 3: 1");
}

TEST(Claims, APathWrittenOutCountsMoreThanAPattern) {
    for (const auto& claims : {std::vector{claim("share/**", "a 1"), claim("share/x", "b 2")},
                               std::vector{claim("share/x", "b 2"), claim("share/**", "a 1")}}) {
        const Composition settled = composed(claims);
        EXPECT_EQ(owner_of(settled, "share/x"), "b 2: 2");
        EXPECT_THAT(settled.idle_claims, ElementsAre(claim("share/**", "a 1")));
    }
}

TEST(Claims, ThatNothingDiffersForAreTold) {
    const FileClaim old = claim("share/gone", "a 1");
    const FileClaim alone = claim("share/own", "a 1");
    EXPECT_THAT(composed({old, claim("share/x", "a 1"), alone}).idle_claims,
                ElementsAre(old, alone));
}

TEST(Claims, OfTwoPackagesAlikeAreRefused) {
    try {
        composed({claim("share/*", "a 1"), claim("**", "b 2")});
        ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.text().what, "two packages are to win `share/x`");
        EXPECT_EQ(error.text().subject, "`share/*` of a 1 and `**` of b 2");
    }
}

TEST(Claims, AreWhatTheMessageOfAClashAsksFor) {
    try {
        composed({claim("share/y", "a 1")});
        ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.text().subject, "`share/x` of a 1 and of b 2");
        EXPECT_THAT(error.text().hint, HasSubstr("under `[files]`"));
        EXPECT_THAT(error.text().hint, HasSubstr("\"share/x\" = \"b\""));
    }
}

TEST(Claims, GiveNobodyTheEnvironmentsOwnFiles) {
    const std::vector<Layout> packages = {{{claimed_text("pyvenv.cfg", "evil", "a 1")}}};
    EXPECT_THROW(compose(packages, PythonAbi{"cpython", 3, 11, "cp311"},
                         {{claim("pyvenv.cfg", "a 1"), claim("**", "envpm")}, {}}),
                 Error);
}

} // namespace

} // namespace envpm::realize
