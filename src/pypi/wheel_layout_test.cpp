#include "pypi/wheel_layout.h"

#include "base/error.h"
#include "pypi/wheel_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pypi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string info = "demo_pkg-1.0.dist-info/";
const std::string site = "lib/python3.11/site-packages/";

/// A wheel in memory: a true RECORD is added unless there is one.
class Wheel {
  public:
    Wheel() {
        add(info + "METADATA", "Metadata-Version: 2.1\nName: Demo.Pkg\nVersion: 1.0\n\n");
        add(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
    }

    Wheel& add(const std::string& path, const std::string& content) {
        files_[path] = content;
        return *this;
    }

    Wheel& add_executable(const std::string& path, const std::string& content) {
        executable_.insert(path);
        return add(path, content);
    }

    Wheel& remove(const std::string& path) {
        files_.erase(path);
        return *this;
    }

    Wheel& request_it() {
        is_requested_ = true;
        return *this;
    }

    [[nodiscard]] Layout lay_out() const {
        auto files = files_;
        files.emplace(info + "RECORD", true_record());
        Tree tree{sha256_of("archive"), {}};
        for (const auto& [path, content] : files) {
            tree.files.push_back({RelativePath::parse(path), sha256_of(content), content.size(),
                                  executable_.count(path) != 0});
        }
        return wheel_layout(
            {.name = *PackageName::parse("demo-pkg"),
             .version = "1.0",
             .tree = tree,
             .python = PythonAbi{},
             .is_requested = is_requested_,
             .content = [&files](const TreeFile& file) { return files.at(file.path.string()); }});
    }

    /// What lay_out complains of.
    [[nodiscard]] std::string complaint() const {
        try {
            static_cast<void>(lay_out());
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::integrity);
            return error.what();
        }
        return {};
    }

  private:
    [[nodiscard]] std::string true_record() const {
        std::vector<RecordRow> rows;
        for (const auto& [path, content] : files_) {
            rows.push_back({path, record_hash(sha256_of(content)), std::to_string(content.size())});
        }
        rows.push_back({info + "RECORD", "", ""});
        return record_text(std::move(rows));
    }

    std::map<std::string, std::string> files_;
    std::set<std::string> executable_;
    bool is_requested_ = false;
};

std::vector<std::string> paths(const Layout& layout) {
    std::vector<std::string> out;
    for (const LayoutEntry& entry : layout.entries) {
        out.push_back(entry.path.string());
    }
    return out;
}

const LayoutEntry& entry_at(const Layout& layout, const std::string& path) {
    for (const LayoutEntry& entry : layout.entries) {
        if (entry.path.string() == path) {
            return entry;
        }
    }
    throw std::out_of_range(path);
}

std::string generated_at(const Layout& layout, const std::string& path) {
    return std::get<GeneratedFile>(entry_at(layout, path).content).content;
}

TEST(WheelLayout, PutsEveryFolderWherePep427Says) {
    const Layout layout = Wheel()
                              .add("demo/__init__.py", "")
                              .add("demo/__pycache__/x.cpython-311.pyc", "bytecode")
                              .add_executable("demo/tool", "elf")
                              .add("demo_pkg-1.0.data/purelib/pure.py", "p")
                              .add("demo_pkg-1.0.data/platlib/plat.so", "s")
                              .add("demo_pkg-1.0.data/scripts/run.sh", "#!/bin/sh\n")
                              .add("demo_pkg-1.0.data/headers/demo.h", "h")
                              .add("demo_pkg-1.0.data/data/share/demo.txt", "t")
                              .lay_out();
    EXPECT_THAT(paths(layout),
                ElementsAre("bin/run.sh", "include/site/python3.11/demo-pkg/demo.h",
                            site + "demo/__init__.py", site + "demo/__pycache__/x.cpython-311.pyc",
                            site + "demo/tool", site + info + "INSTALLER", site + info + "METADATA",
                            site + info + "RECORD", site + info + "WHEEL", site + "plat.so",
                            site + "pure.py", "share/demo.txt"));
    const LayoutEntry expected = {RelativePath::parse("bin/run.sh"),
                                  ObjectFile{sha256_of("#!/bin/sh\n"), 10, true}, true,
                                  "demo-pkg 1.0"};
    EXPECT_EQ(entry_at(layout, "bin/run.sh"), expected) << "scripts become executable";
    EXPECT_TRUE(entry_at(layout, site + "demo/tool").is_executable);
    EXPECT_FALSE(entry_at(layout, site + "pure.py").is_executable);
}

