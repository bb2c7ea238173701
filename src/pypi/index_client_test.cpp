#include "pypi/index_client.h"

#include "base/error.h"
#include "base/files.h"
#include "pypi/fake_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pypi {
namespace {

using envpm::test::make_zip;
using test::FakeTransport;
using test::wheel_file;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string first_mirror = "https://user:secret@one.example.org/simple";
const std::string second_mirror = "https://two.example.org/simple/";
const std::string first_page = first_mirror + "/demo/";
const std::string second_page = "https://two.example.org/simple/demo/";
const std::string shown_first_page = "https://one.example.org/simple/demo/";

std::string page_of(const std::string& version) {
    return R"({"meta":{"api-version":"1.0"},"files":[{"filename":"demo-)" + version +
           R"(-py3-none-any.whl","url":"../../f/demo-)" + version + R"(-py3-none-any.whl"}]})";
}

/// A cache folder and the clients that come and go with it.
class Cache {
  public:
    Cache()
        : folder_(std::filesystem::temp_directory_path()) {}

    [[nodiscard]] IndexClient client(FakeTransport& transport, CachePolicy policy = {}) const {
        return IndexClient(transport, folder_.path(), policy);
    }

    [[nodiscard]] std::vector<std::filesystem::path> files() const {
        std::vector<std::filesystem::path> out;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
            if (entry.is_regular_file()) {
                out.push_back(entry.path());
            }
        }
        return out;
    }

  private:
    TemporaryFolder folder_;
};

CachePolicy at(int seconds) {
    CachePolicy policy;
    policy.now = std::chrono::system_clock::time_point(std::chrono::seconds(1'000'000 + seconds));
    return policy;
}

CachePolicy refreshing(CachePolicy policy) {
    policy.refresh = true;
    return policy;
}

CachePolicy offline(CachePolicy policy) {
    policy.offline = true;
    return policy;
}

const Index& index() {
    static const Index both = {"pypi", {first_mirror, second_mirror}};
    return both;
}

PageQuery query(const std::string& project = "demo") {
    return {&index(), *PackageName::parse(project)};
}

PageAnswer ask(IndexClient client) {
    const PageQuery one = query();
    return client.pages({&one, 1}).front();
}

std::string version_of(const PageAnswer& answer) {
    return answer.page ? answer.page->wheels.at(0).wheel.version.text() : "none";
}

std::string complaint(IndexClient client) {
    try {
        ask(std::move(client));
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::network);
        EXPECT_THAT(error.what(), Not(HasSubstr("secret")));
        return error.what();
    }
    return {};
}

TEST(IndexClient, ReadsAnIndexThatIsAFolderOfPages) {
    const Index folder = {"local", {"file:///srv/simple"}};
    FakeTransport transport;
    transport.files["file:///srv/simple/demo/"] =
        "<a href='../../f/demo-1.0-py3-none-any.whl'>demo-1.0-py3-none-any.whl</a>"
        "<a href='demo-2.0-py3-none-any.whl'>demo-2.0-py3-none-any.whl</a>";
    const std::vector<PageQuery> queries = {{&folder, *PackageName::parse("demo")},
                                            {&folder, *PackageName::parse("absent")}};
    const Cache cache;
    for (const CachePolicy& policy : {at(0), offline(at(1))}) {
        const std::vector<PageAnswer> answers = cache.client(transport, policy).pages(queries);
        ASSERT_TRUE(answers.at(0).page.has_value());
        const std::vector<WheelFile>& wheels = answers[0].page->wheels;
        ASSERT_EQ(wheels.size(), 2U);
        EXPECT_EQ(wheels[0].url, "file:///srv/f/demo-1.0-py3-none-any.whl");
        EXPECT_EQ(wheels[1].url, "file:///srv/simple/demo/demo-2.0-py3-none-any.whl");
        EXPECT_EQ(answers[0].mirror, "file:///srv/simple");
        EXPECT_FALSE(answers.at(1).page.has_value());
    }
    EXPECT_EQ(transport.batches.size(), 2U) << "reading it is no more than reading a cache";
}

TEST(IndexClient, SaysWhichFolderShowsWhetherAPlaceOfSeveralIndexesIsThere) {
    const Index one_of_many = {"pytorch-cpu", {"file:///srv/whl/cpu/"}, true, "", "/cpu"};
    FakeTransport transport;
    transport.failures["file:///srv/whl/cpu/torch/"] = "there is no folder `/srv/whl`";
    const std::vector<PageQuery> query = {{&one_of_many, *PackageName::parse("torch")}};
    try {
        Cache().client(transport, at(0)).pages(query);
        ADD_FAILURE() << "nothing is mounted there";
    } catch (const Error& error) {
        EXPECT_THAT(error.text().hint, HasSubstr("correct the mirror that it lies below"));
    }
    EXPECT_EQ(transport.batches.at(0).at(0).root_url, "file:///srv/whl");
}

