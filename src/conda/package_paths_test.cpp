#include "conda/package_paths.h"

#include "base/error.h"
#include "conda/package_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::conda {

namespace {

using test::SamplePackage;
using testing::HasSubstr;

SamplePackage package_with_paths() {
    SamplePackage package;
    package.files = {{"bin/run", "#!/ph/bin/sh"}, {"lib/libx.so.1", "ELF"}, {"share/doc", "d"}};
    package.links = {{"lib/libx.so", "libx.so.1"}};
    package.folders = {"var/empty"};
    package.says = {{"bin/run", {{"prefix_placeholder", "/ph"}, {"file_mode", "text"}}},
                    {"share/doc", {{"no_link", true}}}};
    return package;
}

template <class Action> std::string fault_of(const Action& action) {
    try {
        action();
        return "";
    } catch (const Error& failure) {
        EXPECT_EQ(failure.code(), ExitCode::integrity);
        EXPECT_THAT(failure.what(), HasSubstr("demo 1.0"));
        return failure.what();
    }
}

std::string fault_of_text(const std::string& text) {
    return fault_of([&text] { parse_paths(text, "demo 1.0"); });
}

/// What is wrong with the package's paths.
std::string fault_of_package(const SamplePackage& package) {
    return fault_of([&package] {
        const Tree tree = package.tree();
        const auto all = package.all();
        const auto content = [&all](const TreeFile& file) { return all.at(file.path.string()); };
        check_paths(read_package_paths(tree, content, "demo 1.0"), tree, "demo 1.0");
    });
}

TEST(PackagePaths, SayWhatEachPathIs) {
    const std::vector<PackagePath> paths =
        parse_paths(package_with_paths().paths_json(), "demo 1.0");
    ASSERT_EQ(paths.size(), 5U);
    EXPECT_EQ(paths[0].path.string(), "bin/run");
    EXPECT_EQ(paths[0].placeholder, (Placeholder{"/ph", PlaceholderMode::text}));
    EXPECT_EQ(paths[0].sha256, sha256_of("#!/ph/bin/sh"));
    EXPECT_EQ(paths[0].size_bytes, 12U);
    EXPECT_EQ(paths[1].type, PathType::link);
    EXPECT_EQ(paths[2].placeholder, std::nullopt);
    EXPECT_FALSE(paths[2].is_never_linked);
    EXPECT_TRUE(paths[3].is_never_linked);
    EXPECT_EQ(paths[4].type, PathType::folder);
}

TEST(PackagePaths, MayLeaveOpenWhatTheyDoNotKnow) {
    const std::string text = R"({"paths_version":1,"paths":[{"_path":"a","path_type":"hardlink",)"
                             R"("prefix_placeholder":null,"sha256":null,"inode_paths":[]}]})";
    const std::vector<PackagePath> paths = parse_paths(text, "demo 1.0");
    EXPECT_EQ(paths[0], (PackagePath{RelativePath::parse("a"), PathType::file, {}, {}, {}, false}));
}

TEST(PackagePaths, AreRefusedIfTheyAreMalformed) {
    const auto with = [](const std::string& entry) {
        return R"({"paths_version":1,"paths":[{)" + entry + "}]}";
    };
    EXPECT_EQ(fault_of_text(with(R"("_path":"a","path_type":"hardlink")")), "");
    for (const std::string& entry : {
             std::string(),
             std::string(R"("_path":"a")"),
             std::string(R"("_path":"a","path_type":"device")"),
             std::string(R"("_path":"../a","path_type":"hardlink")"),
             std::string(R"("_path":"/a","path_type":"hardlink")"),
             std::string(R"("_path":"","path_type":"hardlink")"),
             std::string(R"("_path":"a","path_type":"hardlink","sha256":"abc")"),
             std::string(R"("_path":"a","path_type":"hardlink","size_in_bytes":-1)"),
             std::string(R"("_path":"a","path_type":"hardlink","size_in_bytes":"1")"),
             std::string(R"("_path":"a","path_type":"hardlink","prefix_placeholder":"",)"
                         R"("file_mode":"text")"),
             std::string(R"("_path":"a","path_type":"hardlink","prefix_placeholder":"/",)"
                         R"("file_mode":"text")"),
             std::string(R"("_path":"a","path_type":"hardlink","prefix_placeholder":"/a\nb",)"
                         R"("file_mode":"text")"),
             std::string(R"("_path":"a","path_type":"hardlink","prefix_placeholder":"/ab",)"
                         R"("file_mode":"other")"),
             std::string(R"("_path":"a","path_type":"hardlink","prefix_placeholder":"/ab")"),
         }) {
        EXPECT_NE(fault_of_text(with(entry)), "") << entry;
    }
    for (const std::string text :
         {"", "{}", "[]", R"({"paths_version":2,"paths":[]})", R"({"paths_version":1})"}) {
        EXPECT_NE(fault_of_text(text), "") << text;
    }
    const std::string one = R"({"_path":"a","path_type":"hardlink"})";
    EXPECT_THAT(fault_of_text(R"({"paths_version":1,"paths":[)" + one + "," + one + "]}"),
                HasSubstr("listed twice"));
}

TEST(PackagePaths, MustBeWhatThePackageHolds) {
    EXPECT_EQ(fault_of_package(package_with_paths()), "");

    SamplePackage package = package_with_paths();
    package.says["lib/libx.so.1"] = {{"sha256", sha256_of("other").hex()}};
    EXPECT_THAT(fault_of_package(package), HasSubstr("`lib/libx.so.1` has another"));

    package = package_with_paths();
    package.says["lib/libx.so.1"] = {{"size_in_bytes", 4}};
    EXPECT_THAT(fault_of_package(package), HasSubstr("`lib/libx.so.1` has another"));

    package = package_with_paths();
    package.info["info/paths.json"] = package.paths_json();
    package.files["bin/extra"] = "evil";
    EXPECT_THAT(fault_of_package(package), HasSubstr("`bin/extra` is a file that the package"));

    package = package_with_paths();
    package.info["info/paths.json"] = package.paths_json();
    package.links["bin/extra"] = "evil";
    EXPECT_THAT(fault_of_package(package), HasSubstr("`bin/extra` is a link that the package"));

    package = package_with_paths();
    package.info["info/paths.json"] = package.paths_json();
    package.files.erase("share/doc");
    EXPECT_THAT(fault_of_package(package), HasSubstr("`share/doc` is listed and not in"));

    package = package_with_paths();
    package.says["lib/libx.so"] = {{"path_type", "hardlink"}};
    EXPECT_THAT(fault_of_package(package), HasSubstr("`lib/libx.so`"));

    package = package_with_paths();
    package.says["lib/libx.so.1"] = {{"path_type", "softlink"}};
    EXPECT_THAT(fault_of_package(package), HasSubstr("`lib/libx.so.1`"));

    package = package_with_paths();
    package.says["lib/libx.so.1"] = {{"path_type", "directory"}};
    EXPECT_THAT(fault_of_package(package), HasSubstr("`lib/libx.so.1`"));
}

TEST(PackagePaths, AreNeverThoseOfInfo) {
    SamplePackage package = package_with_paths();
    package.folders.insert("info/evil");
    EXPECT_THAT(fault_of_package(package), HasSubstr("`info/evil`"));
}

TEST(PackagePaths, MayBeToldTheOldWay) {
    SamplePackage package = package_with_paths();
    package.files["lib/with space"] = "x";
    package.folders.clear();
    package.info = {{"info/files", "bin/run\nlib/libx.so\nlib/libx.so.1\r\nlib/with space\n"
                                   "share/doc\n"},
                    {"info/has_prefix", "/ph/long binary lib/libx.so.1\nbin/run\n"
                                        "\"/with space\" text \"lib/with space\"\n"},
                    {"info/no_link", "share/doc\n"}};
    EXPECT_EQ(fault_of_package(package), "");
    const Tree tree = package.tree();
    const auto all = package.all();
    const std::vector<PackagePath> paths = read_package_paths(
        tree, [&all](const TreeFile& file) { return all.at(file.path.string()); }, "demo 1.0");
    ASSERT_EQ(paths.size(), 5U);
    EXPECT_EQ(paths[0].placeholder,
              (Placeholder{"/opt/anaconda1anaconda2anaconda3", PlaceholderMode::text}));
    EXPECT_EQ(paths[1].type, PathType::link);
    EXPECT_EQ(paths[2].placeholder, (Placeholder{"/ph/long", PlaceholderMode::binary}));
    EXPECT_EQ(paths[3].placeholder, (Placeholder{"/with space", PlaceholderMode::text}));
    EXPECT_TRUE(paths[4].is_never_linked);

    package.info["info/files"] += "not/there\n";
    EXPECT_THAT(fault_of_package(package), HasSubstr("`not/there` is listed"));
    package.info["info/files"] = "bin/run\n";
    package.info["info/has_prefix"] = "/ph text other\n";
    EXPECT_THAT(fault_of_package(package), HasSubstr("`other` is not among"));
    package.info["info/has_prefix"] = "/ph odd bin/run\n";
    EXPECT_THAT(fault_of_package(package), HasSubstr("`odd` is no mode"));
    package.info["info/has_prefix"] = "/ text bin/run\n";
    EXPECT_THAT(fault_of_package(package), HasSubstr("stands for no prefix"));
    package.info.erase("info/has_prefix");
    EXPECT_NE(fault_of_package(package), "");
}

TEST(PackagePaths, AreNeverMoreThanAnyPackageHas) {
    SamplePackage package = package_with_paths();
    std::string lines;
    for (int i = 0; i <= 1'000'000; ++i) {
        lines += "a\n";
    }
    package.info = {{"info/files", lines}};
    EXPECT_THAT(fault_of_package(package), HasSubstr("more than 1,000,000 lines"));
    EXPECT_THAT(fault_of_text(std::string(10'000'001, ',')), HasSubstr("more than 10,000,000"));
}

TEST(PackagePaths, MustBeToldSomehow) {
    SamplePackage package = package_with_paths();
    package.info["info/files"] = "";
    package.files.clear();
    package.links.clear();
    package.folders.clear();
    EXPECT_EQ(fault_of_package(package), "");
    const Tree tree{sha256_of("a"), {}};
    EXPECT_THAT(fault_of([&tree] { read_package_paths(tree, {}, "demo 1.0"); }),
                HasSubstr("has no `info/files`"));
}

} // namespace

} // namespace envpm::conda
