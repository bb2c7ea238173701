#include "base/error.h"
#include "base/files.h"
#include "base/told_progress.h"
#include "realize/build.h"
#include "realize/compose.h"
#include "realize/prefix_manifest.h"
#include "realize/world_for_tests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include <string_view>

namespace envpm::realize {

namespace {

using testing::HasSubstr;

TEST(LayOut, ReplacesWhatItLaidOutAndNothingElse) {
    const World world;
    const std::filesystem::path place = world.folder() / "deep" / "er" / "place";
    const Layout one = compose({world.package()}, {});
    const Layout other = compose({{{world.file("lib/other", "other")}}}, {});
    lay_out_with(world, world.request(one), place);
    EXPECT_EQ(digest_at(place), contents_digest(one));
    lay_out_with(world, world.request(other), place.string() + "/");
    EXPECT_EQ(digest_at(place), contents_digest(other));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(place.parent_path()), {}), 1);

    const std::filesystem::path mine = world.folder() / "mine";
    write_file(mine / "thesis.txt", "years of work", Durability::cached);
    write_file(world.folder() / "file", "text", Durability::cached);
    std::filesystem::create_symlink(mine, world.folder() / "link");
    for (const char* name : {"mine", "file", "link", "mine/thesis.txt"}) {
        EXPECT_THROW(lay_out_with(world, world.request(one), world.folder() / name), Error) << name;
    }
    EXPECT_EQ(read_file(mine / "thesis.txt"), "years of work");
    EXPECT_THROW(lay_out_with(world, world.request(one), "/"), Error);
}

TEST(LayOut, RefusesToReplaceWhatSomebodyKeepsInACopy) {
    const World world;
    const std::filesystem::path place = world.folder() / "place";
    const Layout one = compose({world.package()}, {});
    lay_out_with(world, world.request(one), place);
    write_file(place / "lib" / "__pycache__" / "a.cpython-311.pyc", "", Durability::cached);
    write_file(place / "results" / "a.csv", "weeks of work", Durability::cached);
    write_file(place / "lib" / "notes.txt", "mine", Durability::cached);
    const Layout other = compose({{{world.file("lib/other", "other")}}}, {});
    try {
        lay_out_with(world, world.request(other), place);
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("`lib/notes.txt` and 1 more"));
    }
    EXPECT_EQ(read_file(place / "results" / "a.csv"), "weeks of work");
    EXPECT_FALSE(std::filesystem::exists(world.folder() / ".place.envpm"));

    std::filesystem::remove_all(place / "results");
    std::filesystem::remove(place / "lib" / "notes.txt");
    lay_out_with(world, world.request(other), place);
    EXPECT_EQ(digest_at(place), contents_digest(other));
}

TEST(LayOut, KeepsWhatSomebodyPutIntoACopyMeanwhile) {
    const World world;
    const std::filesystem::path place = world.folder() / "place";
    const Layout layout = compose({world.package()}, {});
    PrefixRequest request = world.request(layout);
    lay_out_with(world, request, place);
    request.before_visible = [&](const auto& /*made*/) {
        write_file(place / "results.csv", "late", Durability::cached);
    };
    EXPECT_THROW(lay_out_with(world, request, place), Error);
    EXPECT_EQ(read_file(place / "results.csv"), "late");
}

TEST(LayOut, TakesAnEmptyFolderAndClearsTheLeftoversOfACrash) {
    const World world;
    const std::filesystem::path place = world.folder() / "place";
    std::filesystem::create_directory(place);
    write_file(world.folder() / ".place.envpm" / "prefix" / "half", "x", Durability::cached);
    const Layout layout = compose({world.package()}, {});
    const PrefixReport report = lay_out_with(world, world.request(layout), place);
    EXPECT_EQ(report.prefix, place);
    EXPECT_EQ(digest_at(place), contents_digest(layout));
    EXPECT_FALSE(std::filesystem::exists(world.folder() / ".place.envpm"));
}

TEST(LayOut, ShowsNothingUntilItsCallerHasHadAWord) {
    const World world;
    const std::filesystem::path place = world.folder() / "place";
    const Layout layout = compose({world.package()}, {});
    PrefixRequest request = world.request(layout);
    bool is_visible = true;
    request.before_visible = [&](const auto& /*made*/) {
        is_visible = std::filesystem::exists(place);
    };
    lay_out_with(world, request, place);
    EXPECT_FALSE(is_visible);
    EXPECT_EQ(digest_at(place), contents_digest(layout));

    request.before_visible = [](const auto& /*made*/) { throw Error({"it is no good", {}, {}}); };
    try {
        lay_out_with(world, request, world.folder() / "other");
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "it is no good") << "it is no failure of the place";
    }
    EXPECT_FALSE(std::filesystem::exists(world.folder() / "other"));
    EXPECT_FALSE(std::filesystem::exists(world.folder() / ".other.envpm"));
}

TEST(LayOut, TakesTurnsAtAPlace) {
    const World world;
    const std::filesystem::path place = world.folder() / "place";
    std::filesystem::create_directory(world.folder() / ".place.envpm");
    Fd other = open_file(world.folder() / ".place.envpm" / "lock", O_RDWR | O_CREAT);
    ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
    int notes = 0;
    envpm::test::ToldProgress progress;
    progress.then = [&](std::string_view line) {
        EXPECT_THAT(line, HasSubstr("another process is laying out an environment there"));
        std::filesystem::remove_all(world.folder() / ".place.envpm"); // as the other one does
        other.reset();
        ++notes;
    };
    const Layout layout = compose({world.package()}, {});
    ThreadPool pool(2);
    lay_out(world.store, world.request(layout), place, pool, progress);
    EXPECT_EQ(notes, 1);
    EXPECT_EQ(digest_at(place), contents_digest(layout));
}

TEST(LayOut, IsRefusedWithinTheStore) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    for (const std::filesystem::path& place :
         {world.store.root(), world.store.temporary(), world.store.root() / "p" / "new"}) {
        try {
            lay_out_with(world, world.request(layout), place);
            ADD_FAILURE() << place;
        } catch (const Error& error) {
            EXPECT_THAT(error.what(), HasSubstr("within the store")) << place;
        }
    }
}

TEST(LayOut, ReplacesWhatIsLeftOfACopyThatWasBeingReplaced) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    const std::filesystem::path place = world.folder() / "place";
    std::filesystem::create_directories(place / ".envpm");
    std::filesystem::create_symlink("somewhere", place / ".envpm" / "env");
    lay_out_with(world, world.request(layout), place);
    EXPECT_EQ(digest_at(place), contents_digest(layout));
    std::filesystem::remove(manifest_path(place));
    EXPECT_THROW(lay_out_with(world, world.request(layout), place), Error);
}

} // namespace

} // namespace envpm::realize
