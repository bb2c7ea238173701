#include "locking/lock_stamp.h"

#include "fetch/loopback_server.h"
#include "locking/lock.h"
#include "universe/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace envpm::locking {
namespace {

using testing::SizeIs;
using universe::test::manifest_of;
using universe::test::name_of;
using universe::test::python_of;

const std::string start = "[workspace]\nname = \"demo\"\n";

/// A project whose index is on loopback.
class LockStampTest : public testing::Test {
  protected:
    LockStampTest()
        : folder_(std::filesystem::temp_directory_path()) {
        variables_.set("PATH", "/usr/bin:/bin:/usr/local/bin");
        settings_.cache_root = folder_.path() / "cache";
        settings_.store_root = folder_.path() / "store";
        settings_.mirrors["pypi"] = {
            {server_.url("/simple"), "the test", project::MirrorKind::pip}};
        write_file(project_.manifest_file, start + "[pypi-dependencies]\nalpha = \"*\"\n");
    }

    enum class Digests { told, untold };

    /// Makes `alpha` have these versions.
    void publish(const std::vector<std::string>& versions, Digests digests = Digests::told) {
        std::string links;
        for (const std::string& version : versions) {
            const std::string file = "alpha-" + version + "-py3-none-any.whl";
            const std::string wheel = envpm::test::make_zip(
                {{.name = "alpha-" + version + ".dist-info/METADATA",
                  .content = "Metadata-Version: 2.1\nName: alpha\nVersion: " + version + "\n\n"}});
            server_.serve("/files/" + file, {fetch::with_body(wheel)});
            const std::string digest =
                digests == Digests::told ? "#sha256=" + sha256_of(wheel).hex() : "";
            links += "<a href=\"/files/" + file + digest + "\">" + file + "</a>\n";
        }
        server_.serve("/simple/alpha/", {fetch::with_body("<!DOCTYPE html><html><body>\n" + links +
                                                          "</body></html>\n")});
    }

    LockReport lock() { return lock({.project = project_}); }

    LockReport lock(const LockRequest& request,
                    project::NetworkUse network_use = project::NetworkUse::online) {
        project::Services services(settings_, {variables_, stop_.get_token(), now_, 0, network_use},
                                   progress_);
        return locking::lock(request, services);
    }

    /// Nothing but the stamp can tell the answer once the metadata is gone and nobody may be asked.
    bool is_answered_by_the_stamp() {
        std::filesystem::remove_all(settings_.cache_root / "index" / "metadata");
        return lock({.project = project_}, project::NetworkUse::offline).outcome ==
               LockReport::Outcome::unchanged;
    }

    [[nodiscard]] std::vector<std::filesystem::path> stamps() const {
        std::vector<std::filesystem::path> files;
        std::error_code absent;
        for (const auto& entry : std::filesystem::directory_iterator(
                 settings_.cache_root / "index" / "stamps", absent)) {
            files.push_back(entry.path());
        }
        return files;
    }

    TemporaryFolder folder_;
    fetch::LoopbackServer server_;
    project::Project project_{folder_.path() / "project/envpm.toml"};
    Variables variables_;
    project::Settings settings_;
    SilentProgress progress_;
    std::stop_source stop_;
    std::chrono::system_clock::time_point now_ = std::chrono::system_clock::now();
};

TEST_F(LockStampTest, WhatWasSolvedOnceIsNotSolvedAgain) {
    publish({"1.0"});
    const LockReport first = lock();
    ASSERT_TRUE(is_answered_by_the_stamp());
    const LockReport second = lock();
    EXPECT_EQ(second.outcome, LockReport::Outcome::unchanged);
    EXPECT_EQ(second.lock, first.lock);
    EXPECT_EQ(server_.count("/simple/alpha/"), 1U);
}

TEST_F(LockStampTest, WhatIsToldOfALockIsToldAgain) {
    publish({"1.0"});
    const LockRequest request{.project = project_, .exclude_newer = "2026-11-01"};
    const LockReport first = lock(request);
    ASSERT_THAT(first.notes, SizeIs(1)) << "the page has no upload times";
    ASSERT_THAT(stamps(), SizeIs(1));
    std::filesystem::remove_all(settings_.cache_root / "index" / "metadata");
    const LockReport second = lock(request, project::NetworkUse::offline);
    EXPECT_EQ(second.outcome, LockReport::Outcome::unchanged);
    EXPECT_EQ(second.notes, first.notes);
}

TEST(LockStampText, KeepsNotesWhateverTheyQuote) {
    const LockStamp stamp{sha256_of("a lock"), {"", "3 two\nlines\n", "plain"}, {}};
    const auto again = parse_lock_stamp(to_text(stamp));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->notes, stamp.notes);
}

