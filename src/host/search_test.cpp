#include "host/search.h"

#include "base/files.h"

#include <sys/stat.h>

#include <set>

namespace envpm::host {

namespace {

namespace fs = std::filesystem;

class SearchIn : public testing::Test {
  protected:
    fs::path program(const std::string& name, const std::string& content = "#!/bin/sh\n") {
        write_file(home_ / name, content, Durability::cached);
        fs::permissions(home_ / name, fs::perms::owner_all);
        return home_ / name;
    }

    /// Only those below the folder: those of the machine that runs the test come after them.
    [[nodiscard]] std::vector<std::string> found(const std::string& path) {
        Variables variables;
        variables.set("HOME", home_.string());
        variables.set("PATH", path);
        std::vector<std::string> out;
        for (const Program& program : Search(variables).programs()) {
            if (program.path.string().starts_with(home_.string())) {
                out.push_back(program.path.lexically_relative(home_).string());
            }
        }
        return out;
    }

    TemporaryFolder folder_{fs::temp_directory_path()};
    fs::path home_ = fs::canonical(folder_.path());
};

using Names = std::vector<std::string>;

TEST_F(SearchIn, TakesThePathFirstThenTheUsualPlaces) {
    program("miniconda3/bin/python");
    program(".local/share/uv/python/cpython-3.12/bin/python3.12");
    program(".pyenv/versions/3.9.1/bin/python3");
    program(".pyenv/versions/3.10.1/bin/python3");
    program("a/python");
    program("b/python3");
    EXPECT_EQ(
        found((home_ / "b").string() + ":" + (home_ / "a").string()),
        (Names{"b/python3", "a/python", ".pyenv/versions/3.10.1/bin/python3",
               ".pyenv/versions/3.9.1/bin/python3",
               ".local/share/uv/python/cpython-3.12/bin/python3.12", "miniconda3/bin/python"}));
}

TEST_F(SearchIn, PrefersTheDefaultThenTheNewest) {
    for (const std::string name :
         {"python", "python3", "python3.9", "python3.10", "python3.13", "python3.13t"}) {
        program("bin/" + name);
    }
    for (const std::string name :
         {"python2", "python2.7", "python3-config", "python3.12-config", "python3.", "python3.x",
          "python3.11td", "python.exe", "python3.-1", "pythonw", "ipython3"}) {
        program("bin/" + name);
    }
    EXPECT_EQ(found((home_ / "bin").string()),
              (Names{"bin/python3", "bin/python", "bin/python3.13", "bin/python3.13t",
                     "bin/python3.10", "bin/python3.9"}));
}

TEST_F(SearchIn, TakesALinkAndItsTargetOnce) {
    program("real/python3.11");
    fs::create_directory(home_ / "bin");
    fs::create_symlink("../real/python3.11", home_ / "bin/python3");
    fs::create_symlink("python3", home_ / "bin/python");
    fs::create_directory_symlink("bin", home_ / "same");
    EXPECT_EQ(found((home_ / "same").string() + ":" + (home_ / "bin").string() + ":" +
                    (home_ / "real").string()),
              Names{"same/python3"});
}

TEST_F(SearchIn, KeepsAVenvApartFromItsBase) {
    program("base/bin/python3");
    write_file(home_ / "venv/pyvenv.cfg", "home = x\n", Durability::cached);
    fs::create_directories(home_ / "venv/bin");
    fs::create_symlink(home_ / "base/bin/python3", home_ / "venv/bin/python3");
    EXPECT_EQ(found((home_ / "venv/bin").string() + ":" + (home_ / "base/bin").string()),
              (Names{"venv/bin/python3", "base/bin/python3"}));
}

TEST_F(SearchIn, LeavesOutWhatCannotOrMustNotRun) {
    write_file(home_ / "a/python3", "not executable", Durability::cached);
    ASSERT_EQ(::chmod((home_ / "a/python3").c_str(), 0644), 0);
    fs::create_directories(home_ / "b/python3");
    fs::create_directories(home_ / "c");
    fs::create_symlink("absent", home_ / "c/python3");
    program("d/python3", "MZ\x90");
    program("Microsoft/WindowsApps/python3");
    ASSERT_EQ(::mkfifo((home_ / "c/python").c_str(), 0755), 0);
    std::string path;
    for (const std::string name : {"a", "b", "c", "d", "absent", "Microsoft/WindowsApps"}) {
        path += (home_ / name).string() + ":";
    }
    EXPECT_EQ(found(path), Names());
}

TEST_F(SearchIn, NeverLooksIntoTheCurrentFolder) {
    program("python3");
    const fs::path before = fs::current_path();
    fs::current_path(home_);
    EXPECT_EQ(found(":.:"), Names());
    EXPECT_EQ(Search(Variables()).examine("python3"), std::nullopt);
    fs::current_path(before);
}

TEST_F(SearchIn, TheStampChangesWithTheFile) {
    const fs::path path = program("bin/python3");
    const Search search((Variables()));
    const std::string before = search.examine(path)->stamp;
    EXPECT_EQ(search.examine(path)->stamp, before);
    program("bin/python3", "#!/bin/sh\necho\n");
    EXPECT_NE(search.examine(path)->stamp, before);
}

TEST_F(SearchIn, TheStampOfAShimChangesWithPyenvsChoice) {
    const fs::path shim = program("bin/python3");
    const fs::path binary = program("bin/python3.11", "\x7f"
                                                      "ELF");
    Variables variables;
    variables.set("HOME", home_.string());
    std::set<std::string> shims;
    std::set<std::string> binaries;
    const auto look = [&] {
        const Search search(variables);
        shims.insert(search.examine(shim)->stamp);
        binaries.insert(search.examine(binary)->stamp);
    };
    look();
    write_file(home_ / ".pyenv/version", "3.11.7\n", Durability::cached);
    look();
    variables.set("PYENV_VERSION", "3.12.1");
    look();
    EXPECT_EQ(shims.size(), 3U);
    EXPECT_EQ(binaries.size(), 1U);
}

} // namespace

} // namespace envpm::host
