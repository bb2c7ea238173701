#include "base/error.h"
#include "realize/build.h"
#include "realize/check.h"
#include "realize/compose.h"
#include "realize/link_mode.h"
#include "realize/prefix_manifest.h"
#include "realize/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// What conda packages bring to a prefix: relocated files, links, empty folders, their own Python.

namespace envpm::realize {

namespace {

using std::string_literals::operator""s;
using testing::HasSubstr;

const std::string long_placeholder = "/builder/" + std::string(200, 'h');

struct PackageFiles : testing::Test {
    World world;
    ThreadPool pool{2};
    SilentProgress progress;

    [[nodiscard]] LayoutEntry relocated(const std::string& path, const std::string& content,
                                        PlaceholderMode mode, bool is_executable = false) const {
        return {RelativePath::parse(path),
                RelocatedFile{world.object(content, is_executable), long_placeholder, mode},
                is_executable, "demo 1.0"};
    }

    static LayoutEntry link(const std::string& path, const std::string& target) {
        return {RelativePath::parse(path), SymbolicLink{target}, false, "demo 1.0"};
    }

    static LayoutEntry folder(const std::string& path) {
        return {RelativePath::parse(path), EmptyFolder{}, false, "demo 1.0"};
    }

    [[nodiscard]] Layout package() const {
        return {{
            relocated("bin/demo", "#!" + long_placeholder + "/bin/python\nprint()\n",
                      PlaceholderMode::text, true),
            relocated("lib/libdemo.so.1", "ELF\0"s + long_placeholder + "/share\0end"s,
                      PlaceholderMode::binary, true),
            relocated("lib/without.pc", "no prefix here", PlaceholderMode::text),
            link("lib/libdemo.so", "libdemo.so.1"),
            folder("var/empty"),
            world.file("share/data", "data"),
        }};
    }

    PrefixReport build_it(const Layout& layout, LinkMode mode = LinkMode::automatic) {
        PrefixRequest request{sha256_of("env"), layout, std::nullopt, {sha256_of("a")}, mode};
        return build(world.store, request, pool, progress);
    }