TEST_F(LockStampTest, OldPagesAreAskedForAgain) {
    publish({"1.0"});
    (void)lock();
    now_ += std::chrono::hours(1);
    EXPECT_EQ(lock().outcome, LockReport::Outcome::unchanged);
    EXPECT_EQ(server_.count("/simple/alpha/"), 2U);
}

TEST_F(LockStampTest, RefreshAsksForPagesHoweverYoung) {
    publish({"1.0"});
    (void)lock();
    now_ += std::chrono::seconds(1);
    (void)lock({.project = project_, .refresh = true});
    EXPECT_EQ(server_.count("/simple/alpha/"), 2U);
}

TEST_F(LockStampTest, HoldsOverAPageThatWasFetchedAgainAndIsTheSame) {
    publish({"1.0"});
    (void)lock();
    const Manifest manifest = project::read_manifest(project_);
    now_ += std::chrono::hours(1);
    pypi::Index index{"pypi", {server_.url("/simple")}, false};
    const pypi::PageQuery query{&index, name_of("alpha")};
    const auto mark_now = [&] {
        return pypi::CachedPages(settings_.cache_root / "index", {now_}).mark(query);
    };
    EXPECT_EQ(mark_now(), std::nullopt) << "too old";
    (void)lock();
    const auto before = mark_now();
    EXPECT_NE(before, std::nullopt);
    publish({"1.0", "2.0"});
    now_ += std::chrono::hours(1);
    (void)lock();
    EXPECT_NE(mark_now(), before);
}

TEST_F(LockStampTest, AnUpgradeIsSolved) {
    publish({"1.0"});
    (void)lock();
    publish({"1.0", "2.0"});
    now_ += std::chrono::hours(1);
    EXPECT_EQ(lock().outcome, LockReport::Outcome::unchanged) << "what is locked is kept";
    EXPECT_TRUE(is_answered_by_the_stamp());
    const LockReport upgrade = lock({.project = project_, .upgrade_all = true});
    EXPECT_EQ(upgrade.lock.value().packages.front().version, "2.0");
    EXPECT_TRUE(is_answered_by_the_stamp());
    EXPECT_EQ(project::read_lock(project_), upgrade.lock);
}

TEST_F(LockStampTest, AnotherLockIsSolved) {
    publish({"1.0", "2.0"});
    (void)lock();
    std::filesystem::remove(project_.lock_file());
    EXPECT_EQ(lock().outcome, LockReport::Outcome::locked);
    std::string text = read_file(project_.lock_file());
    text.replace(text.find("2.0"), 3, "1.0");
    write_file(project_.lock_file(), text);
    EXPECT_EQ(lock().outcome, LockReport::Outcome::locked);
}

TEST_F(LockStampTest, ADamagedStampCountsAsNone) {
    publish({"1.0"});
    (void)lock();
    ASSERT_THAT(stamps(), SizeIs(1));
    const std::string whole = read_file(stamps().front());
    ASSERT_TRUE(parse_lock_stamp(whole));
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 1);
        EXPECT_FALSE(parse_lock_stamp(damaged)) << i;
        EXPECT_FALSE(parse_lock_stamp(whole.substr(0, i))) << i;
    }
    write_file(stamps().front(), "damaged");
    EXPECT_EQ(lock().outcome, LockReport::Outcome::unchanged);
    EXPECT_TRUE(is_answered_by_the_stamp()) << "it was written anew";
}

