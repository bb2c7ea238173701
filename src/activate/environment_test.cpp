#include "activate/environment.h"

#include "base/error.h"

#include <set>

namespace envpm::activate {

namespace {

Variables variables(const std::map<std::string, std::string>& values) {
    Variables out;
    for (const auto& [name, value] : values) {
        out.set(name, value);
    }
    return out;
}

ActivationRequest request(std::vector<std::pair<std::string, std::string>> own = {}) {
    return {.prefix = "/store/p/abc",
            .project = "/home/me/vision",
            .workspace = "vision",
            .conda_variables = {},
            .variables = std::move(own)};
}

/// What a variable of `[activation.env]` with this text becomes.
std::string expanded(const std::string& text) {
    const Variables before =
        variables({{"PATH", "/usr/bin"}, {"HOME", "/home/me"}, {"A_1", "$HOME"}});
    return activate::apply(activation(request({{"X", text}}), before), before).all().at("X");
}

std::string path_after(const ActivationRequest& wanted, const Variables& before) {
    return activate::apply(activation(wanted, before), before).find("PATH").value_or("");
}

TEST(Activation, SetsWhatCondaPackagesSetAndThenTheUsersOwn) {
    ActivationRequest wanted = request({{"B", "${A}-own"}});
    wanted.has_conda_packages = true;
    wanted.conda_variables = {{"A", "$HOME"}, {"B", "theirs"}, {"A", "last"}};
    const Variables after = activate::apply(activation(wanted, Variables()), Variables());
    EXPECT_EQ(after.find("CONDA_PREFIX"), "/store/p/abc");
    EXPECT_EQ(after.find("A"), "last");
    EXPECT_EQ(after.find("B"), "last-own");
    EXPECT_EQ(activate::apply(activation(request(), Variables()), Variables()).find("CONDA_PREFIX"),
              std::nullopt);
}

TEST(Activation, LeavesNothingOfTheEnvironmentThatIsLeft) {
    const Variables inside = variables({{"ENVPM_PREFIX", "/a"}, {"CONDA_PREFIX", "/a"}});
    EXPECT_EQ(activate::apply(activation(request(), inside), inside).find("CONDA_PREFIX"),
              std::nullopt);
    const Variables beside = variables({{"CONDA_PREFIX", "/miniconda"}});
    EXPECT_EQ(activate::apply(activation(request(), beside), beside).find("CONDA_PREFIX"),
              "/miniconda");
}

TEST(Activation, SetsWhatProgramsLookFor) {
    const Variables before = variables(
        {{"PATH", "/usr/bin:/bin"}, {"PYTHONHOME", "/x"}, {"PYTHONPATH", "/y"}, {"KEPT", "1"}});
    const Variables after = activate::apply(activation(request(), before), before);
    EXPECT_EQ(after.strings(),
              (std::vector<std::string>{
                  "ENVPM_PREFIX=/store/p/abc", "ENVPM_PROJECT_ROOT=/home/me/vision", "KEPT=1",
                  "PATH=/store/p/abc/bin:/usr/bin:/bin", "VIRTUAL_ENV=/store/p/abc"}));
}

TEST(Activation, KeepsPathCleanHoweverOftenItIsDone) {
    Variables now = variables({{"PATH", "/usr/bin:/store/p/abc/bin:/bin"}});
    for (int i = 0; i < 3; ++i) {
        now = activate::apply(activation(request(), now), now);
        EXPECT_EQ(now.find("PATH"), "/store/p/abc/bin:/usr/bin:/bin");
    }
}

TEST(Activation, TakesThePlaceOfAnotherEnvironment) {
    ActivationRequest other = request();
    other.prefix = "/store/p/old";
    const Variables before = variables({{"PATH", "/usr/bin"}});
    const Variables active = activate::apply(activation(other, before), before);
    EXPECT_EQ(path_after(request(), active), "/store/p/abc/bin:/usr/bin");
}

TEST(Activation, WorksWithoutAPathAndKeepsEmptyEntries) {
    EXPECT_EQ(path_after(request(), Variables()), "/store/p/abc/bin");
    EXPECT_EQ(path_after(request(), variables({{"PATH", ":/bin:"}})), "/store/p/abc/bin::/bin:");
}

TEST(Activation, ExpandsNamesAndNothingElse) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", ""},
        {"plain", "plain"},
        {"$HOME/x", "/home/me/x"},
        {"${HOME}x", "/home/mex"},
        {"$HOMEx", ""},
        {"a$UNKNOWN.b", "a.b"},
        {"a${UNKNOWN}b", "ab"},
        {"$$HOME", "$HOME"},
        {"$$$HOME", "$/home/me"},
        {"$$$$", "$$"},
        {"$A_1", "$HOME"},
        {"$ENVPM_PREFIX|$ENVPM_PROJECT_ROOT", "/store/p/abc|/home/me/vision"},
        {"$PATH", "/store/p/abc/bin:/usr/bin"},
        {"cost 5$", "cost 5$"},
        {"$", "$"},
        {"$1", "$1"},
        {"${", "${"},
        {"${}", "${}"},
        {"${HOME", "${HOME"},
        {"${HO ME}", "${HO ME}"},
        {"$(rm -rf x) `y` \\$HOME", "$(rm -rf x) `y` \\/home/me"},
        {"$é", "$é"},
    };
    for (const auto& [text, value] : cases) {
        EXPECT_EQ(expanded(text), value) << text;
    }
}

