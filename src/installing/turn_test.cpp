#include "installing/turn.h"

#include "base/error.h"
#include "base/files.h"
#include "base/told_progress.h"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

namespace envpm::installing {

namespace {

using ::testing::ElementsAre;

class Turns : public ::testing::Test {
  protected:
    static LockedPackage package(const std::string& name) {
        return {.name = PackageName::parse(name).value(),
                .version = "1.0",
                .source = "pypi",
                .file = name + "-1.0-py3-none-any.whl",
                .size_bytes = 1000,
                .sha256 = sha256_of(name),
                .targets = {},
                .extras = {},
                .dependencies = {}};
    }

    static std::vector<std::string> names(const UnpackTurn& turn) {
        std::vector<std::string> found;
        for (const LockedPackage& one : turn.packages) {
            found.push_back(one.name.string());
        }
        return found;
    }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
    store::Store store = store::Store::open(folder.path() / "root");
    std::stop_source stop;
    envpm::test::ToldProgress progress;
    project::Services services{{}, surroundings(), progress};

  private:
    [[nodiscard]] project::Surroundings surroundings() const {
        project::Surroundings made;
        made.stop = stop.get_token();
        return made;
    }
};

TEST_F(Turns, AreGivenForWhatNobodyElseHas) {
    const UnpackTurn first = turn_to_unpack({package("a"), package("b")}, store, services);
    EXPECT_THAT(names(first), ElementsAre("a", "b"));
    const UnpackTurn other = turn_to_unpack({package("b"), package("c")}, store, services);
    EXPECT_THAT(names(other), ElementsAre("c"));
    EXPECT_TRUE(progress.lines.empty());
}

TEST_F(Turns, AreWaitedForUntilTheOneBeforeEnds) {
    std::optional<UnpackTurn> first =
        turn_to_unpack({package("a"), package("b"), package("c")}, store, services);
    progress.then = [&](std::string_view /*line*/) { first.reset(); };
    const UnpackTurn next = turn_to_unpack({package("b"), package("c")}, store, services);
    EXPECT_THAT(names(next), ElementsAre("b", "c"));
    EXPECT_THAT(progress.lines, ElementsAre("another process is unpacking b 1.0 and 1 more: "
                                            "waiting for it"));
}

TEST_F(Turns, ToMakeOneEnvironmentComeOneAfterTheOther) {
    std::optional<ByteLocks> first = turn_to_make(sha256_of("env"), store, services);
    ASSERT_TRUE(first);
    EXPECT_TRUE(turn_to_make(sha256_of("another"), store, services));
    EXPECT_TRUE(progress.lines.empty());
    progress.then = [&](std::string_view /*line*/) { first.reset(); };
    EXPECT_TRUE(turn_to_make(sha256_of("env"), store, services));
    EXPECT_THAT(progress.lines, ElementsAre("another process is installing this environment: "
                                            "waiting for it"));
}

TEST_F(Turns, AreNotWaitedForByWhoWantsToStop) {
    const UnpackTurn first = turn_to_unpack({package("a")}, store, services);
    stop.request_stop();
    try {
        turn_to_unpack({package("a")}, store, services);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::interrupted);
    }
    EXPECT_THAT(progress.lines, ElementsAre("another process is unpacking a 1.0: waiting for it"));
}

} // namespace

} // namespace envpm::installing
