#include "locking/file_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::locking {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

FileRule rule(const std::string& path, const std::string& package) {
    return {*PathPattern::parse(path), package, {"envpm.toml", 1, 1}};
}

LockedPackage wheel(const std::string& name) {
    const PackageName parsed = *PackageName::parse(name);
    return {parsed, "1.0", "pypi", name + ".whl", 1, sha256_of(name), {"default"}, {}, {}, false};
}

LockedPackage conda_package(const std::string& name) {
    LockedPackage package = wheel("x");
    package.name = *PackageName::parse_conda(name);
    package.subdir = "noarch";
    return package;
}

std::vector<std::string> won_by(const LockedPackage& package, const std::vector<FileRule>& rules) {
    std::vector<std::string> out;
    for (const PathPattern& path : won_paths(package, rules)) {
        out.push_back(path.text());
    }
    return out;
}

TEST(FileRules, NameWheelsInAnySpellingAndCondaPackagesInTheirOwn) {
    const std::vector<FileRule> rules = {rule("z", "My_Wheel"), rule("a/**", "my-wheel"),
                                         rule("b", "_openmp_mutex"), rule("c", "_OpenMP_mutex")};
    EXPECT_THAT(won_by(wheel("my-wheel"), rules), ElementsAre("a/**", "z"));
    EXPECT_THAT(won_by(conda_package("_openmp_mutex"), rules), ElementsAre("b"));
    EXPECT_THAT(won_by(conda_package("my_wheel"), rules), IsEmpty());
}

TEST(FileRules, ThatNameWhatIsNotLockedAreNoted) {
    const Lock lock{sha256_of("m"), {}, {wheel("a")}};
    EXPECT_THAT(notes_on_absent_winners({rule("x", "A"), rule("share/*", "b")}, lock),
                ElementsAre("`share/*` under `[files]` names b, which is not locked"));
}

TEST(FileRules, BecomeClaimsOfThePackage) {
    LockedPackage package = wheel("a");
    package.wins = {*PathPattern::parse("share/x")};
    EXPECT_THAT(claims_of({wheel("b"), package}),
                ElementsAre(realize::FileClaim{*PathPattern::parse("share/x"), "a 1.0"}));
}

} // namespace
} // namespace envpm::locking
