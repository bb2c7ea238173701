#include "realize/relocate.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::realize {

namespace {

Places places(const std::string& prefix) {
    return places_of(prefix, Interpreter{"/usr/bin/python3.11", PythonAbi{}, "3.11.2"});
}

TEST(Relocation, ReplacesEveryToken) {
    const RelocatedText out = relocate("#!/@ENVPM_PREFIX@/bin/python\nhome = /@ENVPM_PYTHON_HOME@\n"
                                       "again /@ENVPM_PREFIX@",
                                       places("/p/x"));
    EXPECT_EQ(out.text, "#!/p/x/bin/python\nhome = /usr/bin\nagain /p/x");
    EXPECT_EQ(out.relocation.prefix_at, (std::vector<std::uint64_t>{2, 40}));
    EXPECT_EQ(out.relocation.home_at, (std::vector<std::uint64_t>{25}));
    EXPECT_FALSE(out.relocation.has_trampoline);
}

TEST(Relocation, SeesWhetherThereMayBeTokens) {
    for (const char* text : {"/@ENVPM_PREFIX@", "a\n/@ENVPM_PYTHON_HOME@/python\n"}) {
        EXPECT_TRUE(may_have_tokens(text)) << text;
        EXPECT_NE(relocate(text, places("/p")).text, text);
    }
    for (const char* text : {"", "/@ENVPM_", "a@b.c,sha256=x/y,1\n"}) {
        EXPECT_FALSE(may_have_tokens(text)) << text;
        EXPECT_EQ(relocate(text, places("/p")).text, text);
    }
}

TEST(Relocation, IsUndoneExactlyEvenWhereTheTextNamesThePathItself) {
    const std::vector<std::string> contents = {
        "",
        "no token",
        "/@ENVPM_PREFIX@",
        "/p/x and /@ENVPM_PREFIX@ and /usr/bin and /@ENVPM_PYTHON_HOME@/@ENVPM_PREFIX@",
        "#!/@ENVPM_PREFIX@/bin/python -E -s\nprint('/p/x')\n",
        "#!/@ENVPM_PREFIX@/bin/python",
        "#!/bin/sh\n'''exec' \"/@ENVPM_PREFIX@/bin/python\" \"$0\" \"$@\"\n' '''\nprint()\n",
    };
    for (const std::string& prefix :
         {std::string("/p/x"), std::string("/with a space"), "/" + std::string(130, 'l')}) {
        for (const std::string& content : contents) {
            const RelocatedText out = relocate(content, places(prefix));
            EXPECT_EQ(undo_relocation(out.text, out.relocation, places(prefix)), content) << prefix;
        }
    }
}

TEST(Relocation, UsesShWhereTheKernelCannotReadTheLine) {
    const std::string script = "#!/@ENVPM_PREFIX@/bin/python\nprint()\n";
    const std::size_t rest = std::string("#!/bin/python").size();
    const std::string fits = "/" + std::string(127 - rest - 1, 'f');
    EXPECT_EQ(relocate(script, places(fits)).text, "#!" + fits + "/bin/python\nprint()\n");
    const std::string longer = fits + "f";
    for (const std::string& prefix : {longer, std::string("/a b")}) {
        EXPECT_EQ(relocate(script, places(prefix)).text,
                  "#!/bin/sh\n'''exec' \"" + prefix +
                      "/bin/python\" \"$0\" \"$@\"\n' '''\nprint()\n");
    }
}

TEST(Relocation, OfAChangedFileGivesAnotherTextAndNoFailure) {
    const RelocatedText out = relocate("#!/@ENVPM_PREFIX@/bin/python\n", places("/a b"));
    for (const std::string& changed :
         {std::string(), std::string("#"), out.text.substr(5), out.text + "more", "x" + out.text}) {
        EXPECT_NE(undo_relocation(changed, out.relocation, places("/a b")),
                  "#!/@ENVPM_PREFIX@/bin/python\n");
    }
    const Relocation wild{{5, 3, UINT64_MAX}, {UINT64_MAX - 1}, true};
    EXPECT_EQ(undo_relocation("some text", wild, places("/p")), "some text");
}

TEST(Relocation, RefusesPathsThatTextCannotName) {
    for (const char* prefix : {"relative", "/new\nline", "/back\\slash", "/not\xffutf8", "/a:b"}) {
        EXPECT_THROW(places(prefix), Error) << prefix;
    }
    for (const char* prefix : {"/a \"b", "/a $b", "/a `b", "/a '''b"}) {
        EXPECT_THROW(relocate("#!/@ENVPM_PREFIX@/bin/python\n", places(prefix)), Error) << prefix;
        EXPECT_NO_THROW(relocate("/@ENVPM_PREFIX@", places(prefix))) << prefix;
    }
}

TEST(Relocation, OfLinksGoesThereAndBack) {
    const Places at = places_of("/p/x", Interpreter{"/opt/py/bin/python", PythonAbi{}, "3.11.2"});
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"/@ENVPM_PYTHON_HOME@/python3.11", "/opt/py/bin/python"},
        {"/@ENVPM_PYTHON_HOME@/other", "/opt/py/bin/other"},
        {"/@ENVPM_PREFIX@/lib/a.so", "/p/x/lib/a.so"},
        {"python", "python"},
        {"../lib/x", "../lib/x"},
    };
    for (const auto& [before, after] : cases) {
        EXPECT_EQ(relocate_link(before, at), after);
        EXPECT_EQ(undo_link_relocation(after, at), before);
    }
    EXPECT_EQ(undo_link_relocation("/p/xy", at), "/p/xy");
}

} // namespace

} // namespace envpm::realize
