#include "cli/shell.h"

#include "base/error.h"
#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace envpm::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ShellStartTest : public testing::Test {
  protected:
    ShellStartTest()
        : folder_(std::filesystem::temp_directory_path()) {
        before_.set("PATH", "/usr/bin:/bin");
        before_.set("HOME", home().string());
        environment_.workspace = "demo";
        environment_.changes = {{"ENVPM_PREFIX", "/store/p/x"}};
        environment_.variables = activate::apply(environment_.changes, before_);
    }

    [[nodiscard]] std::filesystem::path home() const { return folder_.path() / "ho'me \\x"; }

    [[nodiscard]] std::filesystem::path start_folder() const { return folder_.path() / "it's"; }

    [[nodiscard]] ShellStart start(const std::string& shell) {
        before_.set("SHELL", shell);
        return shell_start(environment_, before_, start_folder());
    }

    /// What the started shell prints for `script`, given to its standard input.
    [[nodiscard]] std::string output_of(const ShellStart& shell, const std::string& script) const {
        write_file(folder_.path() / "input", script);
        std::string command = "env -i";
        for (const std::string& variable : shell.variables.strings()) {
            command += " " + quoted(variable);
        }
        for (const std::string& word : shell.command) {
            command += " " + quoted(word);
        }
        const std::filesystem::path output = folder_.path() / "output";
        command += " < " + quoted((folder_.path() / "input").string()) + " > " +
                   quoted(output.string()) + " 2> /dev/null";
        EXPECT_NE(std::system(command.c_str()), -1);
        return read_file(output);
    }

    static std::string quoted(const std::string& text) {
        std::string out = "'";
        for (const char c : text) {
            out += c == '\'' ? std::string("'\\''") : std::string(1, c);
        }
        return out + "'";
    }

    TemporaryFolder folder_;
    Variables before_;
    pipeline::ActiveEnvironment environment_;
};

TEST(ShellNamed, TakesNamesAndPaths) {
    EXPECT_EQ(shell_named("bash", "--shell"), activate::Shell::bash);
    EXPECT_EQ(shell_named("/usr/local/bin/fish", "SHELL"), activate::Shell::fish);
    for (const auto& [origin, code] :
         {std::pair("--shell", ExitCode::usage), std::pair("SHELL", ExitCode::failed)}) {
        try {
            (void)shell_named("cmd", origin);
            ADD_FAILURE();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), code);
            EXPECT_EQ(error.text().subject, origin);
        }
    }
}

TEST_F(ShellStartTest, AnUnknownShellGetsTheVariables) {
    const ShellStart shell = start("/bin/dash");
    EXPECT_THAT(shell.command, ElementsAre("/bin/dash"));
    EXPECT_EQ(shell.variables.find("ENVPM_PREFIX"), "/store/p/x");
}

TEST_F(ShellStartTest, WithoutAShellVariableItIsBash) {
    before_.unset("SHELL");
    EXPECT_THAT(shell_start(environment_, before_, start_folder()).command,
                ElementsAre("/bin/bash", "--rcfile", start_folder() / "bashrc", "-i"));
}

TEST_F(ShellStartTest, BashReadsTheUsersFileFirst) {
    write_file(home() / ".bashrc", "export OWN=user\nexport ENVPM_PREFIX=overwritten\n");
    EXPECT_THAT(output_of(start("/bin/bash"), "echo \"<$OWN $ENVPM_PREFIX>\"\n"),
                HasSubstr("<user /store/p/x>"));
}

TEST_F(ShellStartTest, ZshReadsTheUsersFilesFirstAndGetsItsFolderBack) {
    if (!std::filesystem::exists("/usr/bin/zsh")) {
        GTEST_SKIP() << "no zsh here";
    }
    write_file(home() / ".zshenv", "export FIRST=env\n");
    write_file(home() / ".zshrc", "export OWN=$FIRST-rc\nexport ENVPM_PREFIX=overwritten\n");
    EXPECT_THAT(
        output_of(start("/usr/bin/zsh"), "echo \"<$OWN $ENVPM_PREFIX ${ZDOTDIR-unset}>\"\n"),
        HasSubstr("<env-rc /store/p/x unset>"));
    before_.set("ZDOTDIR", (home() / "it's").string());
    write_file(home() / "it's/.zshrc", "export OWN=other\n");
    EXPECT_THAT(output_of(start("/usr/bin/zsh"), "printf %s \"<$OWN $ZDOTDIR>\"\n"),
                HasSubstr("<other " + (home() / "it's").string() + ">"));
}

/// Within single quotes it takes a backslash before a quote or a backslash for an escape.
TEST_F(ShellStartTest, FishTakesAnyPathForOneWord) {
    before_.set("SHELL", "/usr/bin/fish");
    const ShellStart shell = shell_start(environment_, before_, folder_.path() / "it's \\'here");
    EXPECT_EQ(shell.command.back(),
              "source '" + folder_.path().string() + "/it'\\''s '\\\\''\\''here/init.fish'");
}

TEST_F(ShellStartTest, FishIsToldTheEnvironmentAfterItsOwnFiles) {
    if (!std::filesystem::exists("/usr/bin/fish")) {
        GTEST_SKIP() << "no fish here";
    }
    write_file(home() / ".config/fish/config.fish", "set -gx ENVPM_PREFIX overwritten\n");
    EXPECT_THAT(output_of(start("/usr/bin/fish"), "echo \"<$ENVPM_PREFIX>\"\n"),
                HasSubstr("</store/p/x>"));
}

} // namespace
} // namespace envpm::cli
