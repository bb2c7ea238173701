// Wheels of servers that know no ranges.

#include "base/files.h"
#include "model/lock.h"
#include "pypi/fake_index.h"
#include "pypi/index_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace envpm::pypi {
namespace {

using envpm::test::make_zip;
using test::FakeTransport;
using test::Ranges;
using test::wheel_file;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string demo = "https://files.example.org/demo-1.0-py3-none-any.whl";
const std::string local_url = "file:///kept/demo";

/// As if each were brought to one place, and remembers what it was given.
class FakeKeeper final : public WheelKeeper {
  public:
    std::vector<Kept> fetch(std::span<const WheelFile> wheels) override {
        for (const WheelFile& wheel : wheels) {
            fetched.push_back(wheel.file_name + " " + std::to_string(*wheel.size_bytes));
        }
        return {wheels.size(), Kept{local_url, error}};
    }

    void keep(const Sha256& sha256, std::string_view bytes) noexcept override {
        EXPECT_EQ(sha256, sha256_of(bytes));
        ++kept;
    }

    std::optional<Error> error;
    std::vector<std::string> fetched;
    int kept = 0;
};

/// A server that begins to send every file whole, and large ones are stopped there.
class WholeWheel : public testing::Test {
  protected:
    WholeWheel() {
        transport.files[demo] = transport.files[local_url] = content;
        transport.ranges = Ranges::ignored;
        transport.distort = [this](HttpResponse& response) {
            if (is_large && response.url == demo && !response.body.empty()) {
                response.body.clear();
                response.error = "stopped";
            }
        };
        wheel.size_bytes.reset(); // as on pages of HTML
    }

    MetadataAnswer metadata() {
        IndexClient client(transport, folder.path(), {}, &keeper);
        return client.metadata({&wheel, 1}).at(0);
    }

    const std::string content = make_zip(
        {{.name = "demo-1.0.dist-info/METADATA", .content = "Name: demo\nVersion: 1.0\n"}});
    WheelFile wheel = wheel_file("demo-1.0-py3-none-any.whl", content);
    bool is_large = true;
    FakeTransport transport;
    FakeKeeper keeper;
    TemporaryFolder folder{std::filesystem::temp_directory_path()};
};

TEST_F(WholeWheel, ALargeOneIsFetchedOnceForWhoeverInstallsIt) {
    EXPECT_EQ(metadata().text, "Name: demo\nVersion: 1.0\n");
    EXPECT_THAT(keeper.fetched,
                ElementsAre("demo-1.0-py3-none-any.whl " + std::to_string(content.size())));
    EXPECT_THAT(transport.log(), ElementsAre(demo + "[tail]", local_url + "[tail]"));
}

TEST_F(WholeWheel, ASmallOneThatCameIsKept) {
    is_large = false;
    EXPECT_EQ(metadata().size_bytes, content.size());
    EXPECT_THAT(transport.log(), ElementsAre(demo + "[tail]"));
    EXPECT_THAT(keeper.fetched, IsEmpty());
    EXPECT_EQ(keeper.kept, 1);
}

TEST_F(WholeWheel, OneThatLiesHereIsNotCopied) {
    wheel.url = local_url;
    wheel.sha256.reset(); // as on pages that someone made of a folder
    EXPECT_EQ(metadata().size_bytes, content.size());
    EXPECT_EQ(keeper.kept, 0);
}

TEST_F(WholeWheel, WhoeverLookedAheadFoundThatAPartIsAskedForInVain) {
    const Index index = {"pypi", {"https://one.example.org/simple"}};
    transport.files["https://one.example.org/simple/demo/"] =
        "<a href='" + demo + "#sha256=" + sha256_of(content).hex() + "'>x</a>";

    struct Ahead final : Explorer {
        Wanted take_page(const PageQuery& /*query*/, PageAnswer answer) override {
            return {{}, answer.page->wheels};
        }

        Wanted take_metadata(const WheelFile& /*wheel*/,
                             const MetadataAnswer& /*answer*/) override {
            ADD_FAILURE() << "only a whole file gives it";
            return {};
        }
    } ahead;

    IndexClient client(transport, folder.path(), {}, &keeper);
    client.explore({{{&index, *PackageName::parse("demo")}}, {}}, ahead);
    EXPECT_EQ(transport.log().back(), demo + "[tail]");
    transport.batches.clear();
    EXPECT_EQ(client.metadata({&wheel, 1}).at(0).error, "");
    EXPECT_THAT(transport.log(), ElementsAre(local_url + "[tail]"));
}

TEST_F(WholeWheel, OfAServerThatIsKnownNoLargeFileIsAskedForInParts) {
    IndexClient client(transport, folder.path(), {}, &keeper);
    client.metadata({&wheel, 1});
    transport.batches.clear();
    WheelFile other = wheel_file("other-1.0-py3-none-any.whl", "another one");
    other.size_bytes = 100U << 20U;
    client.metadata({&other, 1});
    EXPECT_THAT(transport.log(), ElementsAre(local_url + "[tail]"));
    EXPECT_THAT(keeper.fetched.back(), HasSubstr("other-1.0-py3-none-any.whl 104857600"));
}

TEST_F(WholeWheel, OfAServerThatSentASmallOneWholeALargeOneIsAskedForInParts) {
    is_large = false;
    IndexClient client(transport, folder.path(), {}, &keeper);
    EXPECT_EQ(client.metadata({&wheel, 1}).at(0).error, "");
    transport.batches.clear();
    WheelFile other = wheel_file("other-1.0-py3-none-any.whl", "another one");
    other.size_bytes = 100U << 20U;
    client.metadata({&other, 1});
    EXPECT_THAT(transport.log().front(), HasSubstr("other-1.0-py3-none-any.whl[tail]"));
}

TEST_F(WholeWheel, AServerThatSendsAPartAfterAllKnowsRanges) {
    IndexClient client(transport, folder.path(), {}, &keeper);
    client.metadata({&wheel, 1});
    transport.ranges = Ranges::honoured;
    WheelFile small = wheel_file("small-1.0-py3-none-any.whl", "no archive");
    transport.files[small.url] = "no archive";
    client.metadata({&small, 1});
    transport.batches.clear();
    WheelFile other = wheel_file("other-1.0-py3-none-any.whl", "another one");
    other.size_bytes = 100U << 20U;
    client.metadata({&other, 1});
    EXPECT_THAT(transport.log().front(), HasSubstr("other-1.0-py3-none-any.whl[tail]"));
}

TEST_F(WholeWheel, OneThatIsLargerThanAnyArchiveMayBeIsNotFetched) {
    transport.distort = [](HttpResponse& response) {
        response.body.clear();
        response.error = "stopped";
        response.total_bytes = largest_archive_bytes + 1;
    };
    EXPECT_THAT(metadata().error, HasSubstr("no archive may have more than 1099511627776"));
    EXPECT_THAT(keeper.fetched, IsEmpty());
}

TEST_F(WholeWheel, WhatCannotBeHadIsToldApart) {
    keeper.error = Error({"every place failed", "", ""}, ExitCode::network);
    EXPECT_THROW(metadata(), Error);
    keeper.error = Error({"the file has another sha256", "", ""}, ExitCode::integrity);
    EXPECT_EQ(metadata().error, "the file has another sha256");
}

} // namespace
} // namespace envpm::pypi