TEST(WheelLayout, RewritesPythonScriptsAndWritesEntryPoints) {
    const Layout layout = Wheel()
                              .add("demo_pkg-1.0.data/scripts/old", "#!python -E\nprint()\n")
                              .add("demo_pkg-1.0.data/scripts/demo", "#!python\nreplaced\n")
                              .add(info + "entry_points.txt", "[console_scripts]\ndemo = a.b:c\n")
                              .lay_out();
    EXPECT_EQ(generated_at(layout, "bin/old"), "#!/@ENVPM_PREFIX@/bin/python\nprint()\n");
    EXPECT_THAT(generated_at(layout, "bin/demo"), HasSubstr("from a.b import c\n"))
        << "an entry point goes before a script of its name";
    EXPECT_TRUE(entry_at(layout, "bin/old").is_executable);
    EXPECT_TRUE(entry_at(layout, "bin/demo").is_executable);
}

TEST(WheelLayout, WritesARecordThatIsFreeOfThePrefixsPlace) {
    const Layout layout = Wheel()
                              .request_it()
                              .add("a,b.py", "x")
                              .add("demo_pkg-1.0.data/data/share/t", "x")
                              .add("demo_pkg-1.0.data/scripts/old", "#!python\n")
                              .add(info + "INSTALLER", "somebody else\n")
                              .lay_out();
    const std::string x = "sha256=LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE,1\n";
    const std::vector<RecordRow> rows =
        parse_record(generated_at(layout, site + info + "RECORD"), "demo");
    std::string text;
    for (const RecordRow& row : rows) {
        if (row.path.find("METADATA") == std::string::npos &&
            row.path.find("WHEEL") == std::string::npos) {
            text += record_text({row});
        }
    }
    EXPECT_EQ(text, "../../../bin/old,,\n"
                    "../../../share/t," +
                        x + "\"a,b.py\"," + x + info + "INSTALLER," +
                        record_hash(sha256_of("envpm\n")) + ",6\n" + info + "RECORD,,\n" + info +
                        "REQUESTED," + record_hash(sha256_of("")) + ",0\n");
    EXPECT_EQ(generated_at(layout, site + info + "INSTALLER"), "envpm\n");
    EXPECT_EQ(generated_at(layout, site + info + "REQUESTED"), "");
}

TEST(WheelLayout, OfAFreeThreadedPythonGoesToItsFolder) {
    Tree tree{sha256_of("archive"), {}};
    std::map<std::string, std::string> files = {
        {info + "METADATA", "Name: demo-pkg\nVersion: 1.0.0\n"},
        {info + "WHEEL", "Wheel-Version: 1.9\n"}};
    std::vector<RecordRow> rows;
    for (const auto& [path, content] : files) {
        rows.push_back({path, record_hash(sha256_of(content)), ""});
    }
    files[info + "RECORD"] = record_text(rows);
    for (const auto& [path, content] : files) {
        tree.files.push_back(
            {RelativePath::parse(path), sha256_of(content), content.size(), false});
    }
    const Layout layout = wheel_layout(
        {.name = *PackageName::parse("demo-pkg"),
         .version = "1.0",
         .tree = tree,
         .python = PythonAbi{"cpython", 3, 13, "cp313t"},
         .content = [&](const TreeFile& file) { return files.at(file.path.string()); }});
    EXPECT_THAT(layout.entries.front().path.string(), HasSubstr("lib/python3.13t/site-packages/"));
}

TEST(WheelLayout, RefusesWheelsThatAreNotWhatTheLockSays) {
    const std::vector<std::pair<Wheel, std::string>> cases = {
        {Wheel().add("other-1.0.dist-info/METADATA", ""), "2 `.dist-info` folders"},
        {Wheel().remove(info + "METADATA"), "has no `demo_pkg-1.0.dist-info/METADATA`"},
        {Wheel().remove(info + "WHEEL"), "has no `demo_pkg-1.0.dist-info/WHEEL`"},
        {Wheel().add(info + "METADATA", "Name: demo-pkg\nVersion: 1.1\n"), "`demo-pkg 1.1`"},
        {Wheel().add(info + "METADATA", "Name: other\nVersion: 1.0\n"), "`other 1.0`"},
        {Wheel().add(info + "METADATA", "\nName: demo-pkg\nVersion: 1.0\n"), "METADATA says"},
        {Wheel().add(info + "WHEEL", "Wheel-Version: 2.0\n"), "format is version `2.0`"},
        {Wheel().add(info + "WHEEL", "Tag: py3-none-any\n"), "format is version ``"},
        {Wheel().add("a.py", "x").add(info + "RECORD", ""), "not listed in RECORD"},
        {Wheel().add(info + "entry_points.txt", "[console_scripts]\n../x = m:f\n"), "`../x`"},
    };
    for (const auto& [wheel, expected] : cases) {
        EXPECT_THAT(wheel.complaint(), HasSubstr(expected));
    }
}

