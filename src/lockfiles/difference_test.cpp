#include "lockfiles/difference.h"

#include "lockfiles/lock_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::lockfiles {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Targets = std::vector<std::string>;

LockedPackage package_for(const std::string& name, const std::string& version, Targets targets,
                          const std::string& build = "py3") {
    const std::string file = name + "-" + version + "-" + build + "-none-any.whl";
    return {*PackageName::parse(name), version, "pypi", file, 1, sha256_of(file),
            std::move(targets),        {},      {},     false};
}

Lock lock_of(const Targets& targets, std::vector<LockedPackage> packages) {
    Lock lock{sha256_of(""), {}, std::move(packages)};
    for (const std::string& target : targets) {
        lock.targets.push_back({{target, Platform::linux_64, {}},
                                LockedPython{{}, "3.11.7"},
                                sha256_of(""),
                                std::nullopt});
        lock.targets.back().env = env_digest(lock, lock.targets.back());
    }
    return lock;
}

Change change(const std::string& name, std::optional<std::string> before,
              std::optional<std::string> after, Targets targets = {}) {
    return {*PackageName::parse(name), std::move(before), std::move(after), std::move(targets)};
}

TEST(Difference, TellsOfAnotherPythonOfTheHost) {
    const Lock before = lock_of({"a"}, {});
    Lock after = before;
    after.targets[0].python->version = "3.11.9";
    EXPECT_THAT(difference(before, after), ElementsAre(change("python", "3.11.7", "3.11.9")));
    after.targets[0].python = {{"cpython", 3, 12, "cp312"}, "3.12.1"};
    EXPECT_THAT(difference(before, after), ElementsAre(change("python", "3.11.7", "3.12.1")));
    after.targets[0].python->is_package = true;
    EXPECT_THAT(difference(before, after), IsEmpty());
}

TEST(Difference, TellsAReplacedFileFromAnotherOne) {
    const Lock before = lock_of({"a"}, {package_for("idna", "3.10", {"a"})});
    Lock after = before;
    after.packages[0].sha256 = sha256_of("rebuilt");
    Change expected = change("idna", "3.10", "3.10");
    expected.is_replaced = true;
    EXPECT_THAT(difference(before, after), ElementsAre(expected));
    after.packages[0].source = "another index";
    EXPECT_THAT(difference(before, after), ElementsAre(change("idna", "3.10", "3.10")));
}

TEST(Difference, CallsNoFileReplacedWhereTheLockWasDamaged) {
    const Lock good =
        lock_of({"a", "b"}, {package_for("idna", "3.10", {"a"}), package_for("zlib", "1", {"b"})});
    Lock damaged = good;
    damaged.packages[0].sha256 = sha256_of("a digit changed");
    Lock after = good;
    after.packages[1].sha256 = sha256_of("rebuilt");
    Change wrong = change("idna", "3.10", "3.10", {"a"});
    wrong.corrected = {"sha256"};
    Change replaced = change("zlib", "1", "1", {"b"});
    replaced.is_replaced = true;
    EXPECT_THAT(difference(damaged, after), ElementsAre(wrong, replaced));
}

TEST(Difference, TellsOfASizeThatTheLockHadWrong) {
    const Lock good = lock_of({"a"}, {package_for("idna", "3.10", {"a"})});
    Lock wrong = good;
    wrong.packages[0].size_bytes = 5;
    Change expected = change("idna", "3.10", "3.10");
    expected.corrected = {"size"};
    EXPECT_THAT(difference(wrong, good), ElementsAre(expected));
    wrong.packages[0].sha256 = sha256_of("a digit changed");
    expected.corrected = {"sha256", "size"};
    EXPECT_THAT(difference(wrong, good), ElementsAre(expected));
}

