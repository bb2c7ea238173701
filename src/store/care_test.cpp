#include "store/care.h"

#include "base/error.h"
#include "store/world_for_tests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

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

void flip_byte(const std::filesystem::path& file) {
    struct stat status {};

    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    const char byte = static_cast<char>(stream.get() ^ 1);
    stream.seekp(0);
    stream.put(byte);
    stream.close();
    // As a disk does it: mode and time stay.
    const struct timespec times[2] = {status.st_atim, status.st_mtim};
    ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
    ASSERT_EQ(::chmod(file.c_str(), status.st_mode & 07777U), 0);
}

std::filesystem::path object_of(const World& world, const std::string& content) {
    return world.paths.object(sha256_of(content), false);
}

TEST(Verify, FindsAFlippedByteOnlyWhenItReadsAll) {
    World world;
    world.take_in({world.archive("a", wheel("a"))});
    flip_byte(object_of(world, "the same in every wheel"));
    EXPECT_THAT(world.damages(VerifyDepth::quick), IsEmpty());
    EXPECT_THAT(world.damages(VerifyDepth::full), ElementsAre(HasSubstr("its bytes were changed")));
}

struct Wound {
    const char* what;
    std::function<void(const std::filesystem::path&)> inflict;
    const char* found;
};

TEST(Verify, FindsEverythingElseQuickly) {
    namespace fs = std::filesystem;
    const auto set_time = [](const fs::path& file) {
        const struct timespec times[2] = {{store_time, 0}, {store_time, 0}};
        ::utimensat(AT_FDCWD, file.c_str(), times, 0);
    };
    const auto resized = [set_time](std::uintmax_t size) {
        return [set_time, size](const fs::path& file) {
            fs::resize_file(file, size);
            set_time(file);
        };
    };
    const std::vector<Wound> wounds = {
        {"zero length", resized(0), "empty"},
        {"shorter", resized(5), "5 bytes instead of 23"},
        {"another mode", [](const fs::path& file) { ::chmod(file.c_str(), 0644); },
         "mode 0644 instead of 0444"},
        {"set-user", [](const fs::path& file) { ::chmod(file.c_str(), 04444); }, "mode 4444"},
        {"touched", [](const fs::path& file) { ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0); },
         "time"},
        {"a link",
         [](const fs::path& file) {
             fs::remove(file);
             fs::create_symlink("/etc/passwd", file);
         },
         "not a file"},
        {"missing", [](const fs::path& file) { fs::remove(file); }, ": missing"},
        {"a stranger",
         [](const fs::path& file) { write_file(file.parent_path() / "stranger", "x"); },
         "not from envpm"},
        {"in the wrong folder",
         [](const fs::path& file) {
             const fs::path other = file.parent_path().parent_path() / "zz";
             fs::create_directory(other);
             fs::rename(file, other / file.filename());
         },
         "not from envpm"},
    };
    for (const Wound& wound : wounds) {
        World world;
        world.take_in({world.archive("a", wheel("a"))});
        wound.inflict(object_of(world, "the same in every wheel"));
        EXPECT_THAT(world.damages(VerifyDepth::quick), Contains(HasSubstr(wound.found)))
            << wound.what;
    }
}

/// As root reads everything, in a process of a user who does not; 0 if `body` says so.
int as_nobody(const World& world, const std::function<bool()>& body) {
    std::filesystem::permissions(world.folder.path(),
                                 std::filesystem::perms::group_exec |
                                     std::filesystem::perms::others_exec,
                                 std::filesystem::perm_options::add);
    return test::in_child([&body] {
        constexpr uid_t nobody = 65534;
        if (::geteuid() == 0 && ::setuid(nobody) != 0) {
            ::_exit(1);
        }
        ::_exit(body() ? 0 : 2);
    });
}

TEST(Verify, GoesOnPastAnObjectThatMayNotBeRead) {
    World world;
    world.take_in({world.archive("a", wheel("a"))});
    ::chmod(object_of(world, "the same in every wheel").c_str(), 0);
    const int status = as_nobody(world, [&world] {
        const std::vector<std::string> damages = world.damages(VerifyDepth::full);
        return damages.size() == 1 &&
               damages[0].find("mode 0000 instead of 0444") != std::string::npos;
    });
    EXPECT_EQ(status, 0);
}

