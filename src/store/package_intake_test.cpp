#include "base/error.h"
#include "store/packages_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

// Conda packages of both formats on their way into the store, honest ones and hostile ones.

namespace envpm::store {

namespace {

using std::string_literals::operator""s;
using test::as_zstd;
using test::conda_members;
using test::listing;
using test::make_conda;
using test::make_tar_bz2;
using test::make_zip;
using test::pax_header;
using test::pax_record;
using test::tar_end;
using test::tar_file;
using test::tar_folder;
using test::tar_header;
using test::tar_link;
using test::tar_member;
using test::World;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

enum class Format { conda, tar_bz2 };

struct PackageIntake : testing::TestWithParam<Format> {
    World world;
    std::string info = tar_file("info/index.json", "{}");

    [[nodiscard]] Archive package(const std::string& content, const std::string& more_info = "",
                                  const std::string& stem = "demo-1.0-0") const {
        const bool is_conda = GetParam() == Format::conda;
        const std::string bytes = is_conda ? make_conda(stem, info + more_info, content)
                                           : make_tar_bz2(info + more_info, content);
        Archive archive = world.archive("x-" + sha256_of(bytes).hex().substr(0, 8), bytes);
        archive.label = "demo 1.0";
        archive.file_name = stem + (is_conda ? ".conda" : ".tar.bz2");
        return archive;
    }

    Tree tree_of(const std::string& content) {
        const Archive archive = package(content);
        world.take_in({archive});
        return Store::open(world.root).tree(archive.sha256).value();
    }

    /// What is wrong; nothing may be published then.
    std::string fault_of(const Archive& archive) {
        try {
            world.take_in({archive});
            return "";
        } catch (const Error& failure) {
            EXPECT_EQ(failure.code(), ExitCode::integrity);
            EXPECT_THAT(failure.what(), HasSubstr("demo 1.0"));
            for (const std::string& file : listing(world.root)) {
                EXPECT_FALSE(file.starts_with("objects/") || file.starts_with("trees/")) << file;
            }
            EXPECT_TRUE(std::filesystem::is_empty(world.paths.temporary()));
            return failure.what();
        }
    }

