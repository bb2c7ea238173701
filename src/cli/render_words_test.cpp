#include "cli/render_care.h"
#include "cli/render_error.h"
#include "cli/render_mirrors.h"
#include "cli/render_project.h"
#include "cli/render_selftest.h"
#include "cli/render_views.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace envpm::cli {
namespace {

using locking::LockReport;

PackageName name_of(const std::string& text) {
    return PackageName::parse(text).value();
}

LockedPackage package(const std::string& name, const std::string& version,
                      std::vector<std::string> dependencies = {}) {
    return {name_of(name),   version,     "pypi", name + ".whl",           1500,
            sha256_of(name), {"default"}, {},     std::move(dependencies), false};
}

pipeline::LockedView view() {
    pipeline::LockedView out{{{}, {}, sha256_of("env"), {}}, {}, {}};
    out.packages = {package("a", "1.0", {"long-name >=1", "z"}), package("b", "2", {"long-name"}),
                    package("long-name", "10.0.1", {"z"}), package("z", "3")};
    out.packages[3].is_overridden = true;
    out.requested = {name_of("a"), name_of("b")};
    return out;
}

LockReport lock_report() {
    LockReport report;
    report.outcome = LockReport::Outcome::locked;
    report.lock = Lock{sha256_of("m"),
                       {{{}, LockedPython{{}, "3.11.1"}, sha256_of("env"), {}}},
                       {package("a", "1.0"), package("b", "2")}};
    report.changes = {{name_of("a"), {}, "1.0", {}},
                      {name_of("b"), "1", "2", {"gpu"}},
                      {name_of("c"), "1", {}, {}}};
    report.unknown_upgrades = {"d"};
    report.seconds = 0.25;
    return report;
}

advice::Explanation explanation() {
    return {"default",
            {{"you ask for a ==9", "envpm.toml:4:1"}, {"there is only 1.0", ""}},
            {{{{{}, "a", "~=1.0.0", "a = \"~=1.0.0\"", "envpm.toml:4:1"}}, "a 1.0"}}};
}

TEST(WordsOfError, HaveWhatWhereContextAndHint) {
    Error error({"it failed", "file.toml:1", "try again"});
    error.add_context("while testing");
    EXPECT_EQ(words_of(error, Terminal()),
              "error: it failed\n  at: file.toml:1\n  while testing\nhint: try again\n");
    EXPECT_EQ(words_of(Error({"it failed", "", ""}), Terminal()), "error: it failed\n");
}

TEST(WordsOfError, HaveTheFirstLinesOfALongSubject) {
    std::string subject = "line 1";
    for (int i = 2; i <= 10; ++i) {
        subject += fmt::format("\nline {}", i);
    }
    const std::string ten = words_of(Error({"it failed", subject, ""}), Terminal());
    EXPECT_TRUE(ten.starts_with("error: it failed\n  at: line 1\n    line 2\n")) << ten;
    EXPECT_TRUE(ten.ends_with("    line 9\n    line 10\n")) << ten;
    const std::string more =
        words_of(Error({"it failed", subject + "\nline 11\nline 12", ""}), Terminal());
    EXPECT_EQ(more, ten + "    … 2 more\n");
}

TEST(WordsOfError, AreColouredOnlyOnRequest) {
    Terminal terminal;
    terminal.has_color = true;
    EXPECT_EQ(words_of(Error({"it failed", "", ""}), terminal),
              "\x1b[1;31merror:\x1b[0m it failed\n");
}

TEST(WordsOfError, HaveNoControlCharactersOfAPackage) {
    Error error({"`\x1b[2Ja`", std::string("b\0", 2), "\x7f"});
    error.add_context("c\xc2\x9b"
                      "2J\r");
    EXPECT_EQ(words_of(error, Terminal()), "error: `\\x1b[2Ja`\n  at: b\\x00\n  c\\x9b"
                                           "2J\\x0d\nhint: \\x7f\n");
}

TEST(WordsOfLock, TellTargetsAndChanges) {
    EXPECT_EQ(words_of(lock_report(), Terminal()),
              "resolved 2 packages for default in 250 ms (python 3.11.1 from this host)\n"
              "  + a 1.0\n"
              "  ~ b 1 → 2  (gpu)\n"
              "  - c 1\n"
              "  note: `d` was not in the lock, so there was nothing to upgrade\n");
}

TEST(WordsOfLock, TellWhatNobodyShouldOverlook) {
    LockReport report = lock_report();
    report.unknown_upgrades.clear();
    report.unsealed = {"default"};
    report.changes = {{name_of("a"), "1.0", "1.0", {}, true}, {name_of("b"), "2", "2", {"gpu"}}};
    report.changes.push_back({name_of("c"), "3", "3", {}, false, {"sha256", "size"}});
    const std::string words = words_of(report, Terminal());
    EXPECT_TRUE(words.ends_with(
        "  ! a 1.0: the file was replaced, its sha256 is not the locked one\n"
        "  ~ b 2 → 2, another file  (gpu)\n"
        "  ! c 3: the lock had a wrong `sha256` and `size` of its file; corrected\n"
        "  note: target default was sealed and is not any more; `envpm seal` seals what is "
        "installed\n"))
        << words;
}

TEST(WordsOfLock, CutLongLists) {
    LockReport report = lock_report();
    report.unknown_upgrades.clear();
    report.changes.assign(45, {name_of("a"), {}, "1.0", {}});
    const std::string words = words_of(report, Terminal());
    EXPECT_TRUE(words.ends_with("  + a 1.0\n  … 5 more\n")) << words;
}

TEST(WordsOfExplanation, AreReasonsAndNumberedOffers) {
    EXPECT_EQ(words_of(explanation(), Terminal()),
              "error: no environment can satisfy the manifest for target `default`\n"
              "  you ask for a ==9  [envpm.toml:4:1]\n"
              "  there is only 1.0\n"
              "nearest that exist:\n"
              "  1. a = \"~=1.0.0\"  gives a 1.0  [envpm.toml:4:1]\n");
    advice::Explanation hopeless = explanation();
    hopeless.nearest.clear();
    EXPECT_EQ(words_of(hopeless, Terminal()),
              "error: no environment can satisfy the manifest for target `default`\n"
              "  you ask for a ==9  [envpm.toml:4:1]\n"
              "  there is only 1.0\n");
}

TEST(WordsOfInstall, TellWhatWasDone) {
    installing::InstallReport report;
    report.env = "abc";
    report.packages = 3;
    report.files = 12;
    report.size_bytes = 2'000'000;
    report.seconds = 1.5;
    EXPECT_EQ(words_of(report, Terminal()),
              "✓ 3 packages, nothing fetched; 12 files, 2.0 MB\n"
              "✓ installed in 1.5 s   env abc   prefix .envpm/envs/default/current\n");
    report.fetched_packages = 2;
    report.fetched_bytes = 1000;
    report.is_sealed = true;
    EXPECT_EQ(words_of(report, Terminal()),
              "✓ 3 packages, 2 of them fetched (1.0 kB); 12 files, 2.0 MB\n"
              "✓ installed in 1.5 s   env abc   prefix .envpm/envs/default/current\n"
              "✓ the sealed contents were reproduced\n");
    report.is_sealed = false;
    report.copy = "../image";
    EXPECT_THAT(words_of(report, Terminal()),
                testing::EndsWith("current\n✓ laid out as ../image\n"));
    report.copy.reset();
    report.needs = "driver >= 525.60.13 (CUDA 12), glibc >= 2.28";
    EXPECT_THAT(words_of(report, Terminal()),
                testing::EndsWith("current\n  needs: driver >= 525.60.13 (CUDA 12), glibc >= "
                                  "2.28\n"));
    report.lock = lock_report();
    EXPECT_THAT(words_of(report, Terminal()), testing::Not(testing::HasSubstr("CUDA 12)")))
        << "the lock tells it";
    report.lock.reset();
    report.was_current = true;
    EXPECT_EQ(words_of(report, Terminal()), "✓ up to date   env abc\n");
}

TEST(WordsOfInstall, TellThatTheLowerStoreHasItInsteadOfWhatWasMade) {
    installing::InstallReport report;
    report.env = "abc";
    report.packages = 3;
    report.is_from_lower = true;
    report.seconds = 0.012;
    EXPECT_EQ(words_of(report, Terminal()),
              "✓ 3 packages, nothing fetched; the lower store's environment is used as it stands\n"
              "✓ installed in 12 ms   env abc   prefix .envpm/envs/default/current\n");
}

TEST(WordsOfEdit, TellEntriesOrThatNothingChanged) {
    pipeline::EditReport report;
    report.entries = {"a >=1.0"};
    report.lock = lock_report();
    report.lock.changes.clear();
    report.lock.unknown_upgrades.clear();
    EXPECT_EQ(words_of(report, '+', Terminal()),
              "+ a >=1.0\n"
              "resolved 2 packages for default in 250 ms (python 3.11.1 from this host)\n");
    report.lock.explanation = explanation();
    const std::string words = words_of(report, '+', Terminal());
    EXPECT_TRUE(words.ends_with("envpm.toml and envpm.lock are as before\n"));
}

TEST(WordsOfEdit, TellWhatWasReplacedAndWhatWasKept) {
    pipeline::EditReport report;
    report.entries = {"a >=1.0", "b[x] ==2", "c *", "d[y] >=3", "e <2 from lab"};
    report.before = {"a ==1.0", "b[x] ==2", "", "d >=3", "e <2"};
    report.lock = lock_report();
    EXPECT_THAT(words_of(report, '+', Terminal()),
                testing::StartsWith("~ a ==1.0 → >=1.0\n"
                                    "b[x] ==2 keeps its version (name another one to change it)\n"
                                    "+ c *\n"
                                    "~ d >=3 → d[y] >=3\n"
                                    "~ e <2 → <2 from lab\n"));
}

TEST(WordsOfCollect, NameEnvironmentsAndCountTheRest) {
    const store::CollectReport report{DryRun::no,
                                      {"/c/dl/x.part", "/s/objects/sha256/ab/abc", "/s/p/e1",
                                       "/s/objects/sha256/ab/abd.x", "/s/trees/sha256/cd/cde.json"},
                                      2048,
                                      {"/a"},
                                      {},
                                      {}};
    EXPECT_EQ(words_of(report),
              "/s/p/e1\n"
              "freed 2.0 kB: 1 environment, 1 package, 2 files, 1 leftover; the rest is kept for 1 "
              "project\n");
    EXPECT_THAT(words_of(report, CollectWords::all),
                testing::StartsWith("/c/dl/x.part\n/s/objects/sha256/ab/abc\n/s/p/e1\n"));
    EXPECT_EQ(words_of(store::CollectReport()), "freed 0 B; the rest is kept for 0 projects\n");
}

TEST(WordsOfGenerations, SayWhichAreTheSame) {
    const Sha256 one = sha256_of("1");
    const Sha256 two = sha256_of("2");
    const std::string words =
        words_of(std::vector<installing::State>{{{1, "/s/p/a", one, "t", "", false}, false},
                                                {{2, "/o/p/b", two, "t", "gpu", false}, true, true},
                                                {{3, "/s/p/a", one, "t", "gpu", true}}});
    EXPECT_THAT(words, testing::HasSubstr(short_name(one) + "  -  gone\n"));
    EXPECT_THAT(words, testing::HasSubstr(short_name(two) + "  gpu  in /o\n"));
    EXPECT_THAT(words, testing::EndsWith(short_name(one) + "  gpu  the same as 1\n"));
    EXPECT_EQ(words.find("the same"), words.rfind("the same"));
}

TEST(WordsOfVerify, NameEachDamageAndWhoUsesIt) {
    EXPECT_EQ(words_of(pipeline::VerifyReport(), Terminal()),
              "✓ store and environments are whole\n");
    pipeline::VerifyReport report;
    report.store.push_back({"objects/ab", "other bytes"});
    report.store.push_back({"objects/cd", "missing"});
    report.environments.push_back({"e1", "/s/p/e1", {"/a", "/b", "/c", "/d"}, {}});
    report.environments.push_back({"e2", "/s/p/e2", {}, {{"bin/x", realize::FileDamage::missing}}});
    report.users = {{0, 1}, {}};
    EXPECT_EQ(words_of(report, Terminal()),
              "objects/ab: other bytes; used by /a, /b, /c and 2 more\n"
              "objects/cd: missing\n"
              "/s/p/e2/bin/x: missing; used by environment e2\n");
    EXPECT_EQ(report.damaged_files(), 3);
}

TEST(WordsOfVerify, TellManyOfOneSortAsTheFirstFewAndACount) {
    pipeline::VerifyReport report;
    for (int i = 0; i < 9; ++i) {
        report.store.push_back({fmt::format("objects/{}", i), i == 8 ? "missing" : "other bytes"});
        report.users.emplace_back();
    }
    pipeline::DamagedEnvironment environment{"e", "/p/e", {"/a"}, {}};
    for (int i = 0; i < 13; ++i) {
        environment.files.push_back({fmt::format("f{:02}", i), realize::FileDamage::changed});
        environment.packages[environment.files.back().path] = i < 7 ? "torch 2.9.0" : "numpy 2.0";
    }
    report.environments.push_back(environment);
    EXPECT_EQ(words_of(report, Terminal()), "objects/0: other bytes\n"
                                            "objects/1: other bytes\n"
                                            "objects/2: other bytes\n"
                                            "objects/3: other bytes\n"
                                            "objects/4: other bytes\n"
                                            "objects/8: missing\n"
                                            "/p/e/f00: changed; used by /a\n"
                                            "/p/e/f01: changed; used by /a\n"
                                            "/p/e/f02: changed; used by /a\n"
                                            "/p/e/f03: changed; used by /a\n"
                                            "/p/e/f04: changed; used by /a\n"
                                            "/p/e/f07: changed; used by /a\n"
                                            "/p/e/f08: changed; used by /a\n"
                                            "/p/e/f09: changed; used by /a\n"
                                            "/p/e/f10: changed; used by /a\n"
                                            "/p/e/f11: changed; used by /a\n"
                                            "and 3 more objects: other bytes\n"
                                            "and 2 more files of torch 2.9.0 in /p/e: changed; "
                                            "used by /a\n"
                                            "/p/e/f12: changed; used by /a\n");
    Terminal verbose;
    verbose.is_verbose = true;
    const std::string all = words_of(report, verbose);
    EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 22);
}

