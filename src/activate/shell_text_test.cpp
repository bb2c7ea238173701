#include "activate/environment.h"
#include "base/files.h"
#include "base/process.h"

#include <fmt/format.h>

namespace envpm::activate {

namespace {

namespace fs = std::filesystem;

/// Runs the texts in the real shells: what they make of them is the contract.
class InShell : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        if (!fs::exists(program())) {
            GTEST_SKIP() << program() << " is not installed";
        }
    }

    [[nodiscard]] std::string program() const { return std::string("/usr/bin/") + GetParam(); }

    [[nodiscard]] Shell shell() const { return *parse_shell(GetParam()); }

    [[nodiscard]] bool is_fish() const { return shell() == Shell::fish; }

    /// A line of the script that evaluates the text as users are told to.
    [[nodiscard]] std::string hook(const Changes& changes, const std::string& workspace = "vision",
                                   const Variables& before = Variables(),
                                   const CondaScripts& scripts = {}) {
        const fs::path file = home_ / fmt::format("hook-{}", ++hooks_);
        write_file(file, shell_text(shell(), changes, before, workspace, scripts),
                   Durability::cached);
        return is_fish() ? fmt::format("cat {} | source\n", file.string())
                         : fmt::format("eval \"$(cat {})\"\n", file.string());
    }

    /// The variables that programs see at that point of the script, without the shell's own.
    [[nodiscard]] static std::string show(const std::string& mark) {
        return "env -0 >" + mark + "\n";
    }

    std::string run(const std::string& script) const {
        const std::string strict = is_fish() ? "" : "set -eu\n";
        const char* const no_config = is_fish()               ? "--no-config"
                                      : shell() == Shell::zsh ? "-f"
                                                              : "--norc";
        write_file(home_ / "script", strict + script, Durability::cached);
        const ProcessResult result =
            run_process({.command = {program(), no_config, (home_ / "script").string()},
                         .environment = {"PATH=/usr/bin:/bin", "HOME=" + home_.string(),
                                         "LC_ALL=C.UTF-8", "PYTHONPATH=/old path", "EMPTY="},
                         .folder = home_,
                         .time_limit = std::chrono::milliseconds(20'000)});
        EXPECT_EQ(result.end, ProcessEnd::exited) << script;
        EXPECT_EQ(result.exit_code, 0) << script;
        return result.output;
    }

    /// "NAME=value" of that mark.
    [[nodiscard]] std::map<std::string, std::string> shown(const std::string& mark) const {
        std::map<std::string, std::string> out;
        const std::string text = read_file(home_ / mark);
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = text.find('\0', begin);
            const std::string entry = text.substr(begin, end - begin);
            const std::size_t equals = entry.find('=');
            out[entry.substr(0, equals)] = entry.substr(equals + 1);
            begin = end + 1;
        }
        for (const char* own : {"_", "SHLVL", "PWD", "OLDPWD"}) {
            out.erase(own);
        }
        return out;
    }

    TemporaryFolder folder_{fs::temp_directory_path()};
    fs::path home_ = fs::canonical(folder_.path());
    int hooks_ = 0;
};

Changes changes() {
    return {{"PATH", "/p/abc/bin:/usr/bin:/bin"},
            {"ENVPM_PREFIX", "/p/abc"},
            {"PYTHONPATH", std::nullopt},
            {"EMPTY", "filled"}};
}

TEST_P(InShell, ActivatesAndDeactivateRestores) {
    run(show("a") + hook(changes()) + show("b") + "envpm_deactivate\n" + show("c"));
    const auto before = shown("a");
    auto active = before;
    active["PATH"] = "/p/abc/bin:/usr/bin:/bin";
    active["ENVPM_PREFIX"] = "/p/abc";
    active["EMPTY"] = "filled";
    active.erase("PYTHONPATH");
    EXPECT_EQ(before.at("PYTHONPATH"), "/old path");
    EXPECT_EQ(shown("b"), active);
    EXPECT_EQ(shown("c"), before);
}

TEST_P(InShell, SourcesTheScriptsOfCondaPackagesAndLeavesThemFirst) {
    const std::string tail = is_fish() ? ".fish" : ".sh";
    const CondaScripts scripts{{home_ / ("it's on" + tail), home_ / ("fails" + tail)},
                               {home_ / ("off" + tail)}};
    write_file(scripts.activate[0], is_fish() ? "set -gx GOT \"$ENVPM_PREFIX/etc\"\n"
                                              : "export GOT=\"$ENVPM_PREFIX/etc\"\n");
    write_file(scripts.activate[1], "false\n");
    write_file(scripts.deactivate[0], is_fish() ? "set -e GOT; set -gx LEFT $ENVPM_PREFIX\n"
                                                : "unset GOT; export LEFT=\"$ENVPM_PREFIX\"\n");
    run(show("a") + hook(changes(), "vision", Variables(), scripts) + show("b") +
        "envpm_deactivate\n" + show("c"));
    EXPECT_EQ(shown("b").at("GOT"), "/p/abc/etc");
    auto after = shown("a");
    after["LEFT"] = "/p/abc";
    EXPECT_EQ(shown("c"), after);
}

TEST_P(InShell, ActivatingTwiceOrAnotherIsUndoneByOneDeactivate) {
    const Changes other = {{"PATH", "/p/other/bin:/usr/bin:/bin"}, {"OTHER", "1"}};
    run(show("a") + hook(changes()) + hook(changes()) + show("b") + hook(other) + show("c") +
        "envpm_deactivate\n" + show("d"));
    EXPECT_EQ(shown("b").at("PATH"), "/p/abc/bin:/usr/bin:/bin");
    EXPECT_EQ(shown("c").at("OTHER"), "1");
    EXPECT_FALSE(shown("c").contains("ENVPM_PREFIX")) << "the first environment was left";
    EXPECT_EQ(shown("d"), shown("a"));
}

TEST_P(InShell, ValuesArriveAsTheyAreAndAreNeverRun) {
    const std::vector<std::string> values = {
        "",
        "a b  c",
        "it's",
        "''",
        "'",
        "\"double\"",
        "$HOME ${HOME} $(touch ran) `touch ran`",
        "'; touch ran; '",
        "\\'; touch ran; '\\",
        "back\\slash\\\\n\\",
        "line\nline\n\nend",
        "tab\there",
        "ünï \xf0\x9f\x90\x8d",
        "* ? [a] ~ ! # % & | ; < > ( ) { } ^ =",
        "-n",
        "(touch ran)",
        "!!",
    };
    Changes all;
    for (std::size_t i = 0; i < values.size(); ++i) {
        all.emplace_back(fmt::format("V{}", i), values[i]);
    }
    run(hook(all) + show("a"));
    const auto after = shown("a");
    for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_EQ(after.at(fmt::format("V{}", i)), values[i]);
    }
    EXPECT_FALSE(fs::exists(home_ / "ran"));
}

TEST_P(InShell, WhatDeactivateRestoresMayHoldAnything) {
    const std::string odd = R"(a'b"c\d $(touch ran))"
                            "\n";
    run(hook({{"X", odd}}) + hook({{"Y", "1"}}) + show("a"));
    EXPECT_FALSE(shown("a").contains("X"));
    const std::string keep =
        is_fish() ? "set -gx X 'it\\'s $(touch ran)'\n" : "export X='it'\\''s $(touch ran)'\n";
    run(keep + hook({{"X", odd}}) + "envpm_deactivate\n" + show("b"));
    EXPECT_EQ(shown("b").at("X"), "it's $(touch ran)");
    EXPECT_FALSE(fs::exists(home_ / "ran"));
}