TEST(Activation, LaterVariablesSeeEarlierOnes) {
    const Variables before = variables({{"DATA", "/old"}});
    const Variables after = activate::apply(
        activation(request({{"LATE", "$DATA"}, {"DATA", "/new"}, {"CACHE", "$DATA/c"}}), before),
        before);
    EXPECT_EQ(after.find("LATE"), "/old");
    EXPECT_EQ(after.find("CACHE"), "/new/c");
}

TEST(Activation, ChangesEachNameOnce) {
    const Variables before = variables({{"PATH", "/usr/bin"}});
    const ActivationRequest wanted =
        request({{"PATH", "$ENVPM_PROJECT_ROOT/bin:$PATH"}, {"PYTHONPATH", "src"}, {"A", "1"}});
    const Changes changes = activation(wanted, before);
    std::set<std::string> names;
    for (const auto& [name, value] : changes) {
        EXPECT_TRUE(names.insert(name).second) << name;
    }
    Variables now = before;
    for (int i = 0; i < 3; ++i) {
        now = activate::apply(activation(wanted, now), now);
        EXPECT_EQ(now.find("PATH"), "/home/me/vision/bin:/store/p/abc/bin:/usr/bin");
        EXPECT_EQ(now.find("PYTHONPATH"), "src");
    }
}

TEST(Activation, RefusesNamesThatAShellWouldRun) {
    for (const std::string& name :
         std::vector<std::string>{"", "1A", "A B", "A;reboot", "A=B", "A-B", "$(x)", "é", "A\n"}) {
        EXPECT_THROW(activation(request({{name, "1"}}), Variables()), Error) << name;
        EXPECT_THROW(shell_text(Shell::bash, {{name, "1"}}, Variables(), "w"), Error) << name;
    }
    EXPECT_THROW(activation(request({{"A", std::string("a\0b", 3)}}), Variables()), Error);
    EXPECT_NO_THROW(activation(request({{"_a1", "x"}}), Variables()));
}

TEST(Shells, AreKnownByName) {
    EXPECT_EQ(parse_shell("bash"), Shell::bash);
    EXPECT_EQ(parse_shell("zsh"), Shell::zsh);
    EXPECT_EQ(parse_shell("fish"), Shell::fish);
    EXPECT_EQ(parse_shell("tcsh"), std::nullopt);
    EXPECT_EQ(parse_shell(""), std::nullopt);
}

} // namespace

} // namespace envpm::activate
