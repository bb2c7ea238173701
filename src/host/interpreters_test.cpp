#include "host/interpreters.h"

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "base/thread_pool.h"

#include <fmt/format.h>

namespace envpm::host {

namespace {

namespace fs = std::filesystem;

/// Needs a real CPython at /usr/bin/python3; HOME is a folder of the test's own.
class Interpreters : public testing::Test {
  protected:
    void SetUp() override {
        if (!fs::exists(real_)) {
            GTEST_SKIP() << "this machine has no /usr/bin/python3";
        }
        variables_.set("HOME", home_.string());
        set_path({});
    }

    void set_path(const std::vector<std::string>& folders) {
        std::string path;
        for (const std::string& folder : folders) {
            path += (home_ / folder).string() + ":";
        }
        variables_.set("PATH", path + "/usr/bin:/bin");
    }

    fs::path script(const std::string& name, const std::string& body) {
        write_file(home_ / name, "#!/bin/sh\n" + body + "\n", Durability::cached);
        fs::permissions(home_ / name, fs::perms::owner_all);
        return home_ / name;
    }

    fs::path link(const fs::path& target, const std::string& name) {
        fs::create_directories((home_ / name).parent_path());
        fs::create_symlink(target, home_ / name);
        return home_ / name;
    }

    std::vector<Interpreter> find() const { return find_interpreters(inquiry()).found; }

    Inquiry inquiry() const { return {variables_, cache_, now_}; }

    /// How often the wrapper of `counted` was started.
    [[nodiscard]] std::size_t starts() const {
        return read_file_if_present(home_ / "starts").value_or("").size();
    }

    fs::path counted(const std::string& name) {
        return script(name, fmt::format("printf x >>'{}'\nexec {} \"$@\"",
                                        (home_ / "starts").string(), real_.string()));
    }

