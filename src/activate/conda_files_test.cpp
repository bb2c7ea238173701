#include "activate/conda_files.h"

#include "base/files.h"
#include "base/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::activate {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class CondaFiles : public testing::Test {
  protected:
    CondaFiles()
        : folder_(std::filesystem::temp_directory_path()) {}

    void write(const std::string& path, const std::string& text) const {
        write_file(prefix() / path, text, Durability::cached);
    }

    [[nodiscard]] const std::filesystem::path& prefix() const { return folder_.path(); }

    [[nodiscard]] std::vector<std::string>
    names(const std::vector<std::filesystem::path>& files) const {
        std::vector<std::string> out;
        for (const std::filesystem::path& file : files) {
            out.push_back(file.lexically_relative(prefix()).string());
        }
        return out;
    }

  private:
    TemporaryFolder folder_;
};

TEST_F(CondaFiles, AreNoneInAPrefixOfWheels) {
    EXPECT_FALSE(has_conda_packages(prefix()));
    EXPECT_THAT(conda_variables(prefix()).values, IsEmpty());
    EXPECT_THAT(conda_scripts(Shell::bash, prefix()).activate, IsEmpty());
    write("conda-meta/history", "");
    EXPECT_TRUE(has_conda_packages(prefix()));
}

TEST_F(CondaFiles, SetVariablesInTheirOrderTheStateLast) {
    write("etc/conda/env_vars.d/b.json", R"({"GDAL_DATA": "/b", "B": "$HOME 'x'"})");
    write("etc/conda/env_vars.d/a.json", R"({"GDAL_DATA": "/a"})");
    write("etc/conda/env_vars.d/README", "no data");
    write("conda-meta/state", R"({"version": 1, "env_vars": {"B": "s", "C": "***unset***"}})");
    const CondaVariables found = conda_variables(prefix());
    EXPECT_THAT(found.values, ElementsAre(Pair("GDAL_DATA", "/a"), Pair("B", "$HOME 'x'"),
                                          Pair("GDAL_DATA", "/b"), Pair("B", "s")));
    EXPECT_THAT(found.complaints, IsEmpty());
}

TEST_F(CondaFiles, ThatAreNotWhatTheyShouldBeAreLeftOutWithTheReason) {
    write("etc/conda/env_vars.d/a.json", "{");
    write("etc/conda/env_vars.d/b.json", "[1]");
    write("etc/conda/env_vars.d/c.json",
          R"x({"A B": "x", "N": 1, "PATH": "/evil", "ENVPM_PREFIX": "/evil", "Z": "z\u0000z",
               "GOOD": "1", "$(id)": "x"})x");
    write("conda-meta/state", R"({"env_vars": []})");
    const CondaVariables found = conda_variables(prefix());
    EXPECT_THAT(found.values, ElementsAre(Pair("GOOD", "1")));
    EXPECT_THAT(
        found.complaints,
        ElementsAre(HasSubstr("etc/conda/env_vars.d/a.json is left out: "),
                    HasSubstr("b.json is left out: it is no JSON object"),
                    HasSubstr("$(id) of etc/conda/env_vars.d/c.json is left out: it is no name"),
                    HasSubstr("A B of"), HasSubstr("ENVPM_PREFIX of"),
                    HasSubstr("N of etc/conda/env_vars.d/c.json is left out: its value"),
                    HasSubstr("PATH of etc/conda/env_vars.d/c.json is left out: envpm sets"),
                    HasSubstr("Z of"), HasSubstr("conda-meta/state is left out")));
}

TEST_F(CondaFiles, AreScriptsByShellLeftInReverse) {
    for (const char* name : {"b.sh", "a.sh", "a.fish", "c.bat"}) {
        write(std::string("etc/conda/activate.d/") + name, "");
        write(std::string("etc/conda/deactivate.d/") + name, "");
    }
    const CondaScripts zsh = conda_scripts(Shell::zsh, prefix());
    EXPECT_THAT(names(zsh.activate),
                ElementsAre("etc/conda/activate.d/a.sh", "etc/conda/activate.d/b.sh"));
    EXPECT_THAT(names(zsh.deactivate),
                ElementsAre("etc/conda/deactivate.d/b.sh", "etc/conda/deactivate.d/a.sh"));
    EXPECT_THAT(names(conda_scripts(Shell::fish, prefix()).activate),
                ElementsAre("etc/conda/activate.d/a.fish"));
}

TEST_F(CondaFiles, AreSourcedBeforeACommandThatGetsItsWordsUnchanged) {
    EXPECT_THAT(with_scripts({"env", "-0"}, {}, {"runner"}), ElementsAre("env", "-0"));
    write("etc/conda/activate.d/it's.sh", "export SCRIPTED=\"from $0\"\n");
    write("etc/conda/activate.d/z-fails.sh", "false\n");
    const auto output_of = [&](const std::vector<std::string>& words) {
        std::vector<std::string> command = with_scripts(words, conda_scripts(Shell::bash, prefix()),
                                                        {"printf", "<%s>", "it's away:"});
        EXPECT_EQ(command.front(), "bash");
        command.front() = "/bin/bash";
        const ProcessResult result = run_process({.command = std::move(command),
                                                  .environment = {"PATH=/usr/bin:/bin"},
                                                  .folder = prefix(),
                                                  .time_limit = std::chrono::milliseconds(20'000)});
        EXPECT_EQ(result.exit_code, 0);
        return result.output;
    };
    EXPECT_EQ(output_of({"sh", "-c", "printf '%s|' \"$SCRIPTED\" \"$@\"", "x", "a b", "$c"}),
              "from envpm|a b|$c|");
    EXPECT_EQ(output_of({"no-such-program", "a b"}), "<it's away:><no-such-program><a b>");
}

} // namespace

} // namespace envpm::activate
