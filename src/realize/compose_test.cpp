#include "realize/compose.h"

#include "base/error.h"
#include "realize/environment_files.h"
#include "realize/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::realize {

namespace {

using testing::HasSubstr;

LayoutEntry text(const std::string& path, const std::string& content, const std::string& owner,
                 bool is_executable = false) {
    return {RelativePath::parse(path), GeneratedFile{content}, is_executable, owner};
}

const LayoutEntry* find(const Layout& layout, std::string_view path) {
    for (const LayoutEntry& entry : layout.entries) {
        if (entry.path.string() == path) {
            return &entry;
        }
    }
    return nullptr;
}

std::string target(const Layout& layout, std::string_view path) {
    const LayoutEntry* entry = find(layout, path);
    return entry == nullptr ? "absent" : std::get<SymbolicLink>(entry->content).target;
}

TEST(Compose, MergesAndSortsByPath) {
    const Layout layout = compose(
        {{{text("z", "1", "a 1"), text("lib/b", "2", "a 1")}}, {{text("lib/a", "3", "b 1")}}}, {});
    ASSERT_NE(find(layout, "z"), nullptr);
    for (std::size_t i = 1; i < layout.entries.size(); ++i) {
        EXPECT_LT(layout.entries[i - 1].path.string(), layout.entries[i].path.string());
    }
    EXPECT_EQ(find(layout, "lib/a")->owner, "b 1");
}

TEST(Compose, AddsWhatMakesAPythonEnvironment) {
    const Layout layout = compose({}, {});
    EXPECT_EQ(
        std::get<GeneratedFile>(find(layout, "pyvenv.cfg")->content).content,
        "home = /@ENVPM_PYTHON_HOME@\ninclude-system-site-packages = false\nversion = 3.11\n");
    EXPECT_EQ(target(layout, "bin/python"), "/@ENVPM_PYTHON_HOME@/python3.11");
    EXPECT_EQ(target(layout, "bin/python3"), "python");
    EXPECT_EQ(target(layout, "bin/python3.11"), "python");
    EXPECT_EQ(target(layout, "lib64"), "lib");
    EXPECT_EQ(layout.entries.size(), 6U);
}

TEST(Compose, NamesTheFreeThreadedLibraryFolder) {
    const Layout layout = compose({}, PythonAbi{"cpython", 3, 13, "cp313t"});
    EXPECT_EQ(target(layout, "bin/python"), "/@ENVPM_PYTHON_HOME@/python3.13t");
    EXPECT_EQ(target(layout, "bin/python3.13"), "python");
    EXPECT_EQ(target(layout, "bin/python3.13t"), "python");
    EXPECT_NE(find(layout, "lib/python3.13t/site-packages/00-envpm.pth"), nullptr);
}

TEST(Compose, TheBytecodeFileIsOneLineThatBeginsWithImport) {
    const Layout layout = compose({}, {});
    const std::string line =
        std::get<GeneratedFile>(find(layout, "lib/python3.11/site-packages/00-envpm.pth")->content)
            .content;
    EXPECT_TRUE(line.starts_with("import "));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(Compose, KeepsAFileThatTwoPackagesShareOnce) {
    const World world;
    const std::vector<Layout> packages = {{{text("lib/t/__init__.py", "same", "a 1")}},
                                          {{text("lib/t/__init__.py", "same", "b 1")}},
                                          {{world.file("lib/t/__init__.py", "same")}}};
    const Layout layout = compose(packages, {});
    EXPECT_EQ(layout.entries.size(), 7U);
    EXPECT_EQ(find(layout, "lib/t/__init__.py")->owner, "a 1");
}

struct Clash {
    LayoutEntry one;
    LayoutEntry other;
    std::string what;
};

TEST(Compose, RefusesClashesNamingBothPackages) {
    const LayoutEntry link{RelativePath::parse("x"), SymbolicLink{"y"}, false, "b 2"};
    const std::vector<Clash> clashes = {
        {text("x", "1", "a 1"), text("x", "2", "b 2"), "different files"},
        {text("x", "1", "a 1"), text("x", "1", "b 2", true), "different files"},
        {text("x", "y", "a 1"), link, "different files"},
        {text("lib/X", "1", "a 1"), text("lib/x", "1", "b 2"), "only in case"},
        {text("x", "1", "a 1"), text("x/y/z", "1", "b 2"), "below a file"},
        {text("x/y/z", "1", "a 1"), text("X", "1", "b 2"), "below a file"},
        {link, text("x/y", "1", "a 1"), "below a file"},
    };
    for (const Clash& clash : clashes) {
        try {
            compose({{{clash.one}}, {{clash.other}}}, {});
            ADD_FAILURE() << "no error: " << clash.what;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::failed);
            EXPECT_THAT(error.text().what, HasSubstr(clash.what));
            EXPECT_THAT(error.text().subject, HasSubstr("a 1"));
            EXPECT_THAT(error.text().subject, HasSubstr("b 2"));
        }
    }
}

TEST(Compose, LetsOnePackageHavePathsThatDifferOnlyInCase) {
    const Layout headers = {{text("xt_MARK.h", "1", "a 1"), text("xt_mark.h", "2", "a 1"),
                             text("X/y", "3", "a 1"), text("x", "4", "a 1")}};
    const std::size_t own = compose({}, {}).entries.size();
    EXPECT_EQ(compose({headers}, {}).entries.size(), own + 4);
    // Of another package the same is one file; something else is a clash, whichever it is.
    EXPECT_EQ(compose({headers, {{text("xt_mark.h", "2", "b 1")}}}, {}).entries.size(), own + 4);
    for (const LayoutEntry& bad :
         {text("xt_MARK.h", "other", "b 1"), text("xt_mark.h", "other", "b 1"),
          text("XT_MARK.H", "1", "b 1"), text("x/z", "1", "b 1"), text("xt_mark.h/a", "1", "b 1"),
          text("x/y", "1", "a 1")}) {
        EXPECT_THROW(compose({headers, {{bad}}}, {}), Error) << bad.path.string();
    }
}

TEST(Compose, ProtectsTheEnvironmentsOwnFiles) {
    for (const char* path :
         {"pyvenv.cfg", "bin/python", "bin/Python3", "lib64/x.so", ".envpm/x",
          ".ENVPM/manifest.json", ".envpm", "lib/python3.11/site-packages/00-envpm.pth"}) {
        EXPECT_THROW(compose({{{text(path, "evil", "a 1")}}}, {}), Error) << path;
    }
    EXPECT_NO_THROW(compose({{{text("lib/.envpm/x", "fine", "a 1")}}}, {}));
}

} // namespace

} // namespace envpm::realize