TEST(WordsOfRepair, TellManyOfOneSortAsTheFirstFewAndACount) {
    pipeline::RepairOutcome outcome;
    for (int i = 0; i < 8; ++i) {
        outcome.repaired.push_back({fmt::format("o{}", i), "put aside"});
    }
    EXPECT_EQ(words_of(outcome, Terminal()),
              "o0: put aside\no1: put aside\no2: put aside\no3: put aside\no4: put aside\n"
              "and 3 more files: put aside\nrepaired 8 files, 0 files left\n");
}

TEST(WordsOfInformation, TellOfAMachineWithoutAProject) {
    pipeline::Information information;
    information.version = "1";
    information.root = "/r";
    information.cache = "/c";
    EXPECT_EQ(words_of(information), "envpm      1\n"
                                     "root       /r\n"
                                     "cache      /c\n"
                                     "project    none here\n");
    information.interpreters.silent = {{"/x/python3", "it ended with code 1"}};
    information.manifest = "/p/envpm.toml";
    information.workspace = "demo";
    information.indexes = {{"pypi", {"https://a", "https://b"}, true}};
    information.lock_problem = "there is no envpm.lock yet";
    EXPECT_EQ(words_of(information), "envpm      1\n"
                                     "root       /r\n"
                                     "cache      /c\n"
                                     "python     ?  /x/python3 (it ended with code 1)\n"
                                     "project    demo (/p/envpm.toml)\n"
                                     "index      pypi  https://a, https://b  (explicit)\n"
                                     "lock       there is no envpm.lock yet\n"
                                     "prefix     nothing is installed yet\n");
}

