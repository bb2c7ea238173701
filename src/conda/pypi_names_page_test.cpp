#include "conda/pypi_names_page.h"

#include "base/error.h"
#include "base/fake_transport.h"
#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace envpm::conda {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string url = "https://example.org/names.json";

class PypiNamesPage : public testing::Test {
  protected:
    PypiNamesPage()
        : folder_(std::filesystem::temp_directory_path()) {
        policy.now = std::chrono::system_clock::time_point(std::chrono::seconds(1'000'000));
        transport.files[url] = R"({"pytorch": ["torch"], "graphviz": null})";
    }

    /// What the table takes pytorch for, in a run of its own, `seconds` after the last.
    std::string pytorch(int seconds = 1, const std::string& place = url) {
        policy.now += std::chrono::seconds(seconds);
        const PypiNames names = names_at(place, transport, folder(), policy);
        const auto project = names.project_of("pytorch");
        return project ? project->string() : "none";
    }

    std::string complaint(int seconds = 1) {
        try {
            return pytorch(seconds);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::network);
            EXPECT_NE(error.text().hint, "");
            return error.text().what + " | " + error.text().subject;
        }
    }

    [[nodiscard]] std::filesystem::path folder() const { return folder_.path() / "names"; }

    envpm::test::FakeTransport transport;
    CachePolicy policy;

  private:
    TemporaryFolder folder_;
};

TEST_F(PypiNamesPage, IsFetchedOnceWhileItIsYoung) {
    EXPECT_EQ(pytorch(), "torch");
    EXPECT_EQ(pytorch(599), "torch");
    EXPECT_THAT(transport.log(), ElementsAre(url));
    transport.files[url] = "pytorch lightning\n";
    EXPECT_EQ(pytorch(1), "lightning");
}

TEST_F(PypiNamesPage, StaysYoungAsLongAsTheServerSays) {
    transport.cache_controls[url] = "public, max-age=3600";
    EXPECT_EQ(pytorch(), "torch");
    EXPECT_EQ(pytorch(3599), "torch");
    EXPECT_EQ(transport.batches.size(), 1U);
    EXPECT_EQ(pytorch(1), "torch");
    EXPECT_EQ(transport.batches.size(), 2U);
}

TEST_F(PypiNamesPage, IsOnlyAskedWhetherItChanged) {
    transport.etags[url] = "\"one\"";
    EXPECT_EQ(pytorch(), "torch");
    EXPECT_EQ(pytorch(600), "torch");
    EXPECT_THAT(transport.batches.at(1).front().headers, ElementsAre("If-None-Match: \"one\""));
    EXPECT_EQ(pytorch(599), "torch"); // young again
    EXPECT_EQ(transport.batches.size(), 2U);
}

TEST_F(PypiNamesPage, IsAskedForAtOnceWithRefreshButOnceARun) {
    policy.refresh = true;
    EXPECT_EQ(pytorch(), "torch");
    EXPECT_EQ(pytorch(0), "torch");
    EXPECT_EQ(transport.batches.size(), 1U);
    transport.files[url] = "pytorch -\n";
    EXPECT_EQ(pytorch(1), "none");
}

TEST_F(PypiNamesPage, OfflineComesFromTheCacheWhateverItsAge) {
    policy.offline = true;
    EXPECT_THAT(complaint(), AllOf(HasSubstr("not in the cache"), HasSubstr(url)));
    policy.offline = false;
    EXPECT_EQ(pytorch(), "torch");
    policy.offline = true;
    EXPECT_EQ(pytorch(1'000'000), "torch");
    EXPECT_EQ(transport.batches.size(), 1U);
}

TEST_F(PypiNamesPage, ThatCannotBeHadIsAnErrorWithTheReason) {
    transport.statuses[url] = 404;
    EXPECT_THAT(complaint(), AllOf(HasSubstr("cannot be had"), HasSubstr("answered 404")));
    transport.failures[url] = "example.org does not answer";
    EXPECT_THAT(complaint(), HasSubstr("example.org does not answer"));
    EXPECT_FALSE(std::filesystem::exists(folder()));
}

TEST_F(PypiNamesPage, ThatIsNoTableReplacesNothing) {
    EXPECT_EQ(pytorch(), "torch");
    for (const std::string bad : {"<html>log in</html>", R"({"pytorch": )", R"({"a": 1})", ""}) {
        transport.files[url] = bad;
        EXPECT_THAT(complaint(600), AllOf(HasSubstr("no table of conda names"), HasSubstr(url)));
    }
    policy.offline = true;
    EXPECT_EQ(pytorch(), "torch");
}

TEST_F(PypiNamesPage, OfTheCacheThatIsDamagedIsFetchedAgain) {
    EXPECT_EQ(pytorch(), "torch");
    const std::filesystem::path file = std::filesystem::directory_iterator(folder())->path();
    const std::string good = read_file(file);
    for (const std::string& bad :
         {good + "numpy x\n", good.substr(0, 20), std::string(), "{}\n" + good}) {
        write_file(file, bad);
        EXPECT_EQ(pytorch(), "torch");
        EXPECT_EQ(read_file(file).size(), good.size());
    }
    EXPECT_EQ(transport.batches.size(), 5U);
}

TEST_F(PypiNamesPage, OfAFileIsReadEachTimeAndOffline) {
    const std::string local = "file:///srv/names.txt";
    transport.files[local] = "pytorch one\n";
    policy.offline = true;
    EXPECT_EQ(pytorch(1, local), "one");
    transport.files[local] = "pytorch two\n";
    EXPECT_EQ(pytorch(0, local), "two");
    EXPECT_FALSE(std::filesystem::exists(folder()));
}

} // namespace
} // namespace envpm::conda
