#include "selftest/libraries.h"

#include "base/error.h"
#include "base/files.h"

#include <gmock/gmock.h>

namespace envpm::selftest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A prefix with copies of fake libraries.
class Libraries : public testing::Test {
  protected:
    Libraries() {
        request.program = GPUPROBE;
        request.prefix = prefix;
        request.time_limit = std::chrono::seconds(20);
    }

    void add(const std::string& file, const std::string& version) {
        const std::filesystem::path place = prefix / "lib" / file;
        std::filesystem::create_directories(place.parent_path());
        std::filesystem::copy_file(std::filesystem::path(FAKE_GPU) / "libraries" / file, place);
        request.libraries.push_back(
            {file.substr(0, file.find(".so")), place, "package " + version, version});
    }

    void misbehave(const std::string& mode, const std::string& library) {
        request.variables.set("FAKE_LIBRARY", mode);
        request.variables.set("FAKE_LIBRARY_BAD", library);
    }

    std::vector<TestedLibrary> tested() { return test_libraries(request, {}); }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
    std::filesystem::path prefix = std::filesystem::canonical(folder.path());
    LibraryRequest request;
};

TEST_F(Libraries, TellTheirVersionsWithoutADriver) {
    add("libcudart.so.13", "13.0.96");
    add("libcublas.so.13", "13.1.0.3");
    add("libnccl.so.2", "2.28.9");
    add("libnvrtc.so.13", "13.0.88");
    std::vector<std::string> versions;
    for (const TestedLibrary& library : tested()) {
        EXPECT_TRUE(library.is_right()) << library.library.name << library.ending.detail;
        versions.push_back(library.version);
    }
    EXPECT_THAT(versions, ElementsAre("13.0", "13.1.0", "2.28.9", "13.0"));
}

TEST_F(Libraries, OfAnotherVersionThanTheirPackageAreWrong) {
    add("libcublas.so.13", "13.1.0.3");
    add("libcudart.so.13", "13.0.96");
    misbehave("wrong", "libcublas");
    const auto found = tested();
    EXPECT_EQ(found[0].version, "14.1.0");
    EXPECT_EQ(found[0].ending.outcome, Outcome::passed);
    EXPECT_FALSE(found[0].is_right());
    EXPECT_TRUE(found[1].is_right());
}

TEST_F(Libraries, OfAnOldNcclCountTheirVersionOtherwise) {
    add("libnccl.so.2", "2.8.4");
    misbehave("old", "libnccl");
    const TestedLibrary found = tested().front();
    EXPECT_EQ(found.version, "2.8.4");
    EXPECT_TRUE(found.is_right());
}

TEST_F(Libraries, APartOfANumberIsNoVersion) {
    const TestedLibrary library{{"libcublas", "", "", "13.10.0"}, {}, "13.1", {}, 0};
    EXPECT_FALSE(library.has_right_version());
}

TEST_F(Libraries, ThatCrashHangOrEndTheProcessEndNothingElse) {
    add("libcublas.so.13", "13.1.0.3");
    add("libcudart.so.13", "13.0.96");
    const std::pair<const char*, Outcome> endings[] = {
        {"crash", Outcome::crashed}, {"exit", Outcome::crashed}, {"hang", Outcome::timed_out}};
    for (const auto& [mode, outcome] : endings) {
        misbehave(mode, "libcublas");
        request.time_limit =
            std::chrono::milliseconds(outcome == Outcome::timed_out ? 300 : 20'000);
        const auto found = tested();
        EXPECT_EQ(found[0].ending.outcome, outcome) << mode;
        EXPECT_EQ(found[0].ending.stage, "load") << mode;
        EXPECT_TRUE(found[1].is_right()) << mode;
    }
}

TEST_F(Libraries, WithoutTheirFunctionOrOfPartsThatDifferFail) {
    add("libcurand.so.10", "10.4.0.35");
    add("libcublas.so.13", "13.1.0.3");
    add("libcudnn.so.9", "9.19.0.56");
    misbehave("error", "libcublas");
    auto found = tested();
    EXPECT_EQ(found[0].ending.outcome, Outcome::no_symbol);
    EXPECT_EQ(found[0].ending.detail, "curandGetProperty");
    EXPECT_EQ(found[1].ending.code, 3);
    misbehave("check", "libcudnn");
    EXPECT_EQ(tested()[2].ending.stage, "cudnnOpsVersionCheck");
}

TEST_F(Libraries, ThatBringOthersFromOutsideThePrefixAreNamed) {
    add("libcudnn.so.9", "9.19.0.56");
    const TestedLibrary found = tested().front();
    EXPECT_EQ(found.version, "9.19.0");
    EXPECT_THAT(found.strangers, ElementsAre(HasSubstr("libraries/libcudart.so.13")));
    EXPECT_FALSE(found.is_right());
}

TEST_F(Libraries, ThatCannotBeLoadedSayWhy) {
    request.libraries.push_back({"libnccl", prefix / "libnccl.so.2", "", ""});
    write_file(prefix / "libnccl.so.2", "no library");
    EXPECT_EQ(tested().front().ending.outcome, Outcome::no_library);
    EXPECT_THAT(tested().front().ending.detail, HasSubstr("libnccl.so.2"));
    request.program = prefix / "none";
    EXPECT_EQ(tested().front().ending.outcome, Outcome::no_probe);
}

TEST_F(Libraries, AStopIsHeard) {
    add("libnccl.so.2", "2.28.9");
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(test_libraries(request, stop.get_token()), Error);
}

} // namespace
} // namespace envpm::selftest
