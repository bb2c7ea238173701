#include "store/package_archive.h"

#include "base/error.h"
#include "store/packages_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::store {

namespace {

using test::conda_members;
using test::make_zip;
using test::World;
using test::ZipEntry;
using test::ZipHeader;
using testing::HasSubstr;

std::string text_of(const PackageStream& stream) {
    std::string text;
    while (true) {
        const std::string_view piece = stream.pieces();
        if (piece.empty()) {
            EXPECT_EQ(text.size(), stream.size_bytes);
            return text;
        }
        text += piece;
    }
}

std::string fault_of(const std::vector<ZipEntry>& members,
                     const std::string& file_name = "demo-1.0-0.conda") {
    const World world;
    const Archive archive = world.archive("x", make_zip(members));
    try {
        const PackageArchive opened(archive.file, file_name, "demo 1.0");
        for (const PackageStream& stream : opened.streams()) {
            text_of(stream);
        }
        return "";
    } catch (const Error& failure) {
        EXPECT_EQ(failure.code(), ExitCode::integrity);
        EXPECT_THAT(failure.text().subject, HasSubstr("demo"));
        return failure.what();
    }
}

std::vector<ZipEntry> good() {
    return conda_members("demo-1.0-0", "info", "content");
}

TEST(PackageArchive, IsKnownByItsName) {
    EXPECT_TRUE(is_conda_package("a-1-0.conda"));
    EXPECT_TRUE(is_conda_package("a-1-0.tar.bz2"));
    EXPECT_FALSE(is_conda_package("a-1-py3-none-any.whl"));
    EXPECT_FALSE(is_conda_package("a-1.tar.gz"));
}

TEST(PackageArchive, HasInfoBeforeTheContent) {
    const World world;
    const Archive archive = world.archive("x", make_zip(good()));
    const PackageArchive opened(archive.file, "demo-1.0-0.conda", "demo 1.0");
    ASSERT_EQ(opened.streams().size(), 2U);
    EXPECT_EQ(text_of(opened.streams()[0]), "info");
    EXPECT_EQ(opened.streams()[0].part, PackagePart::info);
    EXPECT_EQ(text_of(opened.streams()[1]), "content");
    EXPECT_EQ(opened.streams()[1].part, PackagePart::content);
}

TEST(PackageArchive, OfOldFormatIsOneStream) {
    const World world;
    const Archive archive = world.archive("x", "BZh");
    const PackageArchive opened(archive.file, "demo-1.0-0.tar.bz2", "demo 1.0");
    ASSERT_EQ(opened.streams().size(), 1U);
    EXPECT_EQ(text_of(opened.streams()[0]), "BZh");
    EXPECT_EQ(opened.streams()[0].part, PackagePart::all);
}

TEST(PackageArchive, HasItsThreeMembersAndNoOther) {
    EXPECT_EQ(fault_of(good()), "");
    for (std::size_t left_out = 0; left_out < 3; ++left_out) {
        std::vector<ZipEntry> members = good();
        members.erase(members.begin() + static_cast<std::ptrdiff_t>(left_out));
        EXPECT_THAT(fault_of(members), HasSubstr("three members, and this one 2")) << left_out;
    }
    std::vector<ZipEntry> more = good();
    more.push_back({.name = "pkg-other-1.0-0.tar.zst", .method = 0});
    EXPECT_THAT(fault_of(more), HasSubstr("and this one 4"));
    std::vector<ZipEntry> with_folder = good();
    with_folder[2].name = "sub/" + with_folder[2].name;
    EXPECT_THAT(fault_of(with_folder), HasSubstr("must have a member"));
}

TEST(PackageArchive, HasMembersThatAreNamedAsItself) {
    EXPECT_THAT(fault_of(good(), "demo-1.0-1.conda"),
                HasSubstr("must have a member `info-demo-1.0-1.tar.zst`"));
    std::vector<ZipEntry> members = good();
    members[2].name = "pkg-other-1.0-0.tar.zst";
    EXPECT_THAT(fault_of(members), HasSubstr("must have a member `pkg-demo-1.0-0.tar.zst`"));
}

TEST(PackageArchive, IsNotCompressedTwice) {
    for (std::size_t i = 0; i < 3; ++i) {
        std::vector<ZipEntry> members = good();
        members[i].method = 8;
        EXPECT_THAT(fault_of(members), HasSubstr("compressed twice")) << i;
    }
}

TEST(PackageArchive, IsOfTheFormatThatIsKnown) {
    for (const std::string metadata : {"", "{}", "[]", "{\"conda_pkg_format_version\": 3}",
                                       "{\"conda_pkg_format_version\": \"2\"}"}) {
        std::vector<ZipEntry> members = good();
        members[0].content = metadata;
        EXPECT_NE(fault_of(members), "") << metadata;
    }
}

TEST(PackageArchive, IsAZipThatCanBeTrusted) {
    std::vector<ZipEntry> members = good();
    members[1].distort = [](ZipHeader& local, ZipHeader& central) {
        local.crc32 = central.crc32 = 1;
    };
    EXPECT_THAT(fault_of(members), HasSubstr("checksum"));
    members = good();
    members[2].distort = [](ZipHeader& local, ZipHeader&) { local.name = "pkg-evil-1.0-0.tar.zs"; };
    EXPECT_NE(fault_of(members), "");
    members = good();
    members[2].before = "hidden";
    EXPECT_NE(fault_of(members), "");
    members = good();
    members[2].mode = 0120777; // a link
    EXPECT_NE(fault_of(members), "");
}

} // namespace

} // namespace envpm::store
