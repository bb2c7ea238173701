#include "store/open_archive.h"

#include "base/error.h"
#include "store/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::store {

namespace {

using test::make_zip;
using test::World;
using test::ZipEntry;
using test::ZipHeader;

std::string nested(int folders) {
    std::string path;
    for (int i = 0; i < folders; ++i) {
        path += "d/";
    }
    return path + "file";
}

TEST(OpenArchive, ListsFilesByPathWithTheirExecutableBit) {
    const World world;
    const Archive archive =
        world.archive("a", make_zip({{.name = "b/", .method = 0, .mode = 042755},
                                     {.name = "b/run", .content = "1", .mode = 0100711},
                                     {.name = "a", .content = "2", .mode = 0},
                                     {.name = nested(64), .content = "3"}}));
    const OpenArchive open(archive.file, "a");
    ASSERT_EQ(open.files().size(), 3U);
    EXPECT_EQ(open.files()[0].path().string(), "a");
    EXPECT_FALSE(open.files()[0].is_executable);
    EXPECT_EQ(open.files()[1].path().string(), "b/run");
    EXPECT_TRUE(open.files()[1].is_executable);
}

struct HostileArchive {
    const char* what;
    std::vector<ZipEntry> entries;
};

ZipEntry of_mode(std::uint32_t mode, std::string name = "a/link") {
    return {.name = std::move(name), .content = "/etc/passwd", .method = 0, .mode = mode};
}

ZipEntry named(std::string name) {
    return {.name = std::move(name),
            .content = "evil",
            .distort = [](ZipHeader& local, ZipHeader& central) {
                local.flags = central.flags = 1U
                                              << 11U; // UTF-8, so that the name is what is judged
            }};
}

std::vector<HostileArchive> hostile_archives() {
    std::vector<HostileArchive> all;
    const std::vector<std::string> names = {
        "../x",       "a/../../x", "/abs",       "//x",      "C:\\x",
        "a\\..\\b",   "",          ".",          "..",       "a/.",
        "a/./b",      "a//b",      "/",          "a/../b",   std::string("a\0b", 3),
        "a\nb",       "a\x7f",     "\xff\xfe",   "\xc0\xae", std::string(256, 'n'),
        nested(2100), nested(65),  "/store/abc", "a/b//",    "./a"};
    for (const std::string& name : names) {
        all.push_back({"a name", {named(name)}});
    }
    all.push_back({"a file twice", {named("a"), named("a")}});
    all.push_back({"a file below a file", {named("a"), named("a/b")}});
    all.push_back({"a file below a file, deep", {named("a-b"), named("a"), named("a/b/c/d")}});
    all.push_back({"a folder of a file's name", {named("a"), {.name = "a/", .method = 0}}});
    all.push_back({"a folder below a file", {named("a"), {.name = "a/b/", .method = 0}}});
    all.push_back({"a link", {of_mode(0120777)}});
    all.push_back({"a link and a file through it", {of_mode(0120777, "a"), named("a/b")}});
    all.push_back({"a character device", {of_mode(0020666)}});
    all.push_back({"a block device", {of_mode(0060666)}});
    all.push_back({"a pipe", {of_mode(0010644)}});
    all.push_back({"a socket", {of_mode(0140644)}});
    all.push_back({"a file said to be a folder", {of_mode(0040755)}});
    all.push_back({"a folder said to be a link", {{.name = "a/", .method = 0, .mode = 0120777}}});
    all.push_back({"set-user", {of_mode(0104755)}});
    all.push_back({"set-group", {of_mode(0102755)}});
    all.push_back({"sticky", {of_mode(0101755)}});
    return all;
}

TEST(OpenArchive, RefusesWhatAWheelMayNotHold) {
    const World world;
    for (const HostileArchive& hostile : hostile_archives()) {
        std::vector<ZipEntry> entries = hostile.entries;
        entries.push_back({.name = "good.py", .content = "good"});
        const Archive archive = world.archive("evil", make_zip(entries));
        try {
            const OpenArchive open(archive.file, "evil");
            ADD_FAILURE() << hostile.what << ": " << hostile.entries.front().name;
        } catch (const Error& failure) {
            EXPECT_EQ(failure.code(), ExitCode::integrity) << failure.what();
        }
    }
}

TEST(OpenArchive, RefusesAHeaderThatDisagreesEvenOfAFolder) {
    const World world;
    const Archive archive =
        world.archive("evil", make_zip({{.name = "a/",
                                         .method = 0,
                                         .mode = 040755,
                                         .distort = [](ZipHeader& local, ZipHeader& /*central*/) {
                                             local.name = "b/";
                                         }}}));
    EXPECT_THROW(OpenArchive(archive.file, "evil"), Error);
}

TEST(OpenArchive, RefusesAnEmptyFileAndAFolder) {
    const World world;
    const Archive archive = world.archive("empty", "");
    EXPECT_THROW(OpenArchive(archive.file, "empty"), Error);
    EXPECT_THROW(OpenArchive(world.folder.path(), "folder"), Error);
    EXPECT_THROW(OpenArchive(world.folder.path() / "absent", "absent"), Error);
}

} // namespace

} // namespace envpm::store