TEST(Difference, OfEqualPackageSetsIsEmpty) {
    const Lock lock = lock_of({"a"}, {package_for("idna", "3.10", {"a"})});
    Lock other = lock;
    other.manifest = sha256_of("another manifest");
    other.packages[0].source = "mirror";
    other.packages[0].dependencies = {"x"};
    EXPECT_THAT(difference(lock, other), IsEmpty());
}

TEST(Difference, FromNothingAddsEverythingByName) {
    const Lock lock =
        lock_of({"a"}, {package_for("zlib", "1", {"a"}), package_for("idna", "3.10", {"a"})});
    EXPECT_THAT(difference(std::nullopt, lock), ElementsAre(change("idna", std::nullopt, "3.10"),
                                                            change("zlib", std::nullopt, "1")));
}

TEST(Difference, TellsAddedRemovedAndChanged) {
    const Lock before =
        lock_of({"a"}, {package_for("gone", "1", {"a"}), package_for("kept", "1", {"a"}),
                        package_for("moved", "1", {"a"})});
    const Lock after =
        lock_of({"a"}, {package_for("kept", "1", {"a"}), package_for("moved", "2", {"a"}),
                        package_for("new", "1", {"a"})});
    EXPECT_THAT(difference(before, after),
                ElementsAre(change("gone", "1", std::nullopt), change("moved", "1", "2"),
                            change("new", std::nullopt, "1")));
}

TEST(Difference, CountsAnotherFileOfTheSameVersion) {
    const Lock before = lock_of({"a"}, {package_for("idna", "3.10", {"a"})});
    const Lock after = lock_of({"a"}, {package_for("idna", "3.10", {"a"}, "py2.py3")});
    EXPECT_THAT(difference(before, after), ElementsAre(change("idna", "3.10", "3.10")));
}

TEST(Difference, NamesTheTargetsWhereItIsNotEverywhere) {
    const Lock before = lock_of({"a", "b"}, {package_for("numpy", "1", {"a", "b"})});
    const Lock after =
        lock_of({"a", "b"}, {package_for("numpy", "1", {"a"}), package_for("numpy", "2", {"b"})});
    EXPECT_THAT(difference(before, after), ElementsAre(change("numpy", "1", "2", {"b"})));

    const Lock apart =
        lock_of({"a", "b"}, {package_for("numpy", "2", {"a"}), package_for("numpy", "3", {"b"})});
    EXPECT_THAT(difference(before, apart),
                ElementsAre(change("numpy", "1", "2", {"a"}), change("numpy", "1", "3", {"b"})));
}

TEST(Difference, OfATargetThatGoesByAnotherNameIsTheTargetAlone) {
    const Lock before =
        lock_of({"a"}, {package_for("numpy", "1", {"a"}), package_for("torch", "1", {"a"})});
    const Lock after =
        lock_of({"b"}, {package_for("numpy", "1", {"b"}), package_for("torch", "2", {"b"})});
    EXPECT_THAT(target_difference(before, after),
                ElementsAre(TargetChange{"a", false, 2}, TargetChange{"b", true, 2}));
    EXPECT_THAT(difference(before, after), ElementsAre(change("torch", std::nullopt, "2"),
                                                       change("torch", "1", std::nullopt, {"a"})));
    EXPECT_THAT(target_difference(std::nullopt, after), IsEmpty());
    EXPECT_THAT(target_difference(after, after), IsEmpty());
}

TEST(Difference, OfOneMoreTargetIsWhatTheOthersHaveNot) {
    const Lock before = lock_of({"a"}, {package_for("numpy", "1", {"a"})});
    const Lock after = lock_of(
        {"a", "b"}, {package_for("numpy", "1", {"a", "b"}), package_for("idna", "3", {"b"})});
    EXPECT_THAT(difference(before, after), ElementsAre(change("idna", std::nullopt, "3", {"b"})));
    EXPECT_THAT(difference(after, before), ElementsAre(change("idna", "3", std::nullopt, {"b"})));
}

} // namespace
} // namespace envpm::lockfiles
