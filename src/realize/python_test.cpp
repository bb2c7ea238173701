#include "base/remove_tree.h"
#include "realize/build.h"
#include "realize/check.h"
#include "realize/compose.h"
#include "realize/world_for_tests.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

namespace envpm::realize {

namespace {

using testing::HasSubstr;

/// The Pythons of this machine that the tests may use.
std::vector<Interpreter> interpreters() {
    std::vector<std::filesystem::path> folders = {"/usr/bin"};
    const char* home = std::getenv("HOME");
    const std::filesystem::path pyenv =
        std::filesystem::path(home ? home : "/") / ".pyenv/versions";
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(pyenv, failure)) {
        folders.push_back(entry.path() / "bin");
    }
    std::vector<Interpreter> found;
    for (const std::filesystem::path& folder : folders) {
        for (int minor = 8; minor <= 14; ++minor) {
            const std::filesystem::path executable = folder / fmt::format("python3.{}", minor);
            if (std::filesystem::exists(executable)) {
                found.push_back({executable,
                                 {"cpython", 3, minor, fmt::format("cp3{}", minor)},
                                 fmt::format("3.{}", minor)});
            }
        }
    }
    return found;
}

/// A real prefix of the demo package for one interpreter.
class PythonPrefix {
  public:
    explicit PythonPrefix(const Interpreter& interpreter)
        : layout(compose({world.package(interpreter.abi, 10)}, interpreter.abi)),
          request(world.request(layout)) {
        request.interpreter = interpreter;
        path = build(world.store, request, pool, progress).prefix;
    }

    /// In an environment of `variables` alone.
    [[nodiscard]] Ran python(const std::string& arguments, const std::string& variables) const {
        return run("cd / && env -i " + variables + " " + (path / "bin/python").string() + " " +
                   arguments);
    }

    [[nodiscard]] std::string home() const { return "HOME=" + (world.folder() / "home").string(); }

    [[nodiscard]] std::string bytecode() const {
        return run("cd " + world.folder().string() + " && find . -name 'tools.cpython-*.pyc'").out;
    }

    [[nodiscard]] bool is_clean() { return check(path, CheckDepth::full, pool, progress).empty(); }

