#include "gpu/library_search.h"

#include "gpu/audit_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::gpu {

namespace {

using testing::ElementsAre;

/// Two libraries of one name, and who needs them.
struct Prefix {
    AuditRequest request;

    Prefix() {
        request.prefix = "/envs/one";
        request.binaries = {library_at("lib/liba.so.1"), library_at("other/liba.so.1"),
                            module_at("site/pack", {"liba.so.1"}), library_at("lib/loader.so")};
    }

    PrefixBinary& module() { return request.binaries[2]; }

    PrefixBinary& loader() { return request.binaries[3]; }

    /// Where the module finds it; empty if nowhere.
    std::string found() {
        const LibrarySearch search(request);
        const PrefixBinary* const binary = search.find("liba.so.1", {&module(), &loader()});
        return binary == nullptr ? "" : binary->path;
    }
};

TEST(LibrarySearch, GoesByTheFoldersInTheirOrder) {
    Prefix prefix;
    EXPECT_EQ(prefix.found(), "");
    prefix.module().facts.runpath = "$ORIGIN/nothing:$ORIGIN/../../other:$ORIGIN/../../lib";
    EXPECT_EQ(prefix.found(), "other/liba.so.1");
    prefix.module().facts.runpath = "${ORIGIN}/../../lib/:$ORIGIN/../../other";
    EXPECT_EQ(prefix.found(), "lib/liba.so.1");
}

TEST(LibrarySearch, KnowsThePathsThatAPrefixWasInstalledWith) {
    Prefix prefix;
    prefix.module().facts.rpath = "/envs/one/other";
    EXPECT_EQ(prefix.found(), "other/liba.so.1");
}

TEST(LibrarySearch, LeavesThePrefixForNothing) {
    Prefix prefix;
    prefix.module().facts.rpath = "/lib:$ORIGIN/../../../lib:lib::$LIB:$ORIGIN/$LIB";
    EXPECT_EQ(prefix.found(), "");
}

TEST(LibrarySearch, AsksTheLoadersForTheOldPathOnly) {
    Prefix prefix;
    prefix.loader().facts.rpath = "$ORIGIN/../other";
    EXPECT_EQ(prefix.found(), "other/liba.so.1");
    prefix.module().facts.runpath = "$ORIGIN"; // then nobody else is asked
    EXPECT_EQ(prefix.found(), "");
    prefix.module().facts.runpath.reset();
    prefix.loader().facts.runpath = "$ORIGIN/../other"; // makes its DT_RPATH count for nothing
    EXPECT_EQ(prefix.found(), "");
}

TEST(LibrarySearch, FollowsLinksOfFilesAndFolders) {
    Prefix prefix;
    prefix.request.links = {{"lib64", "lib"}, {"lib/liba.so", "liba.so.1"}, {"loop", "loop"}};
    prefix.module().facts.rpath = "$ORIGIN/../../loop:$ORIGIN/../../lib64";
    EXPECT_EQ(prefix.found(), "lib/liba.so.1");
    const LibrarySearch search(prefix.request);
    const PrefixBinary* const linked = search.find("liba.so", {&prefix.module()});
    ASSERT_NE(linked, nullptr);
    EXPECT_EQ(linked->path, "lib/liba.so.1");
}

TEST(LibrarySearch, KnowsAllOfAName) {
    const Prefix prefix;
    const LibrarySearch search(prefix.request);
    std::vector<std::string> paths;
    for (const PrefixBinary* const binary : search.all("liba.so.1")) {
        paths.push_back(binary->path);
    }
    EXPECT_THAT(paths, ElementsAre("lib/liba.so.1", "other/liba.so.1"));
    EXPECT_TRUE(search.all("libb.so.1").empty());
}

} // namespace

} // namespace envpm::gpu
