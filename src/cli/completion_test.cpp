#include "cli/completion.h"

#include "base/error.h"
#include "base/files.h"
#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace envpm::cli {
namespace {

using testing::HasSubstr;

TEST(Completion, NamesEveryCommandForEveryShell) {
    for (const std::string shell : {"bash", "zsh", "fish", "/usr/bin/zsh"}) {
        const std::string script = completion_script(shell);
        for (const CommandWord& word : command_words()) {
            EXPECT_THAT(script, HasSubstr(word.name)) << shell;
        }
        EXPECT_THAT(script, HasSubstr("upgrade-package")) << shell;
        EXPECT_THAT(script, HasSubstr("facts")) << shell;
    }
}

TEST(Completion, ZshHasTheGlobalFlagsEverywhereAndTheTargets) {
    const std::string script = completion_script("zsh");
    EXPECT_THAT(script, HasSubstr("'--target:target:{compadd -- $(_envpm_targets)}'"));
    EXPECT_THAT(script, HasSubstr("everywhere=('--color:when:(auto always never)'"));
    EXPECT_THAT(script, HasSubstr("lock) _arguments \"${everywhere[@]}\" "));
}

TEST(Completion, AShellThatIsNotKnownIsWrongUsage) {
    try {
        (void)completion_script("tcsh");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        EXPECT_EQ(error.text().hint, "known: bash, zsh, fish");
    }
}

class CompletionSyntaxTest : public testing::TestWithParam<const char*> {};

TEST_P(CompletionSyntaxTest, TheShellItselfCanReadIt) {
    const std::string shell = GetParam();
    const std::filesystem::path program = "/usr/bin/" + shell;
    if (!std::filesystem::exists(program)) {
        GTEST_SKIP() << "no " << shell << " here";
    }
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    write_file(folder.path() / "script", completion_script(shell));
    const std::string command =
        program.string() + " -n '" + (folder.path() / "script").string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
}

INSTANTIATE_TEST_SUITE_P(Shells, CompletionSyntaxTest, testing::Values("bash", "zsh", "fish"),
                         [](const auto& shell) { return std::string(shell.param); });

} // namespace
} // namespace envpm::cli
