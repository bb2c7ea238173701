#include "pipeline/layout_cache.h"

#include "base/files.h"
#include "base/zip_writer.h"
#include "store/world_for_tests.h"

#include <gtest/gtest.h>

#include <random>

namespace envpm::pipeline {

namespace {

LayoutEntry object(const std::string& path, const Sha256& digest, std::uint64_t size_bytes,
                   const std::string& owner) {
    return {RelativePath::parse(path), ObjectFile{digest, size_bytes}, false, owner};
}

Layout some_layout() {
    Layout layout;
    layout.entries.push_back(object("a/b c.py", sha256_of("1"), 12, "one 1.0"));
    layout.entries.push_back(object("a/run", sha256_of("2"), 0, "two 2.0"));
    layout.entries.back().is_executable = true;
    layout.entries.push_back({RelativePath::parse("a/script"),
                              ObjectFile{sha256_of("3"), 7, true, true}, true, "one 1.0"});
    layout.entries.push_back({RelativePath::parse("bin/go"),
                              GeneratedFile{"#!/@ENVPM_PREFIX@/bin/python\n\nline\n"}, true,
                              "two 2.0"});
    layout.entries.push_back({RelativePath::parse("empty"), GeneratedFile{""}, false, ""});
    layout.entries.push_back(
        {RelativePath::parse("lib64"), SymbolicLink{"lib"}, false, "the environment"});
    return layout;
}

const Sha256 env = sha256_of("env");

TEST(LayoutText, IsReadAsItWasWritten) {
    const Layout layout = some_layout();
    const std::optional<std::string> text = to_text(layout, env);
    ASSERT_TRUE(text);
    const std::optional<Layout> read = parse_layout(*text, env);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->entries, layout.entries);
    EXPECT_TRUE(parse_layout(*to_text(Layout(), env), env)->entries.empty());
}

TEST(LayoutText, IsOfOneEnvironmentAlone) {
    EXPECT_FALSE(parse_layout(*to_text(some_layout(), env), sha256_of("another")));
}

TEST(LayoutText, HasNoPackagesWithPlaceholders) {
    Layout layout = some_layout();
    layout.entries.push_back({RelativePath::parse("x"),
                              RelocatedFile{{sha256_of("4"), 1}, "/old", PlaceholderMode::text},
                              false, "conda 1"});
    EXPECT_FALSE(to_text(layout, env));
}

TEST(LayoutText, EveryByteThatChangesAndEveryEndBeforeTheEndIsNoticed) {
    const std::string text = *to_text(some_layout(), env);
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_FALSE(parse_layout(changed, env)) << i;
        EXPECT_FALSE(parse_layout(text.substr(0, i), env)) << i;
    }
}

/// Its digest is right, as whoever can write to the cache could have it.
std::string sealed(const std::string& list) {
    return "envpm-layout 1\n" + sha256_of(list).hex() + "\n" + list;
}

TEST(LayoutText, WhatIsNotWrittenSoIsNotRead) {
    const std::string head = env.hex() + "\n1\n";
    const std::string line = "o--- " + sha256_of("1").hex() + " 5 0:one 1.0\n";
    ASSERT_TRUE(parse_layout(sealed(head + line + "a\n"), env));
    for (const std::string& list :
         {head, head + line + "../a\n", head + line + "/a\n", head + line + "a\nx",
          head + "o--- " + sha256_of("1").hex() + " 5 1:one\na\n",
          head + "o--- " + sha256_of("1").hex() + " 5 0\na\n",
          head + "o--- " + sha256_of("1").hex() + " -5 0:one\na\n",
          head + "o--z " + sha256_of("1").hex() + " 5 0:one\na\n", head + "g- 9 0:one\na\nshort\n",
          head + "q- 1 0:one\na\nb\n", head + "g- 18446744073709551615 0:one\na\nb\n",
          env.hex() + "\n18446744073709551615\n" + line + "a\n"}) {
        EXPECT_FALSE(parse_layout(sealed(list), env)) << list;
    }
}

struct Kept : testing::Test {
    TemporaryFolder folder{store::test::place_for_tests()};
    ThreadPool pool{2};
    store::Store store = store::Store::open(folder.path() / "store");
    LayoutCache cache{folder.path() / "cache"};
    std::vector<Sha256> archives;
    Layout layout;

    Kept() {
        SilentProgress progress;
        std::vector<store::test::ZipEntry> files;
        for (int i = 0; i < 600; ++i) {
            const std::string content = "file " + std::to_string(i);
            files.push_back({.name = content, .content = content});
            layout.entries.push_back(object(content, sha256_of(content), content.size(), "a 1"));
        }
        const std::string wheel = store::test::make_zip(files);
        const std::filesystem::path file = folder.path() / "a.whl";
        write_file(file, wheel, Durability::cached);
        store::Intake intake(store, pool, progress);
        intake.add({file, sha256_of(wheel), "a"});
        intake.publish();
        archives.push_back(sha256_of(wheel));
        cache.put(env, layout);
    }

    [[nodiscard]] bool is_found() const {
        ThreadPool own(2);
        const std::optional<Layout> found = cache.find(env, archives, store);
        return found && found->entries == layout.entries && has_all(store, *found, own);
    }
};

TEST_F(Kept, IsFoundAsLongAsTheStoreHasAllOfIt) {
    EXPECT_TRUE(is_found());
    const std::filesystem::path lost = store.paths().object(sha256_of("file 590"), false);
    std::filesystem::rename(lost, folder.path() / "aside");
    EXPECT_FALSE(is_found());
    write_file(lost, "file 59!x", Durability::cached); // of another size
    EXPECT_FALSE(is_found());
    std::filesystem::rename(folder.path() / "aside", lost);
    EXPECT_TRUE(is_found());
    std::filesystem::remove(store.paths().tree(archives.front()));
    EXPECT_FALSE(is_found());
}

TEST_F(Kept, OfManyTheNewestStay) {
    const auto now = std::filesystem::file_time_type::clock::now();
    for (std::size_t i = 0; i < LayoutCache::most_kept + 3; ++i) {
        const Sha256 other = sha256_of(std::to_string(i));
        cache.put(other, layout);
        std::filesystem::last_write_time(folder.path() / "cache" / other.hex(),
                                         now - std::chrono::hours(100 - i));
    }
    EXPECT_TRUE(is_found());
    cache.put(sha256_of("last"), layout);
    std::size_t files = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder.path() / "cache")) {
        EXPECT_NE(file.path().filename(), sha256_of("0").hex());
        ++files;
    }
    EXPECT_EQ(files, LayoutCache::most_kept);
}

TEST_F(Kept, ACacheThatCannotBeWrittenIsNoFailure) {
    write_file(folder.path() / "file", "", Durability::cached);
    EXPECT_NO_THROW(LayoutCache(folder.path() / "file").put(env, layout));
}

} // namespace

} // namespace envpm::pipeline
