#include "selftest/cache.h"

#include "base/files.h"

#include <gmock/gmock.h>

#include <set>

namespace envpm::selftest {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Time = std::chrono::system_clock::time_point;

const Time noon{hours(500'000)};

ProbeReport success() {
    ProbeReport report;
    report.library = "/usr/lib/libcuda.so.580.65.06";
    report.cuda = CudaVersion{13, 0};
    report.gpus.push_back({{0, "A \"GPU\"", "GPU-1", ComputeCapability{9, 0}}, {}});
    report.gpus.push_back({{1, "", "", std::nullopt}, {}});
    return report;
}

TestIdentity identity() {
    return {.environment = "/p/abc",
            .probe = "1",
            .driver = "580.65.06",
            .gpus = {"GPU-1", "GPU-2"},
            .boot_id = "b",
            .variables = Variables({{"CUDA_VISIBLE_DEVICES", "0"}, {"HOME", "/home/me"}})};
}

class SuccessCacheTest : public testing::Test {
  protected:
    [[nodiscard]] SuccessCache at(Time time) const { return {file, time}; }

    TemporaryFolder folder{std::filesystem::temp_directory_path()};
    std::filesystem::path file = folder.path() / "selftest" / "successes.json";
    Sha256 key = key_of(identity());
};

TEST_F(SuccessCacheTest, ASuccessIsFoundAgain) {
    EXPECT_EQ(at(noon).find(key), std::nullopt);
    at(noon).put(key, success());
    EXPECT_EQ(at(noon).find(key), success());
    EXPECT_EQ(at(noon).find(sha256_of("another")), std::nullopt);
}

TEST_F(SuccessCacheTest, ASuccessIsGoodForADay) {
    at(noon).put(key, success());
    EXPECT_TRUE(at(noon + hours(23)).find(key));
    EXPECT_FALSE(at(noon + hours(24)).find(key));
}

TEST_F(SuccessCacheTest, ASuccessOfTheFutureIsNotBelieved) {
    at(noon).put(key, success());
    EXPECT_TRUE(at(noon - minutes(5)).find(key));
    EXPECT_FALSE(at(noon - minutes(6)).find(key));
}

TEST_F(SuccessCacheTest, WhatIsTooOldIsDropped) {
    at(noon).put(key, success());
    at(noon + hours(30)).put(sha256_of("another"), success());
    EXPECT_THAT(read_file(file), testing::Not(testing::HasSubstr(key.hex())));
}

TEST_F(SuccessCacheTest, ADamagedFileIsNoCache) {
    at(noon).put(key, success());
    const std::string good = read_file(file);
    const std::string other_format = "{\"format\": 2, " + good.substr(good.find("\"successes\""));
    for (const std::string& bad :
         {std::string(), std::string("{"), std::string("[]"), good.substr(0, good.size() / 2),
          other_format, std::string("{\"format\": 1, \"successes\": 3}"),
          "{\"format\": 1, \"successes\": {\"" + key.hex() + "\": 7}}"}) {
        write_file(file, bad, Durability::cached);
        EXPECT_EQ(at(noon).find(key), std::nullopt) << bad;
        at(noon).put(key, success());
        EXPECT_EQ(at(noon).find(key), success()) << bad;
    }
}

TEST_F(SuccessCacheTest, AnEntryWithoutGpusIsNoSuccess) {
    at(noon).put(key, success());
    std::string text = read_file(file);
    const std::size_t begin = text.find("\"gpus\": [");
    text.replace(begin, text.find(']', begin) + 1 - begin, "\"gpus\": []");
    write_file(file, text, Durability::cached);
    EXPECT_EQ(at(noon).find(key), std::nullopt);
}

TEST_F(SuccessCacheTest, ACacheThatCannotBeWrittenIsNoFailure) {
    write_file(folder.path() / "selftest", "a file where the folder should be", Durability::cached);
    at(noon).put(key, success());
    EXPECT_EQ(at(noon).find(key), std::nullopt);
}

TEST(TestKey, ChangesWithAllThatTheResultDependsOn) {
    std::vector<TestIdentity> others(9, identity());
    others[0].environment = "/p/other";
    others[1].probe = "2";
    others[2].driver = "580.65.07";
    others[3].gpus = {"GPU-1"};
    others[4].gpus = {"GPU-1GPU-2"};
    others[5].boot_id = "c";
    others[6].variables.set("CUDA_VISIBLE_DEVICES", "1");
    others[7].variables.set("CUDA_VISIBLE_DEVICES", "");
    others[8].variables.unset("CUDA_VISIBLE_DEVICES");
    std::set<Sha256> keys = {key_of(identity())};
    for (const TestIdentity& other : others) {
        EXPECT_TRUE(keys.insert(key_of(other)).second);
    }
}

TEST(TestKey, DoesNotChangeWithWhatTheDriverDoesNotRead) {
    TestIdentity other = identity();
    other.variables.set("HOME", "/home/you");
    EXPECT_EQ(key_of(other), key_of(identity()));
    other.variables.set("LD_LIBRARY_PATH", "/usr/local/cuda/compat");
    EXPECT_NE(key_of(other), key_of(identity())) << "it decides which libcuda.so.1 is loaded";
}

} // namespace

} // namespace envpm::selftest
