#include "conda/package_layout.h"

#include "base/error.h"
#include "conda/package_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::conda {

namespace {

using test::request_for;
using test::SamplePackage;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string placeholder = "/builder/env_placehold";

SamplePackage sample() {
    SamplePackage package;
    package.files = {{"bin/run", "#!" + placeholder + "/bin/sh\n"},
                     {"lib/libx.so.1", placeholder},
                     {"lib/x.pyc", "bytecode"},
                     {"share/doc", "d"}};
    package.executables = {"bin/run"};
    package.links = {{"lib/libx.so", "libx.so.1"}};
    package.folders = {"var/empty"};
    package.says = {
        {"bin/run", {{"prefix_placeholder", placeholder}, {"file_mode", "text"}}},
        {"lib/libx.so.1", {{"prefix_placeholder", placeholder}, {"file_mode", "binary"}}},
        {"share/doc", {{"no_link", true}}}};
    return package;
}

SamplePackage noarch_python() {
    SamplePackage package;
    package.files = {{"site-packages/demo/__init__.py", "x = 1\n"},
                     {"python-scripts/demo-tool", "#!/ph/bin/python\n"},
                     {"etc/demo.conf", "c"}};
    package.index["noarch"] = "python";
    package.index["subdir"] = "noarch";
    package.info["info/link.json"] =
        R"({"noarch":{"type":"python","entry_points":["demo = demo.cli:main"]},)"
        R"("package_metadata_version":1})";
    return package;
}

std::vector<std::string> paths_of(const Layout& layout) {
    std::vector<std::string> paths;
    for (const LayoutEntry& entry : layout.entries) {
        EXPECT_EQ(entry.owner, "demo 1.0");
        paths.push_back(entry.path.string());
    }
    return paths;
}

Layout layout_of(const SamplePackage& package,
                 const std::function<void(PackageLayoutRequest&)>& change = {}) {
    const Tree tree = package.tree();
    PackageLayoutRequest request = request_for(package, tree);
    if (package.index.contains("noarch")) {
        request.subdir = "noarch";
    }
    if (change) {
        change(request);
    }
    return package_layout(request);
}

std::string fault_of(const SamplePackage& package,
                     const std::function<void(PackageLayoutRequest&)>& change = {}) {
    try {
        layout_of(package, change);
        return "";
    } catch (const Error& failure) {
        EXPECT_EQ(failure.code(), ExitCode::integrity);
        EXPECT_THAT(failure.what(), HasSubstr("demo 1.0"));
        return failure.what();
    }
}

TEST(PackageLayout, PlacesWhatIsListedWithoutInfo) {
    const Layout layout = layout_of(sample());
    EXPECT_THAT(paths_of(layout),
                ElementsAre("bin/run", "conda-meta/demo-1.0-h0_1.json", "lib/libx.so",
                            "lib/libx.so.1", "lib/x.pyc", "share/doc", "var/empty"));
    const std::string script = "#!" + placeholder + "/bin/sh\n";
    EXPECT_EQ(
        *std::get<Boxed<RelocatedFile>>(layout.entries[0].content),
        (RelocatedFile{{sha256_of(script), script.size()}, placeholder, PlaceholderMode::text}));
    EXPECT_TRUE(layout.entries[0].is_executable);
    EXPECT_EQ(std::get<SymbolicLink>(layout.entries[2].content).target, "libx.so.1");
    EXPECT_EQ(std::get<Boxed<RelocatedFile>>(layout.entries[3].content)->mode,
              PlaceholderMode::binary);
    EXPECT_FALSE(layout.entries[3].is_executable);
    EXPECT_EQ(std::get<ObjectFile>(layout.entries[4].content),
              (ObjectFile{sha256_of("bytecode"), 8}));
    EXPECT_TRUE(std::get<ObjectFile>(layout.entries[5].content).is_always_copied);
    EXPECT_TRUE(std::holds_alternative<EmptyFolder>(layout.entries[6].content));
}

TEST(PackageLayout, PlacesNoarchPythonWhereThePythonLooks) {
    const Layout layout = layout_of(noarch_python());
    EXPECT_THAT(paths_of(layout),
                ElementsAre("bin/demo", "bin/demo-tool", "conda-meta/demo-1.0-h0_1.json",
                            "etc/demo.conf", "lib/python3.12/site-packages/demo/__init__.py"));
    EXPECT_THAT(std::get<GeneratedFile>(layout.entries[0].content).content,
                HasSubstr("#!/@ENVPM_PREFIX@/bin/python\nimport sys\nfrom demo.cli import main\n"));
    EXPECT_TRUE(layout.entries[0].is_executable);
    const std::string& record = std::get<GeneratedFile>(layout.entries[2].content).content;
    EXPECT_THAT(record, HasSubstr("\"lib/python3.12/site-packages/demo/__init__.py\""));
    EXPECT_THAT(record, HasSubstr("\"path_type\": \"unix_python_entry_point\""));
}

TEST(PackageLayout, FollowsThePythonsOwnPlaceOfModules) {
    const auto with = [](const std::string& place) {
        return paths_of(layout_of(noarch_python(), [&place](PackageLayoutRequest& request) {
            request.python = PythonAbi{"cpython", 3, 13, "cp313t"};
            request.site_packages = place;
        }));
    };
    EXPECT_EQ(with("").back(), "lib/python3.13t/site-packages/demo/__init__.py");
    EXPECT_EQ(with("lib/other/site").back(), "lib/other/site/demo/__init__.py");
    EXPECT_THROW(with("../out"), Error);
}

TEST(PackageLayout, LeavesThoseFoldersAloneInOtherPackages) {
    SamplePackage package;
    package.files = {{"site-packages/a", "1"}};
    EXPECT_EQ(paths_of(layout_of(package)).back(), "site-packages/a");
}

TEST(PackageLayout, OfNoarchPythonNeedsAPython) {
    EXPECT_THAT(
        fault_of(noarch_python(), [](PackageLayoutRequest& request) { request.python.reset(); }),
        HasSubstr("needs a Python"));
    EXPECT_EQ(fault_of(sample(), [](PackageLayoutRequest& request) { request.python.reset(); }),
              "");
}

TEST(PackageLayout, IsOfThePackageThatTheLockNames) {
    for (const std::string member : {"name", "version", "build", "subdir"}) {
        SamplePackage package = sample();
        package.index[member] = "other";
        EXPECT_THAT(fault_of(package), HasSubstr("says that the " + member + " is `other`"));
        package.index[member] = 1;
        EXPECT_NE(fault_of(package), "");
        package.index.erase(member);
        EXPECT_EQ(fault_of(package) == "", member == "subdir") << member;
    }
    for (const std::string text : {"", "[]", "{"}) {
        SamplePackage package = sample();
        package.info["info/index.json"] = text;
        EXPECT_THAT(fault_of(package), HasSubstr("info/index.json"));
    }
}

TEST(PackageLayout, IsOfAnArchiveOfThatName) {
    for (const std::string name :
         {"demo-1.0-h0_1.zip", "other-1.0-h0_1.conda", "demo-1.0-h0_1", ""}) {
        EXPECT_THAT(
            fault_of(sample(), [&](PackageLayoutRequest& request) { request.file_name = name; }),
            HasSubstr("is not the name of this package's archive"));
    }
    EXPECT_EQ(fault_of(sample(),
                       [](PackageLayoutRequest& request) {
                           request.file_name = "demo-1.0-h0_1.tar.bz2";
                       }),
              "");
    SamplePackage package = sample();
    package.index["build"] = "x/../../y";
    EXPECT_NE(fault_of(package,
                       [](PackageLayoutRequest& request) {
                           request.build = "x/../../y";
                           request.file_name = "demo-1.0-x/../../y.conda";
                       }),
              "");
}

TEST(PackageLayout, LeavesLinksToWhoKnowsThoseOfOtherPackages) {
    for (const std::string target : {"/etc/passwd", "../../x", "../share/./doc/..//x"}) {
        SamplePackage package = sample();
        package.links["lib/a"] = target;
        EXPECT_EQ(fault_of(package), "") << target;
    }
}

TEST(PackageLayout, RefusesFilesThatAreNotThePackagesOwn) {
    for (const std::string path :
         {"conda-meta/other-2.0-0.json", "conda-meta/demo-1.0-h0_1.json", "conda-meta/history",
          "pyvenv.cfg", ".envpm/manifest.json", ".envpm", "conda-meta"}) {
        SamplePackage package = sample();
        package.files[path] = "evil";
        EXPECT_THAT(fault_of(package), HasSubstr("environment's own")) << path;
    }
    SamplePackage package = sample();
    package.files["conda-meta/pinned"] = "fine";
    EXPECT_EQ(fault_of(package), "");
}

TEST(PackageLayout, RefusesEntryPointsThatAreNone) {
    for (const std::string line : {"../../.bashrc = m:f", "a/b = m:f", "x = m:f; import os", "x",
                                   "x = ", " = m:f", "x = m:f\\nimport os"}) {
        SamplePackage package = noarch_python();
        package.info["info/link.json"] =
            R"({"noarch":{"type":"python","entry_points":[")" + line + R"("]}})";
        EXPECT_NE(fault_of(package), "") << line;
    }
    SamplePackage package = noarch_python();
    package.info["info/link.json"] = R"({"noarch":{"type":"python","entry_points":[1]}})";
    EXPECT_NE(fault_of(package), "");
    package.info["info/link.json"] = R"({"noarch":{"type":"python","entry_points":{"a":"b"}}})";
    EXPECT_THAT(fault_of(package), HasSubstr("no list"));
    package.info["info/link.json"] =
        R"({"noarch":{"type":"python","entry_points":["demo-tool = a:b"]}})";
    EXPECT_THAT(fault_of(package), HasSubstr("two files for `bin/demo-tool`"));
}

TEST(PackageLayout, KeepsToTheListOfPaths) {
    SamplePackage package = sample();
    package.says["share/doc"] = {{"sha256", sha256_of("other").hex()}};
    EXPECT_THAT(fault_of(package), HasSubstr("`share/doc`"));
}

} // namespace

} // namespace envpm::conda