    World world;
    Layout layout;
    PrefixRequest request;
    ThreadPool pool{2};
    SilentProgress progress;
    std::filesystem::path path;
};

constexpr std::string_view import_demo = "-c 'import demo, sys; print(demo.answer, sys.prefix)'";

TEST(PythonPrefix, RunsUnderEveryPythonOfThisMachine) {
    const std::vector<Interpreter> found = interpreters();
    if (found.empty()) {
        GTEST_SKIP() << "no Python here";
    }
    for (const Interpreter& interpreter : found) {
        SCOPED_TRACE(interpreter.executable.string());
        PythonPrefix prefix(interpreter);
        for (const char* flags : {"", "-I ", "-E ", "-s ", "-O "}) {
            EXPECT_EQ(prefix.python(flags + std::string(import_demo), prefix.home()).out,
                      "42 " + prefix.path.string() + "\n");
        }
        EXPECT_EQ(
            run("env -i " + prefix.home() + " " + (prefix.path / "bin/demo").string() + " 'a  b'")
                .out,
            "42 " + prefix.path.string() + " a  b\n");
        EXPECT_TRUE(prefix.is_clean());
        EXPECT_THAT(prefix.bytecode(), HasSubstr("home/.cache/envpm/pycache/"));
    }
}

/// The one that most tests use.
std::optional<Interpreter> some_python() {
    const std::vector<Interpreter> found = interpreters();
    return found.empty() ? std::nullopt : std::optional(found.front());
}

TEST(PythonPrefix, KeepsBytecodeWhereTheUserSays) {
    const std::optional<Interpreter> interpreter = some_python();
    if (!interpreter) {
        GTEST_SKIP() << "no Python here";
    }
    PythonPrefix prefix(*interpreter);
    const std::string folder = prefix.world.folder().string();
    const std::vector<std::pair<std::string, std::string>> cases = {
        {prefix.home() + " ENVPM_CACHE=" + folder + "/cache XDG_CACHE_HOME=/nowhere",
         "./cache/pycache/"},
        {prefix.home() + " XDG_CACHE_HOME=" + folder + "/xdg", "./xdg/envpm/pycache/"},
        {prefix.home() + " XDG_CACHE_HOME=relative", "./home/.cache/envpm/pycache/"},
        {prefix.home() + " PYTHONPYCACHEPREFIX=" + folder + "/own", "./own/"},
    };
    for (const auto& [variables, place] : cases) {
        EXPECT_EQ(prefix.python(std::string(import_demo), variables).code, 0) << variables;
        EXPECT_TRUE(prefix.bytecode().starts_with(place)) << prefix.bytecode();
        for (const char* name : {"cache", "xdg", "home", "own"}) {
            remove_tree(prefix.world.folder() / name);
        }
    }
    EXPECT_TRUE(prefix.is_clean());
}

TEST(PythonPrefix, WritesNoBytecodeWhereThereIsNoPlaceForIt) {
    const std::optional<Interpreter> interpreter = some_python();
    if (!interpreter) {
        GTEST_SKIP() << "no Python here";
    }
    PythonPrefix prefix(*interpreter);
    const std::string folder = prefix.world.folder().string();
    write_file(prefix.world.folder() / "file", "", Durability::cached);
    std::filesystem::create_directories(prefix.world.folder() / "foreign/pycache");
    std::vector<std::string> cases = {"HOME=" + folder + "/file", "HOME=/proc",
                                      "ENVPM_CACHE=relative", "HOME=relative"};
    if (::geteuid() == 0) {
        constexpr uid_t somebody = 12345;
        ASSERT_EQ(::chown((folder + "/foreign/pycache").c_str(), somebody, somebody), 0);
        cases.push_back("ENVPM_CACHE=" + folder + "/foreign");
    }
    for (const std::string& variables : cases) {
        EXPECT_EQ(prefix.python(std::string(import_demo), variables).out,
                  "42 " + prefix.path.string() + "\n")
            << variables;
        EXPECT_EQ(prefix.bytecode(), "") << variables;
        EXPECT_EQ(prefix.python("-c 'import sys; print(sys.dont_write_bytecode)'", variables).out,
                  "True\n");
    }
    EXPECT_TRUE(prefix.is_clean());
}

TEST(PythonPrefix, MayHaveASpaceOrALongName) {
    const std::optional<Interpreter> interpreter = some_python();
    if (!interpreter) {
        GTEST_SKIP() << "no Python here";
    }
    PythonPrefix prefix(*interpreter);
    for (const std::string& name : {std::string("with a space"), std::string(140, 'n')}) {
        const std::filesystem::path place = prefix.world.folder() / name;
        lay_out(prefix.world.store, prefix.request, place, prefix.pool, prefix.progress);
        EXPECT_EQ(
            run("env -i " + prefix.home() + " '" + (place / "bin/demo").string() + "' 'a  b'").out,
            "42 " + place.string() + " a  b\n");
    }
}

/// Two environments whose module differs, but not in time or size, one after the other where
/// `place` puts them: each must run its own.
void expect_own_bytecode(
    PythonPrefix& prefix,
    const std::function<std::filesystem::path(const PrefixRequest& request)>& place) {
    const PythonAbi abi = prefix.request.interpreter->abi;
    const std::string module = "lib/" + abi.library_folder() + "/site-packages/m.py";
    for (const char* number : {"1", "2"}) {
        const std::string content = fmt::format("print({})\n", number);
        const Layout layout = compose({{{prefix.world.file(module, content)}}}, abi);
        PrefixRequest request = prefix.world.request(layout);
        request.env = sha256_of(content);
        request.interpreter = prefix.request.interpreter;
        const std::filesystem::path python = place(request) / "bin/python";
        EXPECT_EQ(run("env -i " + prefix.home() + " " + python.string() + " -c 'import m'").out,
                  number + std::string("\n"));
    }
}

TEST(PythonPrefix, NeverRunsTheBytecodeOfWhatWasLaidOutBefore) {
    const std::optional<Interpreter> interpreter = some_python();
    if (!interpreter) {
        GTEST_SKIP() << "no Python here";
    }
    PythonPrefix prefix(*interpreter);
    const std::filesystem::path folder = prefix.world.folder() / "place";
    expect_own_bytecode(prefix, [&](const PrefixRequest& request) {
        lay_out(prefix.world.store, request, folder, prefix.pool, prefix.progress);
        return folder;
    });
}

// A project's `current` link is one path for one prefix of the store after the other.
TEST(PythonPrefix, NeverRunsTheBytecodeOfTheGenerationBefore) {
    const std::optional<Interpreter> interpreter = some_python();
    if (!interpreter) {
        GTEST_SKIP() << "no Python here";
    }
    PythonPrefix prefix(*interpreter);
    const std::filesystem::path current = prefix.world.folder() / "current";
    expect_own_bytecode(prefix, [&](const PrefixRequest& request) {
        const PrefixReport report =
            build(prefix.world.store, request, prefix.pool, prefix.progress);
        std::filesystem::remove(current);
        std::filesystem::create_directory_symlink(report.prefix, current);
        return current;
    });
}

// An interpreter may be reached through a link in a folder that has no library beside it.
TEST(PythonPrefix, RunsAnInterpreterThatIsALink) {
    const std::vector<Interpreter> found = interpreters();
    if (found.empty()) {
        GTEST_SKIP() << "no Python here";
    }
    for (Interpreter interpreter : found) {
        const TemporaryFolder folder(std::filesystem::temp_directory_path());
        const std::filesystem::path link = folder.path() / interpreter.executable.filename();
        std::filesystem::create_symlink(interpreter.executable, link);
        interpreter.executable = link;
        PythonPrefix prefix(interpreter);
        EXPECT_EQ(prefix.python(std::string(import_demo), prefix.home()).out,
                  "42 " + prefix.path.string() + "\n")
            << interpreter.version;
    }
}

} // namespace

} // namespace envpm::realize