    const fs::path real_ = "/usr/bin/python3";
    TemporaryFolder folder_{fs::temp_directory_path()};
    fs::path home_ = fs::canonical(folder_.path());
    fs::path cache_ = home_ / "cache/interpreters.json";
    Variables variables_;
    std::chrono::system_clock::time_point now_{std::chrono::hours(500'000)};
};

TEST_F(Interpreters, FindsTheOneOfTheSystemWithItsFacts) {
    const std::vector<Interpreter> found = find();
    ASSERT_FALSE(found.empty());
    const std::string said =
        run_process({.command = {real_.string(), "-c",
                                 "import sys, sysconfig, platform\n"
                                 "print(platform.python_version(), *sys.version_info[:2])\n"
                                 "print(sysconfig.get_config_var('SOABI'))"},
                     .environment = {}})
            .output;
    EXPECT_TRUE(fs::equivalent(found.front().executable, real_));
    const PythonAbi& abi = found.front().abi;
    EXPECT_THAT(said, testing::StartsWith(
                          fmt::format("{} {} {}\n", found.front().version, abi.major, abi.minor)));
    // "cpython-311-x86_64-linux-gnu" is what extension modules have for "cp311".
    EXPECT_THAT(said, testing::HasSubstr("cpython-" + abi.abi.substr(2) + "-"));
}

TEST_F(Interpreters, NamesEachOnceByTheNameThatLasts) {
    link(real_, "a/python");
    link(real_, "b/python3");
    set_path({"a", "b"});
    const std::vector<Interpreter> found = find();
    const auto is_real = [&](const Interpreter& one) {
        return fs::equivalent(one.executable, real_);
    };
    EXPECT_EQ(std::count_if(found.begin(), found.end(), is_real), 1);
    EXPECT_EQ(found.front().executable, home_ / "a/python");
    set_path({});
    const std::vector<Interpreter> system = find();
    const fs::path lasting = fs::path("/usr/bin") / system.front().abi.library_folder();
    EXPECT_EQ(system.front().executable, fs::exists(lasting) ? lasting : real_);
}

TEST_F(Interpreters, AVenvStandsForWhatItWasMadeFrom) {
    const fs::path base = fs::canonical(real_);
    write_file(home_ / "venv/pyvenv.cfg", "home = /usr/bin\n", Durability::cached);
    link(base, "venv/bin/python3");
    set_path({"venv/bin"});
    const std::vector<Interpreter> found = find();
    ASSERT_FALSE(found.empty());
    EXPECT_TRUE(fs::equivalent(found.front().executable, base));
    EXPECT_EQ(found.front().executable.parent_path(), "/usr/bin");
    for (const Interpreter& one : found) {
        EXPECT_FALSE(one.executable.string().starts_with((home_ / "venv").string()));
    }
}

TEST_F(Interpreters, ACondaEnvironmentStandsForItsBaseOrForNothing) {
    fs::create_directories(home_ / "lone/conda-meta");
    link(real_, "lone/bin/python3");
    fs::create_directories(home_ / "root/conda-meta");
    fs::create_directories(home_ / "root/condabin");
    link(real_, "root/bin/python3");
    fs::create_directories(home_ / "root/envs/x/conda-meta");
    link(real_, "root/envs/x/bin/python3");
    set_path({"lone/bin", "root/envs/x/bin"});
    const std::vector<Interpreter> found = find();
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found.front().executable, home_ / "root/bin/python3");
}

TEST_F(Interpreters, AnyNameOfAFolderIsReadAsItIs) {
    const std::string folder = "a \"b\" \\ \t \u00fc \u20ac \U0001d11e/bin";
    const fs::path python = link(real_, folder + "/python3");
    set_path({folder});
    const std::vector<Interpreter> found = find();
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found.front().executable, python);
}

TEST_F(Interpreters, AShimStandsForWhatItStarts) {
    counted("shims/python3");
    set_path({"shims"});
    const std::vector<Interpreter> found = find();
    ASSERT_FALSE(found.empty());
    EXPECT_TRUE(fs::equivalent(found.front().executable, real_));
    EXPECT_EQ(starts(), 1U);
}

TEST_F(Interpreters, LeavesOutWhatDoesNotAnswerAndRings) {
    script("bad/python3", "exit 3");
    script("worse/python3", "echo '{\"executable\": \"/bin/sh\"'");
    script("ring/python3", fmt::format(R"(echo '{{"executable":"{}","environment":false}}')",
                                       (home_ / "ring/python").string()));
    script("ring/python", fmt::format(R"(echo '{{"executable":"{}","environment":false}}')",
                                      (home_ / "ring/python3").string()));
    const std::vector<Interpreter> before = find();
    set_path({"bad", "worse", "ring"});
    EXPECT_EQ(find(), before);
}

TEST_F(Interpreters, WhatFailsByItselfIsToldAndAskedAgainAfterAnHour) {
    const fs::path bad =
        script("bad/python3", fmt::format("printf x >>'{}'; exit 3", (home_ / "starts").string()));
    set_path({"bad"});
    const std::vector<SilentProgram> told = {{bad, "it ended with code 3"}};
    const std::vector<SilentProgram> remembered = {{bad, "it ended with code 3", true}};
    EXPECT_EQ(words_of(told),
              fmt::format("; `{}` might be one, but it ended with code 3", bad.string()));
    const auto silent = [&](const Inquiry& asked) {
        std::vector<SilentProgram> all = find_interpreters(asked).silent;
        std::erase_if(all, [&](const SilentProgram& one) { return one.program != bad; });
        return all;
    };
    EXPECT_EQ(silent(inquiry()), told);
    now_ += std::chrono::minutes(59);
    EXPECT_EQ(silent(inquiry()), remembered);
    EXPECT_EQ(starts(), 1U);
    Inquiry again = inquiry();
    again.failures = Inquiry::Failures::tried_again;
    EXPECT_EQ(silent(again), told);
    EXPECT_EQ(starts(), 2U);
    now_ += std::chrono::hours(1);
    EXPECT_EQ(silent(inquiry()), told);
    EXPECT_EQ(starts(), 3U);
    now_ -= std::chrono::minutes(1);
    EXPECT_EQ(silent(inquiry()), told) << "a clock that was set back";
    EXPECT_EQ(starts(), 4U);
}

TEST_F(Interpreters, WhatFailedIsAskedAgainWhenItIsAnotherFile) {
    const fs::path bad = script("bad/python3", "exit 3");
    set_path({"bad"});
    find();
    const fs::file_time_type time = fs::last_write_time(bad);
    counted("shims/python3");
    fs::rename(home_ / "shims/python3", bad);
    fs::last_write_time(bad, time);
    const HostInterpreters mended = find_interpreters(inquiry());
    EXPECT_TRUE(std::none_of(mended.silent.begin(), mended.silent.end(),
                             [&](const SilentProgram& one) { return one.program == bad; }));
    EXPECT_FALSE(mended.found.empty());
}

TEST_F(Interpreters, WhatTheMachineEndedIsAskedAgain) {
    script("bad/python3", fmt::format("printf x >>'{}'; kill -9 $$", (home_ / "starts").string()));
    set_path({"bad"});
    find();
    find();
    EXPECT_EQ(starts(), 2U);
}

TEST_F(Interpreters, AWarmCacheStartsNobody) {
    counted("shims/python3");
    script("bad/python3", fmt::format("printf x >>'{}'; exit 127", (home_ / "starts").string()));
    set_path({"shims", "bad"});
    const std::vector<Interpreter> cold = find();
    EXPECT_EQ(starts(), 2U);
    EXPECT_EQ(find(), cold);
    EXPECT_EQ(starts(), 2U) << "one that is no interpreter is not asked again either";
    // A fact that no interpreter would state shows that the answer came from the file.
    std::string text = read_file(cache_);
    const std::string version = "\"version\": \"" + cold.front().version + "\"";
    for (std::size_t at = text.find(version); at != std::string::npos; at = text.find(version)) {
        text.replace(at, version.size(), "\"version\": \"3.99.99\"");
    }
    write_file(cache_, text, Durability::cached);
    EXPECT_EQ(find().front().version, "3.99.99");
}

TEST_F(Interpreters, ManyAtOnceAskOnce) {
    constexpr int many = 4;
    fs::create_directory(home_ / "bin");
    counted("bin/python3");
    set_path({"bin"});
    ThreadPool pool(many);
    parallel_for(pool, many, [this](std::size_t) { EXPECT_FALSE(find().empty()); });
    EXPECT_EQ(starts(), 1U);
}

TEST_F(Interpreters, WhoWaitsForAnotherToAskSaysSoOnceAfterASecond) {
    std::optional<FileLock> other(std::in_place, cache_.parent_path() / "asking.lock",
                                  LockKind::exclusive);
    const auto begin = std::chrono::steady_clock::now();
    int told = 0;
    Inquiry asked = inquiry();
    asked.on_wait = [&] {
        EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
        ++told;
        other.reset();
    };
    EXPECT_FALSE(find_interpreters(asked).found.empty());
    EXPECT_EQ(told, 1);
    asked.now += std::chrono::hours(1);
    find_interpreters(asked); // nobody is in the way
    EXPECT_EQ(told, 1);
}

TEST_F(Interpreters, ANameThatSaysAnotherVersionIsNotAsked) {
    counted("other/python3.7");
    counted("some/python3.8");
    counted("plain/python3");
    set_path({"other", "some", "plain"});
    Inquiry narrow = inquiry();
    narrow.is_wanted = [](int major, int minor) { return major == 3 && minor == 8; };
    find_interpreters(narrow);
    EXPECT_EQ(starts(), 2U);
    find();
    EXPECT_EQ(starts(), 3U) << "without a wish all are asked";
}

TEST_F(Interpreters, AChangedFileIsAskedAgain) {
    counted("shims/python3");
    set_path({"shims"});
    find();
    counted("shims/python3");
    find();
    EXPECT_EQ(starts(), 2U);
}

TEST_F(Interpreters, ACacheThatCannotBeReadIsAnError) {
    fs::create_directories(cache_);
    EXPECT_THROW(find(), Error);
}

TEST(ChooseInterpreter, TakesTheSameVersionElseTheFirstOfTheAbi) {
    const auto python = [](const char* path, int minor, const char* abi, const char* version) {
        return Interpreter{path, {"cpython", 3, minor, abi}, version};
    };
    const std::vector<Interpreter> found = {
        python("/a", 12, "cp312", "3.12.1"),  python("/b", 13, "cp313t", "3.13.0"),
        python("/c", 13, "cp313", "3.13.1"),  python("/d", 12, "cp312", "3.12.4"),
        python("/e", 11, "cp311d", "3.11.2"),
    };
    const PythonAbi cp312{"cpython", 3, 12, "cp312"};
    const PythonAbi cp313{"cpython", 3, 13, "cp313"};
    const PythonAbi cp311{"cpython", 3, 11, "cp311"};
    EXPECT_EQ(choose_interpreter(found, cp312, "3.12.4"), &found[3]);
    EXPECT_EQ(choose_interpreter(found, cp312, "3.12.9"), &found[0]);
    EXPECT_EQ(choose_interpreter(found, cp313, "3.13.0"), &found[2]);
    EXPECT_EQ(choose_interpreter(found, cp311, "3.11.2"), nullptr);
    EXPECT_EQ(choose_interpreter({}, cp312, "3.12.1"), nullptr);
}

} // namespace

} // namespace envpm::host