TEST(IndexClient, AsksForAllPagesAtOnceInBothForms) {
    FakeTransport transport;
    transport.files[first_page] = page_of("1.0");
    transport.files[first_mirror + "/other-name/"] = "<a href=x-1.tar.gz>x</a>";
    const std::vector<PageQuery> queries = {query("Other_Name"), query()};
    const std::vector<PageAnswer> answers = Cache().client(transport, at(0)).pages(queries);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_TRUE(answers[0].page->wheels.empty());
    EXPECT_EQ(version_of(answers[1]), "1.0");
    EXPECT_EQ(answers[1].mirror, "https://one.example.org/simple");
    ASSERT_EQ(transport.batches.size(), 1U);
    EXPECT_THAT(transport.batches[0][0].headers,
                ElementsAre("Accept: application/vnd.pypi.simple.v1+json, "
                            "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"));
}

TEST(IndexClient, UsesYoungPagesAndAsksAgainForOldOnes) {
    const Cache cache;
    FakeTransport transport;
    transport.files[first_page] = page_of("1.0");
    EXPECT_EQ(version_of(ask(cache.client(transport, at(0)))), "1.0");
    transport.files[first_page] = page_of("2.0");
    EXPECT_EQ(version_of(ask(cache.client(transport, at(599)))), "1.0");
    EXPECT_EQ(transport.batches.size(), 1U);
    EXPECT_EQ(version_of(ask(cache.client(transport, at(600)))), "2.0");
    transport.files[first_page] = page_of("3.0");
    EXPECT_EQ(version_of(ask(cache.client(transport, refreshing(at(601))))), "3.0");
    EXPECT_EQ(transport.batches.size(), 3U);
    ask(cache.client(transport, refreshing(at(601))));
    EXPECT_EQ(transport.batches.size(), 3U) << "once a run is enough, even to refresh";
    ask(cache.client(transport, at(0)));
    EXPECT_EQ(transport.batches.size(), 4U) << "a page from the future is not young";
}

TEST(IndexClient, RefreshingAsksAgainForThePagesOfARunInTheSameSecond) {
    const Cache cache;
    FakeTransport transport;
    transport.files[first_page] = page_of("1.0");
    ask(cache.client(transport, at(0)));
    transport.files[first_page] = page_of("2.0");
    CachePolicy next = refreshing(at(0));
    next.now += std::chrono::microseconds(1);
    EXPECT_EQ(version_of(ask(cache.client(transport, next))), "2.0");
    next.refresh = false;
    next.now += std::chrono::microseconds(1);
    transport.files.clear();
    EXPECT_EQ(version_of(ask(cache.client(transport, next))), "2.0");
}

