#include "host/interpreter_cache.h"

#include "base/error.h"
#include "base/files.h"

namespace envpm::host {

namespace {

namespace fs = std::filesystem;

const Program& python() {
    static const Program program{"/usr/bin/python3", "key", "stamp"};
    return program;
}

Answer interpreter() {
    return {Interpreter{"/usr/bin/python3", {"cpython", 3, 13, "cp313t"}, "3.13.0"}, {}};
}

class CacheFile : public testing::Test {
  protected:
    TemporaryFolder folder_{fs::temp_directory_path()};
    fs::path file_ = folder_.path() / "below/interpreters.json";
};

TEST_F(CacheFile, KeepsEveryKindOfAnswer) {
    const Program shim{"/shims/python3", "k", "s"};
    const Program other{"/bin/cat", "k2", "s2"};
    InterpreterCache cache(file_);
    cache.put(python(), interpreter());
    cache.put(shim, {std::nullopt, "/usr/bin/python3"});
    cache.put(other, {});
    cache.save();
    const InterpreterCache again(file_);
    ASSERT_NE(again.find(python()), nullptr);
    EXPECT_EQ(*again.find(python()), interpreter());
    ASSERT_NE(again.find(shim), nullptr);
    EXPECT_EQ(again.find(shim)->redirect, "/usr/bin/python3");
    ASSERT_NE(again.find(other), nullptr);
    EXPECT_EQ(*again.find(other), Answer());
    EXPECT_THAT(read_file(file_), testing::StartsWith("{\n \"format\": 3,"));
}

TEST_F(CacheFile, AnAnswerIsGoodOnlyForTheStampItWasGivenFor) {
    InterpreterCache cache(file_);
    cache.put(python(), interpreter());
    Program changed = python();
    changed.stamp = "other";
    EXPECT_EQ(cache.find(changed), nullptr);
    EXPECT_NE(cache.find(python()), nullptr);
}

TEST_F(CacheFile, AFailureIsKeptForADay) {
    constexpr InterpreterCache::Time now{std::chrono::hours(500'000)};
    InterpreterCache cache(file_);
    cache.put_failure(python(), "it ended with code 3", now);
    cache.save();
    const InterpreterCache again(file_);
    EXPECT_EQ(again.find(python()), nullptr);
    const auto is_known = [&](InterpreterCache::Time time) {
        return again.find_failure(python(), time) != nullptr;
    };
    ASSERT_TRUE(is_known(now));
    EXPECT_EQ(*again.find_failure(python(), now), "it ended with code 3");
    EXPECT_TRUE(is_known(now + std::chrono::minutes(59)));
    EXPECT_FALSE(is_known(now + std::chrono::hours(1)));
    EXPECT_FALSE(is_known(now - std::chrono::seconds(1)));
    EXPECT_EQ(again.find_failure({python().path, "key", "other stamp"}, now), nullptr);
    cache.put(python(), interpreter());
    EXPECT_EQ(cache.find_failure(python(), now), nullptr);
}

TEST_F(CacheFile, DamageAndOtherFormatsAreAsAbsence) {
    InterpreterCache cache(file_);
    cache.put(python(), interpreter());
    cache.save();
    const std::string good = read_file(file_);
    std::vector<std::string> cases = {"",
                                      "x",
                                      "[]",
                                      "{}",
                                      R"({"format":1})",
                                      R"({"format":3,"programs":[]})",
                                      R"({"format":3,"programs":[{"path":"/usr/bin/python3",)"
                                      R"("stamp":"stamp"}]})",
                                      R"({"format":2,"programs":[{"path":"/a"}]})"};
    for (std::size_t length = 0; length + 2 < good.size(); length += 7) {
        cases.push_back(good.substr(0, length));
    }
    for (const std::string& text : cases) {
        write_file(file_, text, Durability::cached);
        EXPECT_EQ(InterpreterCache(file_).find(python()), nullptr) << text;
    }
    write_file(file_, good, Durability::cached);
    EXPECT_NE(InterpreterCache(file_).find(python()), nullptr);
}

TEST_F(CacheFile, WhatCannotBeReadIsAnError) {
    fs::create_directories(file_);
    EXPECT_THROW(InterpreterCache{file_}, Error);
}

TEST_F(CacheFile, WhatCannotBeWrittenIsNone) {
    InterpreterCache cache(file_);
    cache.put(python(), interpreter());
    write_file(folder_.path() / "below", "a file where the folder should be", Durability::cached);
    EXPECT_NO_THROW(cache.save());
    EXPECT_NE(cache.find(python()), nullptr);
}

TEST_F(CacheFile, IsNotWrittenWithoutNeed) {
    InterpreterCache(file_).save();
    EXPECT_FALSE(fs::exists(file_));
}

TEST_F(CacheFile, NeverGrowsBeyondItsBound) {
    InterpreterCache cache(file_);
    for (int i = 0; i < 2000; ++i) {
        cache.put({"/bin/" + std::to_string(i), "k", "s"}, {});
    }
    cache.save();
    EXPECT_LT(read_file(file_).size(), 100'000U);
    EXPECT_NE(cache.find({"/bin/1999", "k", "s"}), nullptr);
}

} // namespace

} // namespace envpm::host
