#include "model/script.h"

#include "base/error.h"

#include <gtest/gtest.h>

namespace envpm {
namespace {

TEST(ScriptEntries, ComeFromTheTwoScriptSectionsOnly) {
    const std::string text = "# comment\n"
                             "[console_scripts]\r\n"
                             "zeta = pkg.sub : main.run [extra1, extra2]\n"
                             "  alpha=pkg:main\n"
                             "; comment\n"
                             "\n"
                             "[pytest11]\n"
                             "broken line that is nobody's business\n"
                             "plugin = not a : reference\n"
                             "[gui_scripts]\n"
                             "alpha = pkg:main\n"
                             "with space = pkg:gui\n";
    const std::vector<ScriptEntry> expected = {
        {"alpha", "pkg", "main"}, {"with space", "pkg", "gui"}, {"zeta", "pkg.sub", "main.run"}};
    EXPECT_EQ(parse_script_entries(text, "demo 1.0"), expected);
}

TEST(ScriptEntries, AreNeverMoreThanAnyPackageHas) {
    std::string text = "[console_scripts]\n";
    for (int i = 0; i <= 100'000; ++i) {
        text += "a=b:c\n";
    }
    EXPECT_THROW(parse_script_entries(text, "demo 1.0"), Error);
}

TEST(ScriptEntries, WhatIsNoCommandIsRefused) {
    const std::vector<std::string> lines = {
        "../../.bashrc = m:f",
        "/etc/passwd = m:f",
        "a/b = m:f",
        ".. = m:f",
        "a\\b = m:f",
        "= m:f",
        "name",
        "name = m",
        "name = m:",
        "name = :f",
        "name = m:f()",
        "name = m;import os:f",
        "name = m:f\n import os",
        "name = m:f;os.system('x')",
        "name = m import x:f",
        "name = m..n:f",
        "name = .m:f",
        "name = m:f.",
        "name = m:1f",
        "name = m:f:g",
        "name = m:f [extra",
        "name = m:f] [x]",
        "name = m\xc3\xa9:f",
        std::string("na\0me = m:f", 11),
        "twice = m:f\ntwice = m:g",
    };
    for (const std::string& line : lines) {
        try {
            parse_script_entries("[console_scripts]\n" + line + "\n", "demo 1.0");
            ADD_FAILURE() << line;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::integrity) << line;
            EXPECT_NE(std::string(error.what()).find("demo 1.0"), std::string::npos) << line;
        }
    }
}

TEST(Script, ImportsAndCallsItsReference) {
    EXPECT_EQ(script_of({"demo", "pkg.sub", "App.main"}), "#!/@ENVPM_PREFIX@/bin/python\n"
                                                          "import sys\n"
                                                          "from pkg.sub import App\n"
                                                          "if __name__ == \"__main__\":\n"
                                                          "    sys.exit(App.main())\n");
}

TEST(Script, OfPythonGetsThePrefixsInterpreter) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"#!python\nprint()\n", "#!/@ENVPM_PREFIX@/bin/python\nprint()\n"},
        {"#!pythonw\r\nprint()\r\n", "#!/@ENVPM_PREFIX@/bin/python\nprint()\r\n"},
        {"#!python3 -E\nx", "#!/@ENVPM_PREFIX@/bin/python\nx"},
        {"#!python", "#!/@ENVPM_PREFIX@/bin/python\n"},
    };
    for (const auto& [script, expected] : cases) {
        EXPECT_EQ(with_prefix_interpreter(script), expected) << script;
    }
    for (const char* other : {"", "#!", "#!/usr/bin/python\n", "#! python\n",
                              "\x7f"
                              "ELF"}) {
        EXPECT_EQ(with_prefix_interpreter(other), std::nullopt) << other;
    }
}

} // namespace
} // namespace envpm