TEST_P(InShell, LeavesNothingBehind) {
    const std::string list = is_fish() ? "set -n; functions -n -a\n"
                                       : ": the last word is kept in _\ntypeset; typeset -f\n";
    const std::string output = run(hook(changes()) + "envpm_deactivate\n" + list);
    EXPECT_THAT(output, testing::Not(testing::HasSubstr("ENVPM_OLD")));
    EXPECT_THAT(output, testing::Not(testing::HasSubstr("envpm_")));
}

TEST_P(InShell, ThePromptNamesTheWorkspaceUnlessToldNot) {
    Variables silent;
    silent.set("ENVPM_NO_PROMPT", "1");
    const std::string own =
        is_fish() ? "function fish_prompt; echo \"$status> \"; end\n" : "PS1='> '\n";
    const std::string print =
        is_fish() ? "false; fish_prompt; true\n" : "printf '%s\\n' \"$PS1\"\n";
    const std::string plain = is_fish() ? "1> \n" : "> \n";
    EXPECT_EQ(run(own + hook(changes()) + print), "(vision) " + plain);
    EXPECT_EQ(run(own + hook(changes()) + hook(changes()) + print), "(vision) " + plain);
    EXPECT_EQ(run(own + hook(changes()) + "envpm_deactivate\n" + print), plain);
    EXPECT_EQ(run(own + hook(changes(), "vision", silent) + print), plain);
}

TEST_P(InShell, NoWorkspaceNameIsRunByThePrompt) {
    const std::string name = "a$(touch ran)`touch ran`\\$%n!\x1b[2J\"'é";
    const std::string own = is_fish()               ? "function fish_prompt; echo '> '; end\n"
                            : shell() == Shell::zsh ? "setopt promptsubst; PS1='> '\n"
                                                    : "PS1='> '\n";
    const std::string print = is_fish()               ? "fish_prompt\n"
                              : shell() == Shell::zsh ? "print -P \"$PS1\"\n"
                                                      : "printf '%s\\n' \"${PS1@P}\"\n";
    EXPECT_EQ(run(own + hook(changes(), name) + print), "(atouch rantouch rann2Jé) > \n");
    EXPECT_FALSE(fs::exists(home_ / "ran"));
}

INSTANTIATE_TEST_SUITE_P(Shells, InShell, testing::Values("bash", "zsh", "fish"),
                         [](const auto& each) { return std::string(each.param); });

} // namespace

} // namespace envpm::activate