    std::vector<std::string> damage(const std::filesystem::path& prefix) {
        std::vector<std::string> out;
        for (const PrefixDamage& one : check(prefix, CheckDepth::full, pool, progress)) {
            out.push_back(fmt::format("{}: {}", one.path, words_of(one.kind)));
        }
        return out;
    }
};

TEST_F(PackageFiles, MayHaveALinkThatIsAllowedToLeadOutside) {
    const Composition composition =
        compose({{{link("share/zoneinfo", "/usr/share/zoneinfo")}}}, std::monostate(),
                {{}, {*PathPattern::parse("share/zoneinfo")}});
    const PrefixReport report = build_it(composition.layout);
    EXPECT_EQ(std::filesystem::read_symlink(report.prefix / "share/zoneinfo"),
              "/usr/share/zoneinfo");
    EXPECT_THAT(damage(report.prefix), testing::IsEmpty());
    EXPECT_EQ(contents_digest_of_prefix(report.prefix, pool, progress),
              contents_digest(composition.layout));
}

TEST_F(PackageFiles, MayHaveNoOtherLinkThatLeadsOutside) {
    try {
        compose({{{link("share/zoneinfo", "/usr/share/zoneinfo")}}}, std::monostate());
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::integrity);
    }
}

TEST_F(PackageFiles, AreRealisedWithTheNewPrefix) {
    const Layout layout = compose({package()}, std::monostate());
    const PrefixReport report = build_it(layout);
    const std::filesystem::path& prefix = report.prefix;
    EXPECT_EQ(read_file(prefix / "bin/demo"), "#!" + prefix.string() + "/bin/python\nprint()\n");
    const std::string binary = read_file(prefix / "lib/libdemo.so.1");
    EXPECT_THAT(binary, HasSubstr("ELF\0"s + prefix.string() + "/share\0"s));
    EXPECT_EQ(binary.size(), ("ELF\0"s + long_placeholder + "/share\0end"s).size());
    EXPECT_EQ(std::filesystem::read_symlink(prefix / "lib/libdemo.so"), "libdemo.so.1");
    EXPECT_TRUE(std::filesystem::is_empty(prefix / "var/empty"));
    EXPECT_THAT(damage(prefix), testing::IsEmpty());
    EXPECT_EQ(contents_digest_of_prefix(prefix, pool, progress), contents_digest(layout));
}

TEST_F(PackageFiles, ThatAreRelocatedArePrivateReadOnlyCopies) {
    const PrefixReport report =
        build_it(compose({package()}, std::monostate()), LinkMode::hard_link);

    struct stat status {};

    ASSERT_EQ(::stat((report.prefix / "bin/demo").c_str(), &status), 0);
    EXPECT_EQ(status.st_nlink, 1U);
    EXPECT_EQ(status.st_mode & 07777U, 0555U);
    EXPECT_EQ(status.st_mtim.tv_sec, store_time);
    ASSERT_EQ(::stat((report.prefix / "lib/without.pc").c_str(), &status), 0);
    EXPECT_EQ(status.st_nlink, 2U) << "nothing to replace: it is the object";
}

TEST_F(PackageFiles, ThatMayNotBeLinkedAreCopied) {
    LayoutEntry entry = world.file("share/copied", "a copy");
    std::get<ObjectFile>(entry.content).is_always_copied = true;
    const PrefixReport report =
        build_it(compose({{{entry}}}, std::monostate()), LinkMode::hard_link);
    EXPECT_EQ(std::filesystem::hard_link_count(report.prefix / "share/copied"), 1U);
}

TEST_F(PackageFiles, HaveTheSameContentsWhereverTheyStand) {
    const Layout layout = compose({package()}, std::monostate());
    const PrefixRequest request{sha256_of("env"), layout, std::nullopt, {}};
    const std::filesystem::path other = world.folder() / std::string(30, 'l') / "with a space";
    lay_out(world.store, request, other, pool, progress);
    EXPECT_THAT(read_file(other / "bin/demo"), HasSubstr("'''exec' \"" + other.string()));
    EXPECT_EQ(contents_digest_of_prefix(other, pool, progress), contents_digest(layout));
    EXPECT_THAT(damage(other), testing::IsEmpty());
}

TEST_F(PackageFiles, WithTooLittleRoomForThePrefixNameTheFile) {
    LayoutEntry entry = relocated("lib/short.so", "/ph\0"s, PlaceholderMode::binary);
    std::get<Boxed<RelocatedFile>>(entry.content)->placeholder = "/ph";
    const Layout layout = compose({{{entry}}}, std::monostate());
    try {
        build_it(layout);
        FAIL();
    } catch (const Error& failure) {
        EXPECT_THAT(failure.what(), HasSubstr("room for a prefix of 3 bytes"));
        EXPECT_THAT(failure.what(), HasSubstr("`lib/short.so` of demo 1.0"));
    }
    EXPECT_FALSE(std::filesystem::exists(world.store.prefix(sha256_of("env"))));
}

TEST_F(PackageFiles, WhoseObjectIsMissingAreAnErrorOfIntegrity) {
    const Layout layout = compose({package()}, std::monostate());
    const RelocatedFile& file = *std::get<Boxed<RelocatedFile>>(layout.entries.front().content);
    std::filesystem::remove(world.store.object(file.object.object, true));
    try {
        build_it(layout);
        FAIL();
    } catch (const Error& failure) {
        EXPECT_EQ(failure.code(), ExitCode::integrity);
        EXPECT_THAT(failure.what(), HasSubstr("missing from the store"));
    }
}

TEST_F(PackageFiles, ThatWereChangedAreDamage) {
    const Layout layout = compose({package()}, std::monostate());
    const std::filesystem::path prefix = build_it(layout).prefix;
    std::filesystem::remove(prefix / "var/empty");
    write_file(prefix / "lib/libdemo.so.1", "other", Durability::cached);
    EXPECT_THAT(damage(prefix),
                testing::ElementsAre("lib/libdemo.so.1: changed", "var/empty: missing"));
    EXPECT_NE(contents_digest_of_prefix(prefix, pool, progress), contents_digest(layout));
}

TEST_F(PackageFiles, AreDigestedTheSameByTheSecondImplementation) {
    const std::filesystem::path other = world.folder() / std::string(120, 'l') / "x";
    Layout files = package();
    files.entries.push_back(relocated(
        "bin/perl-script", "#!" + long_placeholder + "/bin/perl -w\n# " + long_placeholder + "\n",
        PlaceholderMode::text, true));
    const Layout layout = compose({files}, PackagedPython{"lib/python3.12/site-packages"});
    lay_out(world.store, {sha256_of("env"), layout, std::nullopt, {}}, other, pool, progress);
    const Ran ran =
        run("python3 -B " ENVPM_TESTS_FOLDER "/support/contents_digest.py " + other.string());
    EXPECT_EQ(ran.out, contents_digest(layout).hex() + "\n");
}

TEST_F(PackageFiles, BringTheirOwnPython) {
    const Layout layout = compose({package()}, PackagedPython{"lib/python3.12/site-packages"});
    const std::filesystem::path prefix = build_it(layout).prefix;
    EXPECT_FALSE(std::filesystem::exists(prefix / "pyvenv.cfg"));
    EXPECT_FALSE(std::filesystem::exists(prefix / "bin/python"));
    EXPECT_TRUE(std::filesystem::exists(prefix / "lib/python3.12/site-packages/00-envpm.pth"));
    EXPECT_TRUE(build_it(layout).was_there);
}

TEST_F(PackageFiles, OfTwoPackagesClashIfTheyAreRelocatedOtherwise) {
    LayoutEntry one = relocated("share/x", long_placeholder, PlaceholderMode::text);
    LayoutEntry other = one;
    EXPECT_NO_THROW(compose({{{one}}, {{other}}}, std::monostate()));
    std::get<Boxed<RelocatedFile>>(other.content)->mode = PlaceholderMode::binary;
    other.owner = "other 2.0";
    try {
        compose({{{one}}, {{other}}}, std::monostate());
        FAIL();
    } catch (const Error& failure) {
        EXPECT_THAT(failure.what(), HasSubstr("demo 1.0"));
        EXPECT_THAT(failure.what(), HasSubstr("other 2.0"));
    }
    other.content = std::get<Boxed<RelocatedFile>>(one.content)->object;
    EXPECT_THROW(compose({{{one}}, {{other}}}, std::monostate()), Error);
}

TEST_F(PackageFiles, LayAFolderOutOnceWhateverIsInIt) {
    const LayoutEntry file = world.file("var/x/y", "y");
    const Layout layout = compose({{{folder("var/x"), folder("var/z")}}, {{file, folder("var/z")}}},
                                  std::monostate());
    EXPECT_EQ(layout.entries.size(), 2U);
    EXPECT_EQ(contents_digest(layout),
              contents_digest(compose({{{file, folder("var/z")}}}, std::monostate())));
    EXPECT_NE(contents_digest(layout), contents_digest(compose({{{file}}}, std::monostate())));
    EXPECT_THROW(compose({{{folder("var/x/y"), file}}}, std::monostate()), Error);
    EXPECT_THROW(compose({{{link("var/x", "z"), file}}}, std::monostate()), Error);
}

} // namespace

} // namespace envpm::realize