TEST(IndexClient, OfflineUsesTheNewestPageWhateverItsAge) {
    const Cache cache;
    FakeTransport transport;
    transport.files[first_page] = page_of("1.0");
    ask(cache.client(transport, at(0)));
    transport.failures[first_page] = "one.example.org: refused";
    transport.files[second_page] = page_of("2.0");
    EXPECT_EQ(version_of(ask(cache.client(transport, at(10'000)))), "2.0");
    const std::size_t batches = transport.batches.size();
    EXPECT_EQ(version_of(ask(cache.client(transport, offline(at(900'000))))), "2.0");
    EXPECT_EQ(transport.batches.size(), batches);
}

TEST(IndexClient, OfflineWithoutThePageIsAnError) {
    FakeTransport transport;
    EXPECT_THAT(complaint(Cache().client(transport, offline(at(0)))),
                HasSubstr("`demo` on index `pypi` is not in the cache"));
    EXPECT_THAT(transport.batches, IsEmpty());
}

TEST(IndexClient, GoesFromMirrorToMirrorUntilOneHasThePage) {
    const std::vector<std::function<void(FakeTransport&)>> faults = {
        [](FakeTransport& t) { t.failures[first_page] = "one.example.org: refused"; },
        [](FakeTransport& t) { t.statuses[first_page] = 503; },
        [](FakeTransport& t) { t.statuses[first_page] = 404; },
        [](FakeTransport& t) { t.files[first_page] = "<html>please log in</html>"; },
        [](FakeTransport& t) { t.files[first_page] = page_of("1.0").substr(0, 60); },
    };
    for (const auto& break_first : faults) {
        FakeTransport transport;
        break_first(transport);
        transport.files[second_page] = page_of("2.0");
        const PageAnswer answer = ask(Cache().client(transport, at(0)));
        EXPECT_EQ(version_of(answer), "2.0");
        EXPECT_EQ(answer.mirror, "https://two.example.org/simple");
        EXPECT_THAT(transport.log(), ElementsAre(first_page, second_page));
    }
}

TEST(IndexClient, NamesEveryMirrorThatFailed) {
    FakeTransport transport;
    transport.failures[first_page] = "one.example.org: refused";
    transport.files[second_page] = "<html>please log in</html>";
    const std::string text = complaint(Cache().client(transport, at(0)));
    EXPECT_THAT(text, HasSubstr(shown_first_page + ": one.example.org: refused"));
    EXPECT_THAT(text, HasSubstr(second_page + ": the answer is HTML, but no page"));
}

TEST(IndexClient, RemembersThatThereIsNoSuchProject) {
    const Cache cache;
    FakeTransport transport;
    transport.statuses[second_page] = 410;
    EXPECT_EQ(version_of(ask(cache.client(transport, at(0)))), "none");
    EXPECT_EQ(transport.batches.size(), 2U);
    EXPECT_EQ(version_of(ask(cache.client(transport, at(60)))), "none");
    EXPECT_EQ(version_of(ask(cache.client(transport, offline(at(6000))))), "none");
    EXPECT_EQ(transport.batches.size(), 2U);
    transport.files[first_page] = page_of("1.0");
    EXPECT_EQ(version_of(ask(cache.client(transport, at(600)))), "1.0");
}

TEST(IndexClient, AMirrorWithoutTheProjectDoesNotSpeakForOneThatFails) {
    for (const std::string& failing : {first_page, second_page}) {
        const Cache cache;
        FakeTransport transport;
        transport.statuses[failing] = 503;
        const std::string text = complaint(cache.client(transport, at(0)));
        EXPECT_THAT(text, HasSubstr("cannot be asked for `demo`"));
        EXPECT_THAT(text, HasSubstr("answered 503"));
        EXPECT_THAT(complaint(cache.client(transport, at(60))), HasSubstr("answered 503"))
            << "the other mirror's answer is in the cache now";
    }
}

TEST(IndexClient, TheIndexItselfSpeaksForMirrorsThatFail) {
    for (const std::string& own : {first_mirror, second_mirror}) {
        const Index with_own = {"pypi", {first_mirror, second_mirror}, false, own};
        const Cache cache;
        FakeTransport transport;
        transport.statuses[own == first_mirror ? second_page : first_page] = 503;
        const std::vector<PageQuery> queries = {{&with_own, *PackageName::parse("demo")}};
        EXPECT_FALSE(cache.client(transport, at(0)).pages(queries).front().page);
        EXPECT_FALSE(cache.client(transport, offline(at(60))).pages(queries).front().page);
    }
}

TEST(IndexClient, OfflineAMirrorThatWasNeverAskedMayHaveTheProject) {
    const Cache cache;
    FakeTransport transport;
    transport.failures[second_page] = "two.example.org: refused";
    complaint(cache.client(transport, at(0)));
    EXPECT_THAT(complaint(cache.client(transport, offline(at(60)))), HasSubstr("not in the cache"));
}

TEST(IndexClient, TakesAnObjectStoresRefusalForNoSuchProject) {
    FakeTransport transport;
    transport.files[first_page] = "<Error><Code>AccessDenied</Code></Error>";
    transport.distort = [](HttpResponse& response) {
        response.status = response.body.empty() ? response.status : 403;
    };
    EXPECT_EQ(version_of(ask(Cache().client(transport, at(0)))), "none");
    transport.distort = nullptr;
    transport.statuses[first_page] = 403;
    transport.statuses[second_page] = 401;
    EXPECT_THAT(complaint(Cache().client(transport, at(0))), HasSubstr("answered 403"));
}

std::string hint_for_folder(const std::string& failure) {
    FakeTransport transport;
    transport.failures["file:///mnt/simple/demo/"] = failure;
    const Index folder = {"share", {"file:///mnt/simple"}};
    const PageQuery demo = {&folder, *PackageName::parse("demo")};
    try {
        Cache().client(transport).pages({&demo, 1});
    } catch (const Error& error) {
        return error.text().hint;
    }
    return "answered";
}

TEST(IndexClient, SaysWhatToDoAboutAFolderThatHasNoIndex) {
    const std::string way_out = "correct the URL of `share`, or mount the folder that it names";
    EXPECT_EQ(hint_for_folder("there is no folder `/mnt/simple`"), way_out);
    EXPECT_EQ(hint_for_folder("a FIFO stands where a folder is to be: `/mnt/simple`"), way_out);
    EXPECT_EQ(hint_for_folder("`/mnt` is empty, as where nothing is mounted"), way_out);
}

TEST(IndexClient, SaysWhereAPasswordGoes) {
    FakeTransport transport;
    transport.statuses[first_page] = 401;
    transport.statuses[second_page] = 503;
    try {
        ask(Cache().client(transport, at(0)));
        FAIL() << "answered";
    } catch (const Error& error) {
        EXPECT_THAT(error.text().hint, HasSubstr("~/.netrc"));
    }
}

TEST(IndexClient, GivesCredentialsToTheirOwnHostAndToNoFile) {
    const Cache cache;
    FakeTransport transport;
    transport.files[first_page] = page_of("1.0");
    const std::string expected = "https://user:secret@one.example.org/f/demo-1.0-py3-none-any.whl";
    EXPECT_EQ(ask(cache.client(transport, at(0))).page->wheels[0].url, expected);
    EXPECT_EQ(ask(cache.client(transport, at(1))).page->wheels[0].url, expected);
    ASSERT_EQ(cache.files().size(), 1U);
    EXPECT_THAT(read_file(cache.files()[0]), Not(HasSubstr("secret")));
    EXPECT_THAT(cache.files()[0].string(), Not(HasSubstr("secret")));
}

TEST(IndexClient, DamagedCacheFilesCountAsAbsent) {
    const Cache cache;
    FakeTransport transport;
    transport.files[first_page] = page_of("1.0");
    ask(cache.client(transport, at(0)));
    const std::filesystem::path file = cache.files().at(0);
    const std::string whole = read_file(file);
    for (std::size_t i = 0; i < whole.size(); i += 7) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 1);
        write_file(file, damaged, Durability::cached);
        EXPECT_THAT(complaint(cache.client(transport, offline(at(0)))), HasSubstr("not in the"));
        write_file(file, whole.substr(0, i), Durability::cached);
        EXPECT_THAT(complaint(cache.client(transport, offline(at(0)))), HasSubstr("not in the"));
    }
    EXPECT_EQ(version_of(ask(cache.client(transport, at(1)))), "1.0");
    EXPECT_EQ(read_file(file).size(), whole.size()) << "and are written anew";
}

std::string wheel_bytes(const std::string& name) {
    return make_zip({{.name = name + "-1.0.dist-info/METADATA",
                      .content = "Name: " + name + "\nVersion: 1.0\n"}});
}

std::string wheel_name(const std::string& name) {
    return name + "-1.0-py3-none-any.whl";
}

/// Three wheels: by sidecar, by range, and broken.
struct ServedWheels {
    ServedWheels() {
        for (const char* name : {"side", "range", "broken"}) {
            const std::string content = wheel_bytes(name);
            wheels.push_back(wheel_file(wheel_name(name), content));
            transport.files[wheels.back().url] = content;
        }
        wheels[0].has_metadata_file = true;
        transport.files[wheels[0].url + ".metadata"] = "Name: side\nVersion: 1.0\n";
        transport.statuses[wheels[2].url] = 404;
    }

    FakeTransport transport;
    std::vector<WheelFile> wheels;
};

TEST(IndexClient, AsksForAllMetadataAtOnceAndNeverTwice) {
    ServedWheels w;
    const Cache cache;
    const std::vector<MetadataAnswer> answers = cache.client(w.transport).metadata(w.wheels);
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[0].text, "Name: side\nVersion: 1.0\n");
    EXPECT_EQ(answers[1].text, "Name: range\nVersion: 1.0\n");
    EXPECT_EQ(answers[1].sha256, w.wheels[1].sha256);
    EXPECT_EQ(answers[1].size_bytes, w.wheels[1].size_bytes);
    EXPECT_EQ(answers[1].error, "");
    EXPECT_EQ(answers[2].error, "the server answered 404");
    EXPECT_EQ(w.transport.batches.size(), 1U);

    const std::vector<MetadataAnswer> again =
        cache.client(w.transport, offline(at(0))).metadata(w.wheels);
    EXPECT_EQ(again[0].text, answers[0].text);
    EXPECT_EQ(again[1].text, answers[1].text);
    EXPECT_EQ(again[1].size_bytes, answers[1].size_bytes);
    EXPECT_THAT(again[2].error, HasSubstr("offline"));
    EXPECT_EQ(w.transport.batches.size(), 1U);
}

TEST(IndexClient, KeepsWhatItGotWhenAServerIsLost) {
    ServedWheels w;
    const Cache cache;
    w.transport.failures[w.wheels[2].url] = "files.example.org: timed out";
    try {
        cache.client(w.transport).metadata(w.wheels);
        ADD_FAILURE() << "a lock must not depend on the network's mood";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::network);
        EXPECT_EQ(error.text().hint, "run the same command again later");
        EXPECT_THAT(error.what(), HasSubstr(w.wheels[2].url));
        EXPECT_THAT(error.what(), HasSubstr("timed out"));
    }
    w.transport.failures.clear();
    EXPECT_EQ(cache.client(w.transport).metadata(w.wheels)[1].error, "");
    EXPECT_EQ(w.transport.batches.back().size(), 1U) << "only the lost one is asked for again";
}

TEST(IndexClient, HoldsOnlyAFewWholeFilesAtATime) {
    FakeTransport transport;
    std::vector<WheelFile> wheels;
    for (int i = 0; i < 9; ++i) {
        const std::string name = "p" + std::to_string(i);
        wheels.push_back(wheel_file(wheel_name(name), wheel_bytes(name)));
        transport.files[wheels.back().url] = wheel_bytes(name);
        wheels.back().sha256.reset();
    }
    const std::vector<MetadataAnswer> answers = Cache().client(transport).metadata(wheels);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_EQ(answers[i].sha256, sha256_of(wheel_bytes("p" + std::to_string(i))));
    }
    for (const std::vector<HttpRequest>& batch : transport.batches) {
        EXPECT_LE(batch.size(), 4U);
    }
}

/// Asks for the metadata of each wheel that comes, and for a page because of each metadata.
class Follower final : public Explorer {
  public:
    explicit Follower(const Index& index)
        : index_(index) {}

    Wanted take_page(const PageQuery& query, PageAnswer answer) override {
        pages.push_back(query.project.string() + (answer.page ? "" : " is absent"));
        return {{}, answer.page ? answer.page->wheels : std::vector<WheelFile>()};
    }

    Wanted take_metadata(const WheelFile& wheel, const MetadataAnswer& answer) override {
        metadata.push_back(wheel.file_name + (answer.error.empty() ? "" : ": " + answer.error));
        return {{{&index_, *PackageName::parse("next")}}, {}};
    }

    std::vector<std::string> pages;
    std::vector<std::string> metadata;

  private:
    const Index& index_;
};

TEST(IndexClient, ExploresFromPageToMetadataToPage) {
    const Index index = {"pypi", {"https://one.example.org/simple"}};
    FakeTransport transport;
    const std::string wheel = "https://one.example.org/f/demo-1.0-py3-none-any.whl";
    transport.files[wheel] = wheel_bytes("demo");
    transport.files["https://one.example.org/simple/demo/"] =
        "<a href='" + wheel + "#sha256=" + sha256_of(transport.files[wheel]).hex() + "'>x</a>";
    const Cache cache;
    const Wanted first = {{{&index, *PackageName::parse("demo")}}, {}};
    Follower online(index);
    cache.client(transport, at(0)).explore(first, online);
    EXPECT_THAT(online.pages, ElementsAre("demo", "next is absent"));
    EXPECT_THAT(online.metadata, ElementsAre("demo-1.0-py3-none-any.whl"));
    const std::size_t batches = transport.batches.size();
    Follower cached(index);
    cache.client(transport, offline(at(1))).explore(first, cached);
    EXPECT_EQ(cached.pages, online.pages);
    EXPECT_EQ(cached.metadata, online.metadata);
    EXPECT_EQ(transport.batches.size(), batches);
}

TEST(IndexClient, AnExplorationPassesOverWhatOnlyLeadsToIt) {
    const Index index = {"pypi", {"https://one.example.org/simple"}};
    FakeTransport transport;
    transport.files["https://one.example.org/simple/demo/"] = page_of("1.0");
    transport.failures["https://one.example.org/simple/next/"] = "no way there";
    const Cache cache;
    Follower follower(index);
    cache.client(transport, at(0)).explore({{{&index, *PackageName::parse("demo")}}, {}}, follower);
    EXPECT_THAT(follower.pages, ElementsAre("demo"));
    Follower lost(index);
    EXPECT_THROW(
        cache.client(transport, at(0)).explore({{{&index, *PackageName::parse("next")}}, {}}, lost),
        Error);
}

} // namespace
} // namespace envpm::pypi