    std::string fault_of(const std::string& content) { return fault_of(package(content)); }
};

INSTANTIATE_TEST_SUITE_P(Both, PackageIntake, testing::Values(Format::conda, Format::tar_bz2));

std::vector<std::string> words(const Tree& tree) {
    std::vector<std::string> out;
    for (const TreeFile& file : tree.files) {
        out.push_back(file.path.string() + (file.is_executable ? " x" : ""));
    }
    for (const TreeLink& link : tree.links) {
        out.push_back(link.path.string() + " -> " + link.target);
    }
    for (const RelativePath& folder : tree.empty_folders) {
        out.push_back(folder.string() + "/");
    }
    return out;
}

TEST_P(PackageIntake, KeepsFilesLinksAndEmptyFolders) {
    const Tree tree =
        tree_of(tar_file("bin/run", "#!/bin/sh\n", 0755) + tar_folder("share/") +
                tar_file("share/doc", "d") + tar_folder("var/empty") + tar_folder("var/empty") +
                tar_link("lib/libx.so", "libx.so.1") + tar_link("out", "../elsewhere"));
    EXPECT_THAT(words(tree),
                ElementsAre("bin/run x", "info/index.json", "share/doc", "lib/libx.so -> libx.so.1",
                            "out -> ../elsewhere", "var/empty/"));
    EXPECT_EQ(tree.files[0].object, sha256_of("#!/bin/sh\n"));
    EXPECT_EQ(read_file(world.paths.object(tree.files[2].object, false)), "d");
    EXPECT_THAT(world.damages(), IsEmpty());
}

TEST_P(PackageIntake, MaterialisesHardLinksAsEqualFiles) {
    const Tree tree = tree_of(tar_file("bin/a", "same", 0755) + tar_link("bin/b", "bin/a", '1') +
                              tar_link("bin/c", "bin/b", '1'));
    ASSERT_EQ(tree.files.size(), 4U);
    for (const std::size_t i : {1U, 2U}) {
        EXPECT_EQ(tree.files[i].object, tree.files[0].object);
        EXPECT_EQ(tree.files[i].size_bytes, 4U);
        EXPECT_TRUE(tree.files[i].is_executable);
    }
    EXPECT_TRUE(tree.links.empty());
}

TEST_P(PackageIntake, DropsModesThatMeanPrivileges) {
    const Tree tree = tree_of(tar_file("bin/su", "s", 07755) + tar_file("data", "d", 06644));
    EXPECT_THAT(words(tree), ElementsAre("bin/su x", "data", "info/index.json"));

    struct stat status {};

    ASSERT_EQ(::stat(world.paths.object(tree.files[0].object, true).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0555U);
}

TEST_P(PackageIntake, TakesLargeAndManyFiles) {
    std::mt19937 random(3); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
    std::string large(3'000'000, '\0');
    for (char& c : large) {
        c = static_cast<char>(random());
    }
    std::string content = tar_file("lib/large", large);
    for (int i = 0; i < 2'000; ++i) {
        content += tar_file("lib/" + std::to_string(i), "content " + std::to_string(i % 700));
    }
    const Tree tree = tree_of(content);
    EXPECT_EQ(tree.files.size(), 2'002U);
    for (const TreeFile& file : tree.files) {
        if (file.path.string() == "lib/large") {
            EXPECT_EQ(file.object, sha256_of(large));
        }
    }
    EXPECT_THAT(world.damages(), IsEmpty());
}

TEST_P(PackageIntake, GivesTheSameTreeInAnyOrderOfTheArchive) {
    const std::string one = tar_file("b", "b") + tar_link("a", "b") + tar_folder("c");
    const std::string other = tar_folder("c") + tar_link("a", "b") + tar_file("b", "b");
    EXPECT_EQ(words(tree_of(one)), words(tree_of(other)));
}

TEST_P(PackageIntake, RefusesPathsThatLeaveTheFolder) {
    for (const std::string& name :
         {"../x"s, "a/../../x"s, "/abs"s, "//x"s, "a\\..\\b"s, "./x"s, "a/."s, "a\nb"s, "a\xff"s}) {
        EXPECT_NE(fault_of(tar_file(name, "evil")), "") << name;
        EXPECT_NE(fault_of(tar_link(name, "x")), "") << name;
        EXPECT_NE(fault_of(tar_folder(name)), "") << name;
    }
    std::string deep;
    for (int i = 0; i < 65; ++i) {
        deep += "d/";
    }
    EXPECT_THAT(fault_of(pax_header(pax_record("path", deep + "x")) + tar_file("x", "")),
                HasSubstr("64 folders"));
}

TEST_P(PackageIntake, RefusesAPathThatStandsTwice) {
    EXPECT_THAT(fault_of(tar_file("a", "1") + tar_file("a", "1")), HasSubstr("twice"));
    EXPECT_THAT(fault_of(tar_file("a", "1") + tar_link("a", "b")), HasSubstr("twice"));
    EXPECT_THAT(fault_of(tar_link("a", "b") + tar_file("a", "1")), HasSubstr("twice"));
    EXPECT_THAT(fault_of(tar_folder("a") + tar_link("a", "b")), HasSubstr("twice"));
    EXPECT_THAT(fault_of(tar_file("a", "1") + tar_folder("a")), HasSubstr("twice"));
    EXPECT_THAT(fault_of(tar_file("a/b", "1") + tar_file("a", "1")), HasSubstr("twice"));
}

TEST_P(PackageIntake, RefusesWhatLiesBelowAFileOrLink) {
    EXPECT_THAT(fault_of(tar_file("a", "1") + tar_file("a/b", "1")), HasSubstr("below"));
    EXPECT_THAT(fault_of(tar_link("evil", "/tmp") + tar_file("evil/x", "1")), HasSubstr("below"));
    EXPECT_THAT(fault_of(tar_link("evil", "..") + tar_folder("evil/x")), HasSubstr("below"));
    EXPECT_THAT(fault_of(tar_link("evil", "..") + tar_link("evil/x", "y")), HasSubstr("below"));
    EXPECT_THAT(fault_of(tar_link("evil", "..") + tar_file("f", "") + tar_link("evil/x", "f", '1')),
                HasSubstr("below"));
    EXPECT_THAT(fault_of(tar_link("a/b", "c") + tar_file("a/b/c/d", "1")), HasSubstr("below"));
}

TEST_P(PackageIntake, RefusesHardLinksToAnythingButAnEarlierFile) {
    const std::string file = tar_file("a", "1");
    for (const std::string target : {"b", "/etc/passwd", "../a", "./a", "", "l", "d", "a/"}) {
        EXPECT_THAT(
            fault_of(file + tar_link("l", "a") + tar_folder("d") + tar_link("hard", target, '1')),
            HasSubstr("no earlier file"))
            << target;
    }
    EXPECT_THAT(fault_of(tar_link("hard", "a", '1') + file), HasSubstr("no earlier file"));
    EXPECT_THAT(fault_of(tar_link("a", "a", '1')), HasSubstr("no earlier file"));
}

TEST_P(PackageIntake, RefusesLinkTargetsThatAreNone) {
    EXPECT_NE(fault_of(tar_link("a", "")), "");
    EXPECT_NE(fault_of(tar_link("a", "x\ny")), "");
    EXPECT_NE(fault_of(pax_header(pax_record("linkpath", "x\0y"s)) + tar_link("a", "b")), "");
    EXPECT_NE(
        fault_of(pax_header(pax_record("linkpath", std::string(4096, '/'))) + tar_link("a", "b")),
        "");
}

TEST_P(PackageIntake, RefusesDevicesPipesAndSparseFiles) {
    for (const char type : {'3', '4', '6', 'S'}) {
        EXPECT_NE(fault_of(tar_member({.name = "dev", .type = type}, "")), "") << type;
    }
}

TEST_P(PackageIntake, RefusesSizesThatDisagree) {
    EXPECT_THAT(fault_of(pax_header(pax_record("size", "1024")) +
                         tar_header({.name = "a", .size = 0}) + tar_file("hidden", "evil")),
                HasSubstr("another size"));
}

TEST_P(PackageIntake, RefusesAFileThatClaimsMoreThanThePackageCanHold) {
    EXPECT_THAT(fault_of(tar_header({.name = "a", .size = 7'000'000'000})),
                HasSubstr("larger than the package can be"));
}

TEST_P(PackageIntake, RefusesWhatFollowsTheEnd) {
    EXPECT_THAT(fault_of(tar_end() + tar_file("hidden", "evil")), HasSubstr("end"));
}

TEST_P(PackageIntake, PublishesNothingIfOneOfManyIsBad) {
    const Archive good = package(tar_file("a", "1"));
    const Archive bad = package(tar_file("../a", "1"));
    EXPECT_THROW(world.take_in({good, bad}), Error);
    EXPECT_FALSE(Store::open(world.root).tree(good.sha256));
}

struct CondaIntake : PackageIntake {};

INSTANTIATE_TEST_SUITE_P(One, CondaIntake, testing::Values(Format::conda));

TEST_P(CondaIntake, RefusesAPathInBothTarsOrInTheWrongOne) {
    EXPECT_THAT(fault_of(tar_file("info/index.json", "{}")), HasSubstr("wrong part"));
    EXPECT_THAT(fault_of(tar_file("info/other", "{}")), HasSubstr("wrong part"));
    EXPECT_THAT(fault_of(package("", tar_file("bin/run", ""))), HasSubstr("wrong part"));
    EXPECT_THAT(fault_of(tar_link("info", "elsewhere")), HasSubstr("wrong part"));
}

TEST_P(CondaIntake, RefusesABomb) {
    std::string bomb;
    for (int i = 0; i < 9; ++i) { // 9 times 32 MB; compressed next to nothing
        bomb += tar_file(std::to_string(i), std::string(32U << 20U, '\0'));
    }
    EXPECT_THAT(fault_of(bomb), HasSubstr("more than any real one"));
}

TEST_P(CondaIntake, RefusesTwoFramesAndWhatFollowsThem) {
    const std::string info_tar = as_zstd(info + tar_end());
    const std::string content = as_zstd(tar_file("a", "1") + tar_end());
    for (const std::string& bad : {content + "x", content + content, content.substr(1),
                                   content.substr(0, content.size() - 1)}) {
        Archive archive = world.archive("bad", make_zip(conda_members("d-1-0", info_tar, bad)));
        archive.file_name = "d-1-0.conda";
        archive.label = "demo 1.0";
        EXPECT_NE(fault_of(archive), "");
    }
}

} // namespace

} // namespace envpm::store
