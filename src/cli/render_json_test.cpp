#include "cli/render_care.h"
#include "cli/render_error.h"
#include "cli/render_exchange.h"
#include "cli/render_project.h"
#include "cli/render_selftest.h"
#include "cli/render_views.h"

#include <gtest/gtest.h>

namespace envpm::cli {
namespace {

PackageName named(const std::string& text) {
    return PackageName::parse(text).value();
}

LockedPackage package(const std::string& name) {
    return {named(name),     "1.0",       "pypi", name + ".whl", 7,
            sha256_of(name), {"default"}, {},     {"z >=1"},     false};
}

LockedTarget target() {
    return {{}, LockedPython{{}, "3.11.1"}, sha256_of("env"), {}};
}

TEST(Document, IsOneObjectWithItsSchemaAndALineEnd) {
    EXPECT_EQ(document(Json::Object{{"a", 1}}), "{\n  \"a\": 1,\n  \"schema\": 1\n}\n");
}

TEST(JsonOfError, HasCodeAndTexts) {
    Error error({"it failed", "here", "try again"}, ExitCode::network);
    EXPECT_EQ(to_text(json_of(error)),
              R"({"error":{"code":5,"hint":"try again","subject":"here","what":"it failed"}})");
    error.add_context("while testing");
    EXPECT_EQ(json_of(error).find("error")->array("contexts").at(0), Json("while testing"));
}

TEST(JsonOfLock, HasChangesAndTargets) {
    locking::LockReport report;
    report.outcome = locking::LockReport::Outcome::locked;
    report.lock = Lock{sha256_of("m"), {target()}, {package("a")}};
    report.changes = {{named("a"), {}, "1.0", {"default"}}};
    report.unknown_upgrades = {"other"};
    report.unsealed = {"default"};
    const Json json = json_of(report);
    EXPECT_EQ(*json.find("changed"), Json(true));
    EXPECT_EQ(to_text(*json.find("unknown_upgrades")), R"(["other"])");
    EXPECT_EQ(to_text(*json.find("unsealed")), R"(["default"])");
    EXPECT_EQ(json.number("packages"), 1);
    EXPECT_EQ(to_text(json.array("changes").at(0)),
              R"({"after":"1.0","before":null,"corrected":[],)"
              R"("name":"a","replaced":false,"targets":["default"]})");
    EXPECT_EQ(json.array("targets").at(0).text("env"), sha256_of("env").hex());
    EXPECT_EQ(json.array("targets").at(0).text("env_name"), short_name(sha256_of("env")));
    EXPECT_TRUE(json.array("targets").at(0).find("contents")->is_null());
    report.outcome = locking::LockReport::Outcome::unchanged;
    EXPECT_EQ(*json_of(report).find("changed"), Json(false));
}

TEST(JsonOfLock, AConflictIsAnErrorOfCode4WithItsParts) {
    locking::LockReport report;
    report.outcome = locking::LockReport::Outcome::impossible;
    report.explanation =
        advice::Explanation{"default",
                            {{"you ask for a", "envpm.toml:4:1"}},
                            {{{{{}, "a", "~=1.0", "a = \"~=1.0\"", "x:1"}}, "a 1.0"}}};
    const Json json = json_of(report);
    const Json& error = *json.find("error");
    EXPECT_EQ(error.number("code"), 4);
    EXPECT_EQ(error.text("subject"), "default");
    EXPECT_EQ(error.array("reasons").at(0).text("place"), "envpm.toml:4:1");
    EXPECT_EQ(error.array("nearest").at(0).text("result"), "a 1.0");
    installing::InstallReport install;
    install.lock = report;
    EXPECT_EQ(json_of(install), json);
}

TEST(JsonOfInstall, HasTheFacts) {
    installing::InstallReport report;
    report.env = "abc";
    report.prefix = "/p/abc";
    report.packages = 3;
    report.fetched_bytes = 9;
    const Json json = json_of(report);
    EXPECT_EQ(*json.find("changed"), Json(true));
    EXPECT_EQ(json.text("env_name"), "abc");
    EXPECT_EQ(json.text("prefix"), "/p/abc");
    EXPECT_EQ(json.number("packages"), 3);
    EXPECT_EQ(json.number("fetched_bytes"), 9);
    EXPECT_EQ(json.find("lock"), nullptr);
    EXPECT_EQ(json.number("files"), 0);
}

TEST(JsonOfInstall, HasNoCountOfFilesThatItDidNotMake) {
    installing::InstallReport report;
    report.is_from_lower = true;
    const Json from_lower = json_of(report);
    EXPECT_EQ(*from_lower.find("from_lower_store"), Json(true));
    EXPECT_EQ(from_lower.find("files"), nullptr);
    EXPECT_EQ(from_lower.find("size_bytes"), nullptr);
    report.is_from_lower = false;
    report.was_current = true;
    EXPECT_EQ(json_of(report).find("files"), nullptr);
    EXPECT_EQ(*json_of(report).find("changed"), Json(false));
}

TEST(RepairJson, SaysWhetherItOnlyTells) {
    pipeline::RepairOutcome outcome;
    outcome.repaired = {{"/s/a", "from its archive"}};
    EXPECT_EQ(*json_of(outcome).find("dry_run"), Json(false));
    outcome.dry_run = DryRun::yes;
    EXPECT_EQ(*json_of(outcome).find("dry_run"), Json(true));
}

TEST(JsonOfView, HasEveryPackage) {
    const pipeline::LockedView view{target(), {package("a")}, {named("a")}};
    const Json json = json_of(view);
    EXPECT_EQ(json.array("requested").at(0), Json("a"));
    const Json& found = json.array("packages").at(0);
    EXPECT_EQ(found.text("sha256"), sha256_of("a").hex());
    EXPECT_EQ(found.number("size"), 7);
    EXPECT_EQ(found.array("requires").at(0), Json("z >=1"));
}

TEST(JsonOfVerify, NamesEachDamageAndWhoUsesIt) {
    pipeline::VerifyReport report;
    report.store.push_back({"objects/ab", "other bytes"});
    report.environments.push_back(
        {"e1", "/s/p/e1", {"/a"}, {{"bin/x", realize::FileDamage::missing}}, {{"bin/x", "x 1.0"}}});
    report.users = {{}};
    report.checked_environments = 2;
    EXPECT_EQ(to_text(json_of(report)),
              R"({"damages":[{"environments":[],"path":"objects/ab","what":"other bytes"},)"
              R"({"environments":[{"prefix":"/s/p/e1","projects":["/a"]}],)"
              R"("package":"x 1.0","path":"/s/p/e1/bin/x","what":"missing"}],"environments":2})");
}

TEST(JsonOfInformation, HasNullForWhatThereIsNot) {
    const Json json = json_of(pipeline::Information());
    EXPECT_TRUE(json.find("prefix")->is_null());
    EXPECT_TRUE(json.find("manifest")->is_null());
    EXPECT_TRUE(json.find("lock_problem")->is_null());
    EXPECT_TRUE(json.find("host")->array("interpreters").empty());
    EXPECT_TRUE(json.find("host")->array("silent_interpreters").empty());
}

TEST(JsonOfGenerations, AreAList) {
    const Json json = json_of(std::vector<installing::State>{
        {{3, "/p/a", sha256_of("a"), "2025-01-01T00:00:00Z", "default", false}, false},
        {{4, "/p/b", sha256_of("b"), "2025-01-02T00:00:00Z", "default", true},
         true,
         false,
         {{{"a", "1", "2"}, {"b", {}, "1"}}}}});
    const Json& found = json.array("generations").at(0);
    EXPECT_EQ(found.number("number"), 3);
    EXPECT_EQ(found.text("target"), "default");
    EXPECT_EQ(*found.find("current"), Json(false));
    EXPECT_EQ(*found.find("there"), Json(false));
    EXPECT_EQ(found.text("root"), "/");
    EXPECT_TRUE(found.find("changes")->is_null());
    EXPECT_EQ(to_text(*json.array("generations").at(1).find("changes")),
              R"([{"after":"2","before":"1","name":"a"},{"after":"1","before":null,"name":"b"}])");
}

TEST(JsonOfPaths, AreListsOfNames) {
    EXPECT_EQ(to_text(json_of(std::vector<pipeline::Path>{{"a", "b"}, {"c"}})),
              R"({"paths":[["a","b"],["c"]]})");
}

TEST(JsonOfImport, HasEveryRemarkWithItsPlace) {
    pipeline::ImportReport report{"/p/envpm.toml", {"text", 1, 2, {}}};
    report.imported.remarks.left = {{{"e.yml", 3, 5}, "`prefix`", "why"}};
    EXPECT_EQ(to_text(json_of(report)),
              R"({"changed":[],"conda_packages":1,"left":[{"place":"e.yml:3:5","what":"`prefix`",)"
              R"("why":"why"}],"manifest":"/p/envpm.toml","wheels":2})");
}

TEST(JsonOfExport, HasTheTextAndWhatIsNotInIt) {
    EXPECT_EQ(to_text(json_of(pipeline::Export{"arm", "x\n", {{{"envpm.lock"}, "a", "b"}}})),
              R"({"left":[{"place":"envpm.lock","what":"a","why":"b"}],"target":"arm",)"
              R"("text":"x\n"})");
}

} // namespace
} // namespace envpm::cli