TEST(WheelLayout, RefusesAWheelWithoutOrWithAnotherMetadataFolder) {
    for (const char* folder : {"", "demo_pkg-1.1.dist-info/", "other-1.0.dist-info/",
                               "demo_pkg.dist-info/", "-1.0.dist-info/"}) {
        Wheel wheel;
        wheel.remove(info + "METADATA").remove(info + "WHEEL");
        wheel.add(std::string(folder) + "METADATA", "Name: demo-pkg\nVersion: 1.0\n");
        EXPECT_NE(wheel.complaint(), "") << folder;
    }
}

TEST(WheelLayout, RefusesFilesWhereTheEnvironmentHasItsOwn) {
    const std::string data = "demo_pkg-1.0.data/";
    for (const char* path :
         {"scripts/python", "scripts/python3", "scripts/python3.11", "scripts/python3.13t",
          "scripts/pythonw", "data/bin/python", "data/bin/python3/x", "data/bin", "data/pyvenv.cfg",
          "data/conda-meta/other-1.0-0.json", "data/conda-meta", "data/.envpm/manifest.json"}) {
        EXPECT_THAT(Wheel().add(data + path, "x").complaint(), HasSubstr("the environment's own"))
            << path;
    }
    for (const char* path : {"scripts/python-argcomplete", "scripts/pip", "data/bin/pythonic"}) {
        EXPECT_EQ(Wheel().add(data + path, "x").complaint(), "") << path;
    }
    EXPECT_THAT(
        Wheel().add(info + "entry_points.txt", "[gui_scripts]\npython3 = m:f\n").complaint(),
        HasSubstr("the environment's own"));
}

TEST(WheelLayout, RefusesDataFoldersThatNobodyDefined) {
    for (const char* path : {"demo_pkg-1.0.data/x", "demo_pkg-1.0.data/etc/x",
                             "demo_pkg-1.0.data/scripts", "other-1.0.data/scripts/x"}) {
        EXPECT_NE(Wheel().add(path, "x").complaint(), "") << path;
    }
}

TEST(WheelLayout, TakesAFileThatPurelibAndPlatlibShareOnlyIfItIsOne) {
    EXPECT_EQ(Wheel().add("a.py", "x").add("demo_pkg-1.0.data/purelib/a.py", "x").complaint(), "");
    EXPECT_THAT(Wheel().add("a.py", "x").add("demo_pkg-1.0.data/purelib/a.py", "y").complaint(),
                HasSubstr("two different files for `lib/python3.11/site-packages/a.py`"));
}

TEST(WheelLayout, PutsNothingWhereMetadataOfOthersIs) {
    const std::string data = "demo_pkg-1.0.data/";
    const std::vector<std::string> paths = {data + "purelib/other-2.0.dist-info/METADATA",
                                            data + "platlib/other-2.0.DIST-INFO/x",
                                            data + "data/" + site + "other-2.0.dist-info/RECORD",
                                            "other-2.0.Dist-Info/METADATA",
                                            "other-2.0-py3.11.egg-info/PKG-INFO",
                                            data + "purelib/other.EGG-INFO",
                                            ".egg-info/x"};
    for (const std::string& path : paths) {
        EXPECT_THAT(Wheel().add(path, "x").complaint(), HasSubstr("another package's metadata"))
            << path;
    }
    EXPECT_EQ(Wheel().add("vendor/other-2.0.dist-info/METADATA", "x").complaint(), "");
    EXPECT_EQ(Wheel().add(data + "purelib/" + info + "more.txt", "x").complaint(), "");
    EXPECT_EQ(Wheel().add("vendor/other-2.0.egg-info/PKG-INFO", "x").complaint(), "");
    EXPECT_EQ(Wheel().add("Demo.Pkg-1.0-py3.11.egg-info/PKG-INFO", "x").complaint(), "");
    EXPECT_EQ(Wheel().add("demo_pkg.egg-info/PKG-INFO", "x").complaint(), "");
}

TEST(WheelLayout, WritesRecordItself) {
    for (const std::string& folder :
         {std::string("purelib/"), std::string("platlib/"), "data/" + site}) {
        EXPECT_THAT(Wheel().add("demo_pkg-1.0.data/" + folder + info + "RECORD", "x").complaint(),
                    HasSubstr("by way of its data folder"))
            << folder;
    }
}

} // namespace
} // namespace envpm::pypi