TEST(WordsOfGenerations, MarkTheCurrentOneAndNameTheTarget) {
    EXPECT_EQ(words_of(std::vector<installing::State>{
                  {{1, "/p/a", sha256_of("a"), "2025-01-01T00:00:00Z", "", false}},
                  {{12, "/p/b", sha256_of("b"), "2025-01-02T00:00:00Z", "lab", true}}}),
              "     1  2025-01-01T00:00:00Z  " + short_name(sha256_of("a")) + "  -\n" +
                  "*   12  2025-01-02T00:00:00Z  " + short_name(sha256_of("b")) + "  lab\n");
}

TEST(WordsOfGenerations, CountWhatChangedAndNameSomeOfIt) {
    using Change = installing::PackageChange;
    installing::State state{{2, "/p/a", sha256_of("a"), "t", "lab", true}};
    const auto words = [&](std::vector<Change> changes) {
        state.changes = std::move(changes);
        const std::string line = words_of(std::vector<installing::State>{state});
        return line.substr(line.find("lab") + 3);
    };
    EXPECT_EQ(words({}), "\n");
    const std::vector<installing::State> rebuilt = {
        {{1, "/p/b", sha256_of("b"), "t", "lab", false}}, state, state};
    EXPECT_THAT(words_of(rebuilt), testing::EndsWith("lab  other files of the same versions\n"
                                                     "*    2  t  " +
                                                     short_name(sha256_of("a")) + "  lab\n"));
    EXPECT_EQ(words({{"a", "1", {}}}), "  +0 ~0 -1  - a\n");
    EXPECT_EQ(words({{"a", {}, "1"}, {"b", "1", "2"}}), "  +1 ~1 -0  b 1 → 2, + a 1\n");
    EXPECT_EQ(words({{"a", {}, "1"}, {"b", "1", "2"}, {"c", "1", "3"}}),
              "  +1 ~2 -0  b 1 → 2, c 1 → 3, …\n");
}

