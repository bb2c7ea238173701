#include "conda/repodata.h"

#include "base/error.h"
#include "conda/fake_channel.h"

namespace envpm::conda {
namespace {

using test::entry;
using test::index_of;
using test::records_of;
using test::repodata;
using test::with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

NameRecords read(const std::vector<test::Entry>& entries, const Json::Object& more = {},
                 const std::string& name = "demo") {
    return records_of(index_of(repodata(entries, more)), name);
}

std::vector<std::string> files(const NameRecords& found) {
    std::vector<std::string> out;
    for (const Record& record : found.records) {
        out.push_back(record.file_name);
    }
    return out;
}

std::string complaint(const std::string& page, const std::string& subdir = "linux-64") {
    try {
        index_of(page, subdir);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::network);
        EXPECT_EQ(error.text().subject, "https://example.org/page");
        return error.text().what;
    }
    return {};
}

TEST(Repodata, ARecordHasEveryFieldOfItsEntry) {
    const std::string digest = sha256_of("demo").hex();
    const test::Entry one =
        with(entry("demo", "1!2.0", "py312_3"),
             {{"build_number", 3},
              {"depends", Json::Array{"python >=3.12,<3.13.0a0", "libfoo \"x\""}},
              {"constrains", Json::Array{"old <1"}},
              {"track_features", "one two"},
              {"timestamp", std::int64_t{1700000000123}},
              {"size", std::int64_t{5'000'000'000}},
              {"sha256", digest},
              {"md5", "00112233445566778899aabbccddeeff"},
              {"noarch", "python"},
              {"python_site_packages_path", "lib/python3.12/site-packages"},
              {"purls", Json::Array{"pkg:pypi/demo-dist@2.0?x=1", "pkg:conda/other", "pkg:pypi/b"}},
              {"license", "MIT"},
              {"unknown", Json::Array{Json::Object{{"a", 1}}}}});
    const NameRecords found = read({one});
    ASSERT_THAT(found.records, SizeIs(1));
    const Record& record = found.records[0];
    EXPECT_EQ(record.name, "demo");
    EXPECT_EQ(record.version_text, "1!2.0");
    EXPECT_EQ(record.version, *Version::parse("1!2.0"));
    EXPECT_EQ(record.build, "py312_3");
    EXPECT_EQ(record.build_number, 3U);
    EXPECT_EQ(record.subdir, "linux-64");
    EXPECT_EQ(record.file_name, "demo-1!2.0-py312_3.conda");
    EXPECT_EQ(record.url, "https://example.org/c/linux-64/demo-1!2.0-py312_3.conda");
    EXPECT_THAT(record.depends, ElementsAre("python >=3.12,<3.13.0a0", "libfoo \"x\""));
    EXPECT_THAT(record.constrains, ElementsAre("old <1"));
    EXPECT_EQ(record.track_features, 2U);
    EXPECT_EQ(record.timestamp_ms, 1700000000123);
    EXPECT_EQ(record.size_bytes, 5'000'000'000U);
    EXPECT_EQ(record.sha256.hex(), digest);
    EXPECT_EQ(record.md5, "00112233445566778899aabbccddeeff");
    EXPECT_EQ(record.noarch, Noarch::python);
    EXPECT_EQ(record.python_site_packages_path, "lib/python3.12/site-packages");
    EXPECT_THAT(record.pypi_names, ElementsAre("demo-dist", "b"));
    EXPECT_EQ(record.license, "MIT");
    EXPECT_THAT(found.unusable, IsEmpty());
}

TEST(Repodata, WhatAnEntryNeedNotHaveIsEmpty) {
    const test::Entry one =
        with(entry("demo"),
             {{"build_number", Json()}, {"depends", Json()}, {"md5", Json()}, {"subdir", Json()}});
    const NameRecords found = read({one});
    ASSERT_THAT(found.records, SizeIs(1));
    EXPECT_EQ(found.records[0].build_number, 0U);
    EXPECT_EQ(found.records[0].md5, "");
    EXPECT_EQ(found.records[0].subdir, "linux-64");
    EXPECT_EQ(found.records[0].noarch, Noarch::none);
    EXPECT_FALSE(found.records[0].timestamp_ms);
    EXPECT_THAT(found.records[0].pypi_names, IsEmpty());
}

TEST(Repodata, OlderSpellingsAreUnderstood) {
    const NameRecords found =
        read({with(entry("demo", "1"), {{"timestamp", 1700000000}, {"noarch", true}}),
              with(entry("demo", "2"), {{"track_features", Json::Array{"a,b", "c"}},
                                        {"noarch", "generic"},
                                        {"timestamp", 1.5}}),
              with(entry("demo", "3"), {{"noarch", false}, {"timestamp", "today"}})});
    ASSERT_THAT(found.records, SizeIs(3));
    EXPECT_EQ(found.records[0].timestamp_ms, 1700000000000);
    EXPECT_EQ(found.records[0].noarch, Noarch::generic);
    EXPECT_EQ(found.records[1].track_features, 3U);
    EXPECT_EQ(found.records[1].timestamp_ms, 1000);
    EXPECT_EQ(found.records[2].noarch, Noarch::none);
    EXPECT_FALSE(found.records[2].timestamp_ms);
}

TEST(Repodata, OfTwoContainersTheNewerIsLeft) {
    const NameRecords found =
        read({entry("demo", "1.0", "h_0", ".tar.bz2"), entry("demo", "1.0", "h_0"),
              entry("demo", "1.0", "h_1", ".tar.bz2"), entry("demo", "2.0", "h_0"),
              with(entry("demo", "3.0", "h_0"), {{"sha256", Json()}}),
              entry("demo", "3.0", "h_0", ".tar.bz2")});
    EXPECT_THAT(files(found), ElementsAre("demo-1.0-h_1.tar.bz2", "demo-3.0-h_0.tar.bz2",
                                          "demo-1.0-h_0.conda", "demo-2.0-h_0.conda"));
}

TEST(Repodata, OfTwoEntriesUnderOneKeyTheLastIsLeft) {
    const std::string one = to_text(Json(with(entry("demo"), {{"license", "A"}}).record));
    const std::string two = to_text(Json(with(entry("demo"), {{"license", "B"}}).record));
    const std::string key = "\"demo-1.0-h1_0.conda\":";
    const NameRecords found =
        records_of(index_of("{\"packages.conda\":{" + key + one + "," + key + two + "}}"), "demo");
    ASSERT_THAT(found.records, SizeIs(1));
    EXPECT_EQ(found.records[0].license, "B");
}

TEST(Repodata, RevokedAndRemovedFilesAreNoCandidates) {
    const NameRecords found =
        read({entry("demo", "1.0"), entry("demo", "1.0", "h1_0", ".tar.bz2"), entry("demo", "2.0"),
              with(entry("demo", "3.0"), {{"revoked", true}}),
              with(entry("demo", "4.0"), {{"revoked", false}})},
             {{"removed", Json::Array{"demo-1.0-h1_0.conda", "demo-9-0.conda", 7, "nonsense",
                                      "other-1.0-h1_0.conda"}}});
    EXPECT_THAT(files(found),
                ElementsAre("demo-1.0-h1_0.tar.bz2", "demo-2.0-h1_0.conda", "demo-4.0-h1_0.conda"));
    EXPECT_THAT(found.unusable,
                ElementsAre(Unusable{"demo-1.0-h1_0.conda", "the channel has removed it"},
                            Unusable{"demo-9-0.conda", "the channel has removed it"},
                            Unusable{"demo-3.0-h1_0.conda", "the channel has revoked it"}));
}

TEST(Repodata, AnEntryThatLiesOrLacksIsUnusableAndSaysWhy) {
    const std::vector<std::pair<Json::Object, std::string>> cases = {
        {{{"name", "other"}}, "it says that its name is `other`, its file name says otherwise"},
        {{{"name", Json()}}, "it says that its name is ``, its file name says otherwise"},
        {{{"version", "1.1"}}, "it says that its version is `1.1`, its file name says otherwise"},
        {{{"build", "x"}}, "it says that its build is `x`, its file name says otherwise"},
        {{{"subdir", "noarch"}}, "it says that it belongs to `noarch`, but lies in `linux-64`"},
        {{{"sha256", Json()}}, "it has no sha256"},
        {{{"sha256", ""}}, "it has no sha256"},
        {{{"sha256", "abc"}}, "its sha256 is malformed"},
        {{{"sha256", std::string(32, 'x')}}, "its sha256 is malformed"},
        {{{"sha256", 7}}, "its sha256 is malformed"},
        {{{"size", Json()}}, "it has no size"},
        {{{"size", -1}}, "it has no size"},
        {{{"size", "big"}}, "it has no size"},
        {{{"size", 0}}, "it has a size that no archive has"},
        {{{"size", std::int64_t{1} << 41U}}, "it has a size that no archive has"},
        {{{"build_number", "0"}}, "its build number is no number"},
        {{{"depends", "python"}}, "its `depends` is no list of texts"},
        {{{"depends", Json::Array{"a", 1}}}, "its `depends` is no list of texts"},
        {{{"constrains", Json::Object{}}}, "its `constrains` is no list of texts"},
        {{{"noarch", "ruby"}}, "its `noarch` is neither `python` nor `generic`"},
        {{{"name", Json::Array{}}}, "its name is no text"},
        {{{"version", 1}}, "its version is no text"},
        {{{"build", 1}}, "its build is no text"},
        {{{"name", "`a\n`" + std::string(99, 'x')}},
         "it says that its name is `?a??" + std::string(56, 'x') +
             "...`, its file name says otherwise"},
    };
    for (const auto& [changes, why] : cases) {
        const NameRecords found = read({with(entry("demo"), changes), entry("demo", "2.0")});
        EXPECT_THAT(files(found), ElementsAre("demo-2.0-h1_0.conda")) << why;
        EXPECT_THAT(found.unusable, ElementsAre(Unusable{"demo-1.0-h1_0.conda", why}));
    }
    const NameRecords found = read({entry("demo", "1..0!")});
    EXPECT_THAT(found.unusable,
                ElementsAre(Unusable{"demo-1..0!-h1_0.conda", "`1..0!` is no version"}));
}

TEST(Repodata, WhatDoesNotMatterSpoilsNoEntry) {
    const NameRecords found = read({with(entry("demo"), {{"license", 7},
                                                         {"md5", "short"},
                                                         {"purls", "none"},
                                                         {"timestamp", -5},
                                                         {"track_features", 1},
                                                         {"revoked", "no"},
                                                         {"python_site_packages_path", 1}})});
    ASSERT_THAT(found.records, SizeIs(1));
    EXPECT_EQ(found.records[0].md5, "");
    EXPECT_THAT(found.unusable, IsEmpty());
}

TEST(Repodata, AnEntryThatIsNoObjectOrNoFileIsLeftOut) {
    Repodata read;
    const std::string index =
        index_of(R"({"packages":{"demo-1-0.conda":[1],"nonsense":{},"../x-1-0.conda":{}}})",
                 "linux-64", &read);
    EXPECT_THAT(records_of(index, "demo").unusable,
                ElementsAre(Unusable{"demo-1-0.conda", "its entry is no JSON object"}));
    EXPECT_EQ(read.nameless, 2U);
    EXPECT_EQ(IndexView::open(index)->size(), 1U);
}

TEST(Repodata, ToldOfAreAHundredUnusableFilesOnly) {
    std::vector<test::Entry> entries;
    for (int i = 0; i < 150; ++i) {
        entries.push_back(with(entry("demo", std::to_string(i)), {{"sha256", Json()}}));
    }
    EXPECT_THAT(read(entries).unusable, SizeIs(most_unusable));
}

TEST(Repodata, TellsWhereThePackagesLie) {
    Repodata read;
    index_of(R"({"info":{"subdir":"linux-64","base_url":"https://e.org/x/"},"packages":{}})",
             "linux-64", &read);
    EXPECT_EQ(read.base_url, "https://e.org/x/");
    index_of(R"({"info":{"base_url":null},"packages":{}})", "linux-64", &read);
    EXPECT_EQ(read.base_url, "");
    index_of(R"({"info":7,"packages":{}})", "linux-64", &read);
    EXPECT_EQ(read.base_url, "");
}

TEST(Repodata, EveryMemberOfThePageIsOptional) {
    for (const char* page :
         {"{}", " { } ", R"({"packages":{}})", R"({"packages.conda":{},"signatures":{"x":["}"]}})",
          R"({"removed":[]})", R"({"repodata_version":1})", R"({"info":{},"removed":null})"}) {
        EXPECT_EQ(IndexView::open(index_of(page))->size(), 0U) << page;
    }
}

TEST(Repodata, RefusesWhatIsNoRepodata) {
    const std::string other = "the answer is JSON, but no repodata of a channel";
    EXPECT_EQ(complaint(R"({"error":"not found"})"), other);
    EXPECT_EQ(complaint(R"({"packages":[]})"), other);
    EXPECT_EQ(complaint(R"({"packages.conda":7})"), other);
    for (const char* page : {"[]", "7", "\"text\"", "null", "no JSON"}) {
        EXPECT_EQ(complaint(page), "the answer is no JSON object, as the repodata of a channel is");
    }
    EXPECT_EQ(complaint(R"({"info":{"subdir":"noarch"}})"),
              "the page says that it is of another subdir");
    EXPECT_EQ(complaint(R"({"packages":{}} x)"),
              "the page is damaged: something follows the end of its JSON");
}

TEST(Repodata, RefusesAPageCutAtAnyPlace) {
    const std::string page = repodata(
        {entry("demo"), entry("demo", "2.0", "0", ".tar.bz2")},
        {{"info", Json::Object{{"subdir", "linux-64"}}}, {"removed", Json::Array{"x-1-0.conda"}}});
    for (std::size_t size = 0; size < page.size(); ++size) {
        EXPECT_NE(complaint(page.substr(0, size)), "") << page.substr(0, size);
    }
    EXPECT_EQ(complaint(page), "");
}

/// What a reader makes of a page: every record, what it counted, or its complaint.
std::vector<std::string> told_of(const std::string& page, Threads threads, std::size_t part_bytes) {
    std::string index;
    const auto source = [rest = std::string_view(page)](std::span<char> bytes) mutable {
        const std::size_t count = rest.copy(bytes.data(), bytes.size());
        rest.remove_prefix(count);
        return count;
    };
    Repodata read;
    try {
        read = read_repodata(
            PageWalk(source, "page", part_bytes), "linux-64",
            [&index](std::string_view piece) { index += piece; }, threads);
    } catch (const Error& error) {
        return {error.text().what, error.text().subject};
    }
    std::vector<std::string> told = {read.base_url, std::to_string(read.nameless)};
    const std::optional<IndexView> view = IndexView::open(index);
    std::string name;
    for (std::size_t i = 0; i < view->size(); ++i) {
        if (view->name(i) == name) {
            continue; // another block of it
        }
        name = view->name(i);
        const NameRecords found = records_of(index, name);
        for (const Record& record : found.records) {
            told.push_back(record.file_name + " " +
                           (record.depends.empty() ? "" : record.depends[0]));
        }
        for (const Unusable& file : found.unusable) {
            told.push_back(file.file_name + ": " + file.why);
        }
    }
    return told;
}

/// Names whose files lie apart, a member that looks like two, one that is none, and what comes
/// before and after.
std::string page_of_many() {
    std::vector<test::Entry> entries;
    for (int i = 0; i < 60; ++i) {
        const std::string name = i % 20 < 15 ? "demo" : "name" + std::to_string(i / 20);
        test::Entry one =
            with(entry(name, std::to_string(i), "0", i % 3 == 0 ? ".tar.bz2" : ".conda"),
                 {{"depends", Json::Array{"a " + std::to_string(i)}}});
        if (i == 33) {
            one = with(one, {{"deep", Json::Object{{"x-1-0.conda", Json::Object()},
                                                   {"y-1-0.conda", Json::Object()}}}});
        }
        entries.push_back(i == 40 ? with(one, {{"depends", 7}}) : one);
    }
    std::string page = repodata(entries, {{"info", Json::Object{{"base_url", "../x/"}}},
                                          {"removed", Json::Array{"demo-1-0.conda"}}});
    return page.insert(page.find("\"packages\":{") + 12, "\"no file\":{},");
}

TEST(Repodata, SeveralThreadsReadTheSame) {
    const std::string page = page_of_many();
    const std::vector<std::string> told = told_of(page, Threads::one, 1U << 20U);
    EXPECT_THAT(told, SizeIs(62));
    EXPECT_THAT(told, testing::IsSupersetOf({"../x/", "1"}));
    for (const std::size_t part_bytes : {64U, 400U, 2000U, 1U << 20U}) {
        EXPECT_EQ(told_of(page, Threads::several, part_bytes), told) << part_bytes;
    }
}

TEST(Repodata, SeveralThreadsComplainOfTheSame) {
    const std::string page = page_of_many();
    for (std::size_t size = 1; size < page.size(); size += 211) {
        for (const std::string& bad :
             {page.substr(0, size), page.substr(0, size) + "\xff" + page.substr(size + 1),
              page.substr(0, size) + "}" + page.substr(size + 1)}) {
            EXPECT_EQ(told_of(bad, Threads::several, 400), told_of(bad, Threads::one, 400)) << size;
        }
    }
}

TEST(Repodata, RefusesDamage) {
    for (const char* page :
         {R"({"packages":{"demo-1-0.conda":{"name":"de)", R"({"packages":{"demo-1-0.conda" {}}})",
          R"({"packages":{,}})", R"({packages:{}})", R"({"packages":{}"info":{}})",
          R"({"packages":{},})", R"({"packages" {}})", R"({"info":{"subdir":}})",
          R"({"removed":[1,}})", "{\"packages\":{\"a\xff-1-0.conda\":{}}}"}) {
        EXPECT_THAT(complaint(page), testing::AnyOf(HasSubstr("damaged"), HasSubstr("cut short")))
            << page;
    }
}

} // namespace
} // namespace envpm::conda