TEST_F(LockStampTest, NothingIsStampedThatThePagesDoNotFix) {
    publish({"1.0"}, Digests::untold);
    (void)lock();
    EXPECT_THAT(stamps(), SizeIs(0)) << "the wheel behind the name may change";
    publish({"1.0", "2.0"});
    server_.serve("/files/alpha-2.0-py3-none-any.whl", {fetch::with_status(404)});
    now_ += std::chrono::hours(1);
    (void)lock({.project = project_, .upgrade_all = true});
    EXPECT_THAT(stamps(), SizeIs(0)) << "the file may come back";
}

TEST(LockStampDigest, DiffersForEveryInput) {
    const std::string two = "[pypi-dependencies]\nalpha = \"*\"\nbeta = \"*\"\n";
    const std::vector<std::string> texts = {
        start + two,
        start + "[pypi-dependencies]\nbeta = \"*\"\nalpha = \"*\"\n",
        start + "[pypi-dependencies]\nalpha = \"*\"\nbeta = \">=1\"\n",
        start +
            "[pypi-dependencies]\nalpha = \"*\"\nbeta = { version = \"*\", extras = [\"x\"] }\n",
        start + "[pypi-dependencies]\nalpha = \"*\"\n"
                "beta = { version = \"*\", marker = \"python_version < '3'\" }\n",
        start + two + "[constraints]\ngamma = \"<2\"\n",
        start + two + "[overrides]\ngamma = \"<2\"\n",
        start + "prereleases = \"allow\"\n" + two,
        start + "[dependencies]\npython = \">=3.9\"\n" + two,
    };
    const std::vector<pypi::PythonChoice> pythons = {python_of(11), python_of(12)};
    const std::vector<pypi::Index> indexes = {universe::test::FakeIndexes::index("a"),
                                              universe::test::FakeIndexes::index("b")};
    const std::optional<std::string> no_date;
    std::set<Sha256> digests;
    for (const std::string& text : texts) {
        const Manifest manifest = manifest_of(text);
        digests.insert(
            digest_of({manifest, universe::read_requests(manifest), pythons, indexes, no_date}));
    }
    EXPECT_THAT(digests, SizeIs(texts.size()));

    Manifest manifest = manifest_of(start + two);
    const universe::Requests requests = universe::read_requests(manifest);
    const auto add = [&](const std::vector<pypi::PythonChoice>& with_pythons,
                         const std::vector<pypi::Index>& with_indexes,
                         const std::optional<std::string>& date) {
        digests.insert(digest_of({manifest, requests, with_pythons, with_indexes, date}));
    };
    add({python_of(11)}, indexes, no_date);
    add({python_of(12), python_of(11)}, indexes, no_date);
    add(pythons, {indexes[1], indexes[0]}, no_date);
    add(pythons, {indexes[0]}, no_date);
    add(pythons, {{"a", indexes[1].urls, false}, indexes[1]}, no_date);
    add(pythons, {{"a", indexes[0].urls, true}, indexes[1]}, no_date);
    add(pythons, indexes, "2026-11-20");
    manifest.targets.front().glibc.minor = 17;
    add(pythons, indexes, no_date);
    manifest.targets.front().platform = Platform::linux_aarch64;
    add(pythons, indexes, no_date);
    manifest.targets.push_back({"second", Platform::linux_64, {}});
    add(pythons, indexes, no_date);
    EXPECT_THAT(digests, SizeIs(texts.size() + 10));
}

TEST(LockStampDigest, IsTheSameForTheSameAndForOtherCredentials) {
    const Manifest manifest = manifest_of(start + "[pypi-dependencies]\nalpha = \"*\"\n");
    const universe::Requests requests = universe::read_requests(manifest);
    const std::vector<pypi::PythonChoice> pythons = {python_of(11)};
    const std::optional<std::string> date;
    const std::vector<pypi::Index> plain = {{"pypi", {"https://example.org/simple"}, false}};
    const std::vector<pypi::Index> named = {{"pypi", {"https://me:it@example.org/simple"}, false}};
    EXPECT_EQ(digest_of({manifest, requests, pythons, plain, date}),
              digest_of({manifest, requests, pythons, named, date}));
}

} // namespace
} // namespace envpm::locking