TEST(ListWords, AreATable) {
    EXPECT_EQ(list_words(view()), "a          1.0       1.5 kB  pypi\n"
                                  "b          2         1.5 kB  pypi\n"
                                  "long-name  10.0.1    1.5 kB  pypi\n"
                                  "z          3         1.5 kB  pypi  (overridden)\n");
}

TEST(TreeWords, ShowTheNeedsOfAPackageOnce) {
    EXPECT_EQ(tree_words(view()), "a 1.0\n"
                                  "├─ long-name 10.0.1\n"
                                  "│  └─ z 3\n"
                                  "└─ z 3\n"
                                  "b 2\n"
                                  "└─ long-name 10.0.1 (above)\n");
}

TEST(WhyWords, AreAChainALine) {
    EXPECT_EQ(why_words({{"a", "long-name", "z"}, {"a"}}), "a → long-name → z\na\n");
    EXPECT_EQ(why_words({}), "nothing in the manifest needs it: run `envpm lock`\n");
}

TEST(WordsOfImport, ListWhatChangedAndWhatWasLeft) {
    pipeline::ImportReport report{"/p/envpm.toml", {"text", 1, 2, {}}};
    const std::string wrote = "wrote /p/envpm.toml with 1 conda package and 2 wheels\n"
                              "next: `envpm lock`, then `envpm install`\n";
    EXPECT_EQ(words_of(report, Terminal()), wrote);
    report.imported.remarks.left = {{{"e.yml", 3, 5}, "`prefix`", "a place on one machine"}};
    report.imported.remarks.changed = {{{"e.yml", 1, 0}, "hashes (2)", "a manifest has none"}};
    EXPECT_EQ(words_of(report, Terminal()),
              "carried over as something else:\n  e.yml:1: hashes (2): a manifest has none\n"
              "not carried over:\n  e.yml:3:5: `prefix`: a place on one machine\n" +
                  wrote);
}

} // namespace
} // namespace envpm::cli
