#include "store/collect.h"

#include "base/lock_holder.h"
#include "base/told_progress.h"
#include "store/world_for_tests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace envpm::store {

namespace {

using test::add_prefix;
using test::add_project;
using test::as_nobody;
using test::later;
using test::listing;
using test::wheel;
using test::World;

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A project with an environment of one archive, and an archive that nobody needs.
struct Living {
    World world;
    Archive used = world.archive("used", wheel("used"));
    Archive unused = world.archive("unused", wheel("unused"));
    envpm::test::ToldProgress notes;

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
    EXPECT_THAT(living.notes.lines, Contains(HasSubstr(tree.string())));
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
    EXPECT_THAT(living.notes.lines, Contains(HasSubstr((prefixes / "notes").string())));
}

TEST(Collect, RemovesAPrefixWithAFolderThatSomebodyClosed) {
    World world;
    world.take_in({});
    const std::filesystem::path prefix = add_prefix(world, "one", {});
    test::give_to_nobody(world);
    ::chmod((prefix / "lib").c_str(), 0);
    const int status = test::as_nobody(world, [&world] {
        collect(world.paths, later(), world.progress);
        return true;
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

TEST(Collect, KeepsWhatAGenerationReachesAndRemovesTheRest) {
    World world;
    const Archive kept = world.archive("kept", wheel("kept"));
    const Archive dropped = world.archive("dropped", wheel("dropped"));
    world.take_in({kept, dropped});
    const std::filesystem::path living = add_prefix(world, "living", {kept});
    const std::filesystem::path dead = add_prefix(world, "dead", {dropped});
    add_project(world, "project", living);
    const std::vector<std::string> before = listing(world.root);

    CollectRequest request = later();
    request.dry_run = DryRun::yes;
    const CollectReport told = collect(world.paths, request, world.progress);
    EXPECT_EQ(listing(world.root), before);

    const CollectReport report = collect(world.paths, later(), world.progress);
    EXPECT_EQ(report.removed, told.removed);
    EXPECT_EQ(report.freed_bytes, told.freed_bytes);
    // Of the five objects of `dropped` three are also in `kept`.
    EXPECT_EQ(report.removed.size(), 1U + 1U + 2U);
    EXPECT_THAT(report.removed, Contains(dead));
    EXPECT_THAT(report.removed, Contains(world.paths.tree(dropped.sha256)));
    EXPECT_GT(report.freed_bytes, 700'000U);
    EXPECT_LT(report.freed_bytes, 703'000U);
    EXPECT_THAT(report.kept_roots, ElementsAre((world.folder.path() / "project").string()));
    EXPECT_FALSE(std::filesystem::exists(dead));
    EXPECT_TRUE(std::filesystem::exists(living / "lib" / "generated.py"));
    EXPECT_THAT(world.damages(), IsEmpty());
    EXPECT_TRUE(Store::open(world.root).tree(kept.sha256));
    EXPECT_FALSE(Store::open(world.root).tree(dropped.sha256));
    EXPECT_THAT(listing(world.root / "tmp"), IsEmpty());
    EXPECT_THAT(collect(world.paths, later(), world.progress).removed, IsEmpty());
}

TEST(Collect, LeavesYoungThingsAlone) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    CollectRequest request;
    request.now = std::chrono::system_clock::now() + std::chrono::hours(23);
    EXPECT_THAT(collect(world.paths, request, world.progress).removed, IsEmpty());
    add_prefix(world, "young", {archive});
    EXPECT_THAT(collect(world.paths, request, world.progress).removed, IsEmpty());
    // Objects have one time for all: it is their inode's that tells how old they are.
    std::filesystem::remove(world.paths.tree(archive.sha256));
    EXPECT_THAT(collect(world.paths, request, world.progress).removed, IsEmpty());
    request.grace = std::chrono::hours(1);
    EXPECT_EQ(collect(world.paths, request, world.progress).removed.size(), 1U + 5U);
}

TEST(Collect, LeavesAllAloneHoweverLongTheGracePeriodIs) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    add_prefix(world, "young", {archive});
    CollectRequest request = later();
    constexpr std::int64_t day = 86400;
    for (const std::int64_t days : {std::int64_t{200'000}, std::int64_t{99'999'999}}) {
        request.grace = std::chrono::seconds(days * day);
        EXPECT_THAT(collect(world.paths, request, world.progress).removed, IsEmpty()) << days;
    }
}

TEST(Collect, CountsAFileOfSeveralNamesOnlyWhenAllOfThemGo) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    const std::filesystem::path object =
        world.paths.object(sha256_of(std::string(700'000, 'd') + "a"), false);
    const std::filesystem::path prefix = add_prefix(world, "dead", {archive});
    std::filesystem::create_hard_link(object, prefix / "data.bin");
    CollectRequest request = later();
    request.dry_run = DryRun::yes;
    const std::uint64_t all = collect(world.paths, request, world.progress).freed_bytes;
    EXPECT_GT(all, 700'000U);
    EXPECT_LT(all, 705'000U);
    std::filesystem::create_hard_link(object, world.folder.path() / "elsewhere");
    EXPECT_EQ(collect(world.paths, request, world.progress).freed_bytes, all - 700'001U);
}

TEST(Collect, KeepsWhatAProgramRunsIn) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    const std::filesystem::path prefix = add_prefix(world, "one", {archive});
    CollectRequest request = later();
    request.processes = world.folder.path() / "proc";
    std::filesystem::create_directories(request.processes / "12");
    std::filesystem::create_symlink(prefix / "bin/python", request.processes / "12" / "exe");
    CollectReport report = collect(world.paths, request, world.progress);
    EXPECT_THAT(report.removed, IsEmpty());
    EXPECT_THAT(report.running, ElementsAre("one"));

    // One that a project keeps needs no program.
    const std::filesystem::path environment = add_project(world, "project", prefix);
    EXPECT_THAT(collect(world.paths, request, world.progress).running, IsEmpty());
    std::filesystem::remove_all(environment);
    std::filesystem::remove_all(request.processes / "12");
    report = collect(world.paths, request, world.progress);
    EXPECT_THAT(report.removed, Contains(prefix));
}

TEST(Collect, StopsWhenEnoughIsFreeAndLeavesAWholeStore) {
    World world;
    const Archive a = world.archive("a", wheel("a"));
    const Archive b = world.archive("b", wheel("b"));
    world.take_in({a, b});
    add_prefix(world, "one", {a});
    add_prefix(world, "two", {b});
    CollectRequest request = later();
    request.most_freed_bytes = 1;
    const CollectReport first = collect(world.paths, request, world.progress);
    EXPECT_THAT(first.removed, Contains(world.root / "p" / "one"));
    EXPECT_GE(first.freed_bytes, 1U);
    EXPECT_LT(first.freed_bytes, 700'000U);
    EXPECT_TRUE(std::filesystem::exists(world.root / "p" / "two"));
    EXPECT_TRUE(Store::open(world.root).tree(b.sha256));
    EXPECT_THAT(world.damages(), IsEmpty());
    request.most_freed_bytes = std::nullopt;
    collect(world.paths, request, world.progress);
    EXPECT_THAT(listing(world.root), ElementsAre("VERSION", "store.lock"));
}

TEST(Collect, LetsADamagedPrefixGoThatNobodyUsesThoughEnoughIsFree) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    add_prefix(world, "one", {archive});
    const std::filesystem::path damaged = add_prefix(world, "two", {archive});
    std::filesystem::remove(damaged / ".envpm" / "manifest.json");
    CollectRequest request = later();
    request.most_freed_bytes = 1;
    EXPECT_THAT(collect(world.paths, request, world.progress).removed,
                testing::IsSupersetOf({world.root / "p" / "one", damaged}));
}

TEST(Collect, LeavesWhatAnotherUserKeepsClosed) {
    World world;
    Store::open(world.root);
    for (const std::filesystem::path& folder :
         {world.root, world.paths.temporary(), world.root / "p", world.paths.roots()}) {
        ::chmod(folder.c_str(), 0777);
    }
    ::chmod(world.paths.lock().c_str(), 0666);
    const std::filesystem::path stage = world.paths.temporary() / "stage";
    write_file(stage / "lock", "", Durability::cached);
    ::chmod(stage.c_str(), 0);
    const int status = as_nobody(
        world, [&world] { return collect(world.paths, later(), world.progress).removed.empty(); });
    ::chmod(stage.c_str(), 0700);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(std::filesystem::exists(stage / "lock"));
}

TEST(Collect, GoesOnWhereItMayNotRemoveALeftover) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "root alone makes files of two users";
    }
    World world;
    Store::open(world.root);
    const std::filesystem::path temporary = world.paths.temporary();
    write_file(temporary / "nobody" / "lock", "", Durability::cached);
    test::give_to_nobody(world);
    write_file(temporary / "root" / "lock", "", Durability::cached);
    const int status = as_nobody(world, [&] {
        envpm::test::ToldProgress notes;
        const CollectReport report = collect(world.paths, later(), notes);
        return report.removed == std::vector{temporary / "nobody"} &&
               notes.lines.at(0).find("cannot be removed") != std::string::npos;
    });
    EXPECT_EQ(status, 0);
    EXPECT_THAT(listing(temporary), ElementsAre("root/lock"));
}

TEST(Collect, NamesWhoUsesTheStoreThatItWaitsFor) {
    const World world;
    Store::open(world.root);
    std::optional<FileLock> use(std::in_place, world.paths.lock(), LockKind::shared);
    const std::string holder = words_of_lock_holder(world.paths.lock());
    envpm::test::ToldProgress progress;
    progress.then = [&use](std::string_view /*line*/) { use.reset(); };
    collect(world.paths, later(), progress);
    EXPECT_THAT(progress.lines.front(),
                HasSubstr("another process is using this store: waiting for it" + holder));
}

TEST(Collect, GoesOnWhereItMayNotTakeTheLockOfALeftover) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "root alone makes files of two users";
    }
    World world;
    Store::open(world.root);
    const std::filesystem::path temporary = world.paths.temporary();
    write_file(temporary / "nobody" / "lock", "", Durability::cached);
    test::give_to_nobody(world);
    write_file(temporary / "root" / "lock", "", Durability::cached);
    ::chmod((temporary / "root" / "lock").c_str(), 0600);
    const int status = as_nobody(world, [&] {
        return collect(world.paths, later(), world.progress).removed ==
               std::vector{temporary / "nobody"};
    });
    EXPECT_EQ(status, 0);
    EXPECT_THAT(listing(temporary), ElementsAre("root/lock"));
}

TEST(Collect, TakesALeftoverOfMoreLevelsThanThereAreDescriptors) {
    World world;
    Store::open(world.root);
    const std::filesystem::path leftover = world.paths.temporary() / "deep";
    std::filesystem::create_directory(leftover);
    Fd folder = open_file(leftover, O_RDONLY | O_DIRECTORY);
    for (int level = 0; level < 300; ++level) {
        ASSERT_EQ(::mkdirat(folder.get(), "d", 0755), 0);
        folder = Fd(::openat(folder.get(), "d", O_RDONLY | O_DIRECTORY));
    }
    const int status = test::in_child([&world, &leftover] {
        const rlimit few{200, 200};
        ::setrlimit(RLIMIT_NOFILE, &few);
        const CollectReport report = collect(world.paths, later(), world.progress);
        ::_exit(report.removed == std::vector{leftover} ? 0 : 1);
    });
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(std::filesystem::exists(leftover));
}

TEST(Collect, TakesWhatARepairPutAsideWhenItIsOld) {
    World world;
    world.take_in({});
    write_file(world.paths.quarantine() / "x" / "0-object", "damaged", Durability::cached);
    CollectRequest young;
    young.now = std::chrono::system_clock::now();
    EXPECT_THAT(collect(world.paths, young, world.progress).removed, IsEmpty());
    EXPECT_THAT(collect(world.paths, later(), world.progress).removed,
                ElementsAre(world.paths.quarantine() / "x"));
}

TEST(Collect, DropsRootsOfProjectsThatAreGone) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    const std::filesystem::path prefix = add_prefix(world, "one", {archive});
    add_project(world, "project", prefix);
    std::filesystem::remove_all(world.folder.path() / "project");
    const CollectReport report = collect(world.paths, later(), world.progress);
    EXPECT_THAT(report.kept_roots, IsEmpty());
    EXPECT_THAT(listing(world.root), ElementsAre("VERSION", "store.lock"));
}

std::string fault_of(World& world) {
    try {
        collect(world.paths, later(), world.progress);
    } catch (const Error& failure) {
        return failure.what();
    }
    return "collected";
}

struct Breakage {
    const char* what;
    std::function<void(const World&, const std::filesystem::path& environment)> inflict;
    const char* fault;
};

std::vector<Breakage> breakages() {
    namespace fs = std::filesystem;
    return {
        {"a loop of links",
         [](const World& world, const fs::path& /*environment*/) {
             fs::create_symlink(world.root / "roots" / "loop", world.root / "roots" / "loop");
         },
         "cannot read a project"},
        {"no link",
         [](const World& world, const fs::path& /*environment*/) {
             write_file(world.root / "roots" / "file", "x");
         },
         "not a link"},
        {"generations that are no folder",
         [](const World& /*world*/, const fs::path& environment) {
             fs::remove_all(environment / "gens");
             write_file(environment / "gens", "x");
         },
         "cannot read a folder"},
        {"a prefix without a manifest",
         [](const World& world, const fs::path& /*environment*/) {
             fs::remove(world.root / "p" / "living" / ".envpm" / "manifest.json");
         },
         "the file list of a prefix in use is missing"},
        {"a manifest that the disk does not give",
         [](const World& world, const fs::path& /*environment*/) {
             const fs::path file = world.root / "p" / "living" / ".envpm" / "manifest.json";
             fs::remove(file);
             fs::create_symlink("/proc/self/mem", file); // see disk_fault_test
         },
         "cannot be read: Input/output error"},
        {"a manifest that is no JSON",
         [](const World& world, const fs::path& /*environment*/) {
             write_file(world.root / "p" / "living" / ".envpm" / "manifest.json", "{");
         },
         "the file list of a prefix in use is damaged"},
        {"a manifest without archives",
         [](const World& world, const fs::path& /*environment*/) {
             write_file(world.root / "p" / "living" / ".envpm" / "manifest.json", "{}");
         },
         "the file list of a prefix in use is damaged"},
        {"a manifest with a wrong digest",
         [](const World& world, const fs::path& /*environment*/) {
             write_file(world.root / "p" / "living" / ".envpm" / "manifest.json",
                        R"({"archives":["../../x"]})");
         },
         "the file list of a prefix in use is damaged"},
    };
}

TEST(Collect, RemovesNothingIfARootOrAPrefixCannotBeRead) {
    for (const Breakage& broken : breakages()) {
        World world;
        const Archive archive = world.archive("a", wheel("a"));
        world.take_in({archive, world.archive("b", wheel("b"))});
        add_prefix(world, "dead", {});
        const std::filesystem::path environment =
            add_project(world, "project", add_prefix(world, "living", {archive}));
        broken.inflict(world, environment);
        const std::vector<std::string> before = listing(world.root);
        EXPECT_THAT(fault_of(world), HasSubstr(broken.fault)) << broken.what;
        EXPECT_EQ(listing(world.root), before) << broken.what;
    }
}

TEST(Collect, RemovesLeftoversOfTheDeadButNotOfTheLiving) {
    World world;
    Store::open(world.root);
    for (const char* name : {"dead", "living"}) {
        write_file(world.root / "tmp" / name / "lock", "", Durability::cached);
        write_file(world.root / "tmp" / name / "1", "half an object", Durability::cached);
    }
    write_file(world.root / "tmp" / "young" / "file", "x", Durability::cached);
    const FileLock held(world.root / "tmp" / "living" / "lock", LockKind::exclusive);
    CollectRequest now;
    now.now = std::chrono::system_clock::now();
    const CollectReport report = collect(world.paths, now, world.progress);
    EXPECT_THAT(report.removed, ElementsAre(world.root / "tmp" / "dead"));
    EXPECT_EQ(report.freed_bytes, 14U);
    collect(world.paths, later(), world.progress);
    EXPECT_THAT(listing(world.root / "tmp"), ElementsAre("living/1", "living/lock"));
}

} // namespace

} // namespace envpm::store
