#include "host/probe.h"

#include "base/files.h"

#include <fmt/format.h>

namespace envpm::host {

namespace {

struct Facts {
    std::string executable = "/bin/sh"; ///< any file that exists
    std::string environment = "false";
    std::string base = "\"\"";
    std::string libc = "glibc 2.36";
    std::string implementation = "cpython";
    int major = 3;
    int minor = 12;
    std::string flags = {};
    std::string wide = "true";
    std::string version = "3.12.1";
};

Answer judged(const Facts& facts) {
    return judge("/bin/sh",
                 fmt::format(R"({{"executable":"{}","environment":{},"base":{},"libc":"{}",)"
                             R"("implementation":"{}","major":{},"minor":{},"flags":"{}",)"
                             R"("version":"{}","wide":{}}})",
                             facts.executable, facts.environment, facts.base, facts.libc,
                             facts.implementation, facts.major, facts.minor, facts.flags,
                             facts.version, facts.wide));
}

TEST(Probe, AnInterpreterIsWhatItSays) {
    const Answer answer = judged({});
    ASSERT_TRUE(answer.interpreter);
    EXPECT_EQ(answer.interpreter->executable, "/bin/sh");
    EXPECT_EQ(answer.interpreter->version, "3.12.1");
    EXPECT_EQ(answer.interpreter->abi, (PythonAbi{"cpython", 3, 12, "cp312"}));
}

TEST(Probe, TheFreeThreadedBuildHasAnAbiOfItsOwn) {
    const Answer answer = judged({.minor = 13, .flags = "t"});
    ASSERT_TRUE(answer.interpreter);
    EXPECT_EQ(answer.interpreter->abi.abi, "cp313t");
    EXPECT_EQ(answer.interpreter->abi.library_folder(), "python3.13t");
}

TEST(Probe, WhatNoWheelFitsIsNoInterpreter) {
    const std::vector<Facts> cases = {
        {.implementation = "pypy"}, {.major = 2, .minor = 7}, {.minor = 7}, {.libc = ""},
        {.libc = "musl 1.2"},       {.wide = "false"},        {.major = 4}, {.minor = 1'000'000},
    };
    for (const Facts& facts : cases) {
        EXPECT_EQ(judged(facts), Answer()) << facts.implementation << facts.minor << facts.libc;
    }
    EXPECT_EQ(judged({.flags = "\\u001b[1m"}), Answer());
    EXPECT_EQ(judged({.version = "3.12.1\\n"}), Answer());
    EXPECT_TRUE(judged({.minor = 8}).interpreter) << "3.8 is the oldest";
}

TEST(Probe, AnEnvironmentLeadsToItsBase) {
    EXPECT_EQ(judged({.environment = "true", .base = "\"/usr/bin/python3.12\""}).redirect,
              "/usr/bin/python3.12");
    EXPECT_EQ(judged({.environment = "true"}), Answer());
}

TEST(Probe, AShimLeadsToWhatItStarted) {
    const Answer answer = judged({.executable = "/bin/cat"});
    EXPECT_EQ(answer.interpreter, std::nullopt);
    EXPECT_EQ(answer.redirect, "/bin/cat");
}

TEST(Probe, NonsenseIsNoInterpreter) {
    for (const std::string& output :
         std::vector<std::string>{"", "hello", "{}", "[]", R"({"executable":1})",
                                  R"({"executable":"/bin/sh","environment":false})",
                                  R"({"executable":"/bin/sh","environment":true,"base":7})"}) {
        EXPECT_EQ(judge("/bin/sh", output), Answer()) << output;
    }
}

TEST(Probe, ProgramsThatAnswerOtherwiseAreNoInterpreters) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path script = folder.path() / "python3";
    for (const std::string body : {"exit 126", "exit 127", "echo '{}'", "cat /dev/zero"}) {
        write_file(script, "#!/bin/sh\n" + body + "\n", Durability::cached);
        std::filesystem::permissions(script, std::filesystem::perms::owner_all);
        EXPECT_EQ(ask(script, Variables()).answer, Answer()) << body;
    }
}

TEST(Probe, WhatDoesNotAnswerHasAReason) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path script = folder.path() / "python3";
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"#!/bin/sh\nexit 1\n", "it ended with code 1"},
        {"#!/bin/sh\nkill -KILL $$\n", "it was ended by a signal"},
        {"no program\n", "it cannot be started: Exec format error"},
        {"#!/absent/interpreter\n", "it cannot be started: No such file or directory"},
    };
    for (const auto& [text, reason] : cases) {
        write_file(script, text, Durability::cached);
        std::filesystem::permissions(script, std::filesystem::perms::owner_all);
        const Asked asked = ask(script, Variables());
        EXPECT_EQ(asked.answer, std::nullopt) << text;
        EXPECT_EQ(asked.failure, reason);
    }
}

} // namespace

} // namespace envpm::host