TEST(Verify, FindsADamagedTree) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    flip_byte(world.paths.tree(archive.sha256));
    EXPECT_THAT(world.damages(VerifyDepth::quick), ElementsAre(HasSubstr("not what was written")));
}

TEST(Verify, TellsLooksFromBytesAndWhoseTheyAre) {
    World world;
    const Archive a = world.archive("a", wheel("a"));
    const Archive b = world.archive("b", wheel("b"));
    world.take_in({a, b});
    const std::filesystem::path shared = object_of(world, "the same in every wheel");
    ::chmod(shared.c_str(), 0644);
    ThreadPool pool(2);
    StoreVerdict verdict = verify(world.paths, VerifyDepth::full, pool, world.progress);
    ASSERT_EQ(verdict.damages.size(), 1);
    EXPECT_EQ(verdict.damages[0].kind, DamageKind::looks);
    EXPECT_THAT(verdict.damages[0].archives, testing::UnorderedElementsAre(a.sha256, b.sha256));

    flip_byte(shared);
    verdict = verify(world.paths, VerifyDepth::full, pool, world.progress);
    ASSERT_EQ(verdict.damages.size(), 1);
    EXPECT_EQ(verdict.damages[0].kind, DamageKind::object);

    std::filesystem::remove(shared);
    verdict = verify(world.paths, VerifyDepth::full, pool, world.progress);
    ASSERT_EQ(verdict.damages.size(), 1);
    EXPECT_EQ(verdict.damages[0].kind, DamageKind::missing);
    EXPECT_EQ(verdict.damages[0].path, shared);
    EXPECT_EQ(verdict.damages[0].archives.size(), 2);
}

TEST(Verify, KnowsTheSoundObjectsByTheirInodesOnceItHasReadThem) {
    World world;
    world.take_in({world.archive("a", wheel("a"))});
    const std::filesystem::path object = object_of(world, "the same in every wheel");

    struct stat status {};

    ASSERT_EQ(::stat(object.c_str(), &status), 0);
    const FileIdentity identity{status.st_dev, status.st_ino};
    ThreadPool pool(2);
    const auto known = [&](VerifyDepth depth) {
        return verify(world.paths, depth, pool, world.progress).sound.find(identity);
    };
    EXPECT_EQ(known(VerifyDepth::full), sha256_of("the same in every wheel"));
    EXPECT_EQ(known(VerifyDepth::quick), std::nullopt);
    flip_byte(object);
    EXPECT_EQ(known(VerifyDepth::full), std::nullopt);
}

TEST(Environments, AreAllPrefixesWithTheirProjectsAndArchives) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    add_project(world, "beta", add_prefix(world, "one", {archive}));
    add_project(world, "alpha", world.root / "p" / "one");
    write_file(add_prefix(world, "two", {archive}) / ".envpm" / "manifest.json", "{",
               Durability::cached);
    write_file(world.root / "roots" / "strange", "no link", Durability::cached);
    const std::vector<Environment> found = environments_of(world.paths);
    ASSERT_EQ(found.size(), 2);
    EXPECT_EQ(found[0].name, "one");
    EXPECT_THAT(found[0].projects, ElementsAre((world.folder.path() / "alpha").string(),
                                               (world.folder.path() / "beta").string()));
    EXPECT_THAT(found[0].archives, ElementsAre(archive.sha256));
    EXPECT_THAT(found[1].projects, IsEmpty());
    EXPECT_THAT(found[1].archives, IsEmpty());
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
    const std::filesystem::path object = object_of(world, std::string(700'000, 'd') + "a");
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
         "missing or damaged"},
        {"a manifest that is no JSON",
         [](const World& world, const fs::path& /*environment*/) {
             write_file(world.root / "p" / "living" / ".envpm" / "manifest.json", "{");
         },
         "missing or damaged"},
        {"a manifest without archives",
         [](const World& world, const fs::path& /*environment*/) {
             write_file(world.root / "p" / "living" / ".envpm" / "manifest.json", "{}");
         },
         "missing or damaged"},
        {"a manifest with a wrong digest",
         [](const World& world, const fs::path& /*environment*/) {
             write_file(world.root / "p" / "living" / ".envpm" / "manifest.json",
                        R"({"archives":["../../x"]})");
         },
         "missing or damaged"},
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
