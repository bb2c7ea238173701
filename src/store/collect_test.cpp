#include "store/world_for_tests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace envpm::store {

namespace {

using test::add_prefix;
using test::add_project;
using test::later;
using test::listing;
using test::wheel;
using test::World;

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What was noted for the user.
class Notes final : public Progress {
  public:
    void begin(std::string_view /*task*/, std::uint64_t /*total*/, ProgressUnit /*unit*/) override {
    }

    void advance(std::uint64_t /*amount*/) override {}

    void end() override {}

    void note(std::string_view line) override { text_ += std::string(line) + "\n"; }

    void trace(std::string_view /*line*/) override {}

    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
};

/// A project with an environment of one archive, and an archive that nobody needs.
struct Living {
    World world;
    Archive used = world.archive("used", wheel("used"));
    Archive unused = world.archive("unused", wheel("unused"));
    Notes notes;

    Living() {
        world.take_in({used, unused});
        add_project(world, "project", add_prefix(world, "living", {used}));
    }
};

TEST(Collect, KeepsAllObjectsWhileATreeThatIsNeededIsDamaged) {
    Living living;
    const std::filesystem::path tree = living.world.paths.tree(living.used.sha256);
    const std::string text = read_file(tree);
    std::filesystem::remove(tree);
    write_file(tree, text + " ", Durability::cached);
    const std::vector<std::string> before = listing(living.world.paths.objects());
    collect(living.world.paths, later(), living.notes);
    EXPECT_EQ(listing(living.world.paths.objects()), before);
    EXPECT_THAT(living.notes.text(), HasSubstr(tree.string()));
    EXPECT_FALSE(std::filesystem::exists(living.world.paths.tree(living.unused.sha256)));

    write_file(tree, text, Durability::cached);
    collect(living.world.paths, later(), living.notes);
    EXPECT_EQ(listing(living.world.paths.objects()).size(), 5U);
    EXPECT_THAT(living.world.damages(), IsEmpty());
}

TEST(Collect, IsNotHeldUpByATreeThatIsMissing) {
    Living living;
    std::filesystem::remove(living.world.paths.tree(living.used.sha256));
    collect(living.world.paths, later(), living.notes);
    EXPECT_THAT(listing(living.world.paths.objects()), IsEmpty());
    EXPECT_THAT(living.world.damages(), IsEmpty());
}

TEST(Collect, LeavesWhatIsNoPrefixAmongThePrefixesAndSaysSo) {
    Living living;
    const std::filesystem::path prefixes = living.world.paths.prefixes();
    write_file(prefixes / "notes" / "a", "a", Durability::cached);
    write_file(prefixes / "file", "b", Durability::cached);
    write_file(prefixes / "abcdefghijklmnopqrstuvwxyz234567" / "c", "c", Durability::cached);
    const std::filesystem::path emptied = prefixes / "abcdefghijklmnopqrstuvwxyz";
    write_file(emptied / "d", "d", Durability::cached);
    EXPECT_THAT(collect(living.world.paths, later(), living.notes).removed, Contains(emptied));
    EXPECT_TRUE(std::filesystem::exists(prefixes / "notes" / "a"));
    EXPECT_TRUE(std::filesystem::exists(prefixes / "file"));
    EXPECT_TRUE(std::filesystem::exists(prefixes / "abcdefghijklmnopqrstuvwxyz234567" / "c"));
    EXPECT_THAT(living.notes.text(), HasSubstr((prefixes / "notes").string()));
}

TEST(Collect, RemovesAPrefixWithAFolderThatSomebodyClosed) {
    World world;
    world.take_in({});
    const std::filesystem::path prefix = add_prefix(world, "one", {});
    if (::geteuid() == 0) { // to whom nothing is closed
        constexpr uid_t nobody = 65534;
        ASSERT_EQ(::chown(world.folder.path().c_str(), nobody, nobody), 0);
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(world.folder.path())) {
            ASSERT_EQ(::chown(entry.path().c_str(), nobody, nobody), 0);
        }
    }
    ::chmod((prefix / "lib").c_str(), 0);
    const int status = test::in_child([&world] {
        if (::geteuid() == 0 && ::setuid(65534) != 0) {
            ::_exit(1);
        }
        collect(world.paths, later(), world.progress);
    });
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(std::filesystem::exists(prefix));
}

TEST(Collect, RemovesPrefixesWithPathsThatAreLongerThanTheSystemTakesAtOnce) {
    World world;
    world.take_in({});
    const std::filesystem::path prefix = add_prefix(world, "deep", {});
    Fd folder = open_file(prefix, O_RDONLY | O_DIRECTORY);
    const std::string name(250, 'n');
    for (int level = 0; level < 17; ++level) {
        ASSERT_EQ(::mkdirat(folder.get(), name.c_str(), 0755), 0);
        folder = Fd(::openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY));
    }
    const Fd file(::openat(folder.get(), "file", O_WRONLY | O_CREAT, 0644));
    write_all(file.get(), "12345678", "a test");
    const CollectReport report = collect(world.paths, later(), world.progress);
    EXPECT_THAT(report.removed, ElementsAre(prefix));
    const std::uint64_t others = std::string("{\"version\":1,\"archives\":[]}12345").size();
    EXPECT_EQ(report.freed_bytes, 8U + others);
    EXPECT_THAT(listing(world.paths.prefixes()), IsEmpty());
}

} // namespace

} // namespace envpm::store
