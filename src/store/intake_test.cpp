#include "base/error.h"
#include "store/object_name.h"
#include "store/world_for_tests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <random>
#include <thread>

namespace envpm::store {

namespace {

using test::listing;
using test::make_zip;
using test::some_files;
using test::wheel;
using test::World;
using test::ZipEntry;
using test::ZipHeader;

std::string fault_of(World& world, const std::vector<Archive>& archives) {
    try {
        world.take_in(archives);
    } catch (const Error& failure) {
        EXPECT_EQ(failure.code(), ExitCode::integrity) << failure.what();
        return failure.what();
    }
    return "taken in";
}

std::map<std::string, std::string> contents(const World& world, const Archive& archive) {
    const Store store = Store::open(world.root);
    std::map<std::string, std::string> out;
    const Tree tree = store.tree(archive.sha256).value();
    for (const TreeFile& file : tree.files) {
        out[file.path.string()] = read_file(world.paths.object(file.object, file.is_executable));
    }
    return out;
}

std::map<std::string, std::string> contents(const std::vector<ZipEntry>& entries) {
    std::map<std::string, std::string> out;
    for (const ZipEntry& entry : entries) {
        out[entry.name] = entry.content;
    }
    return out;
}

/// Compressible, yet no two places of it are alike for long.
std::string noise(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::string text;
    while (text.size() < size) {
        text +=
            std::string(random() % 2000, static_cast<char>(random())) + std::to_string(random());
    }
    text.resize(size);
    return text;
}

TEST(Intake, PublishesEveryFileUnderItsDigest) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    EXPECT_EQ(contents(world, archive), contents(some_files("a")));
    EXPECT_THAT(world.damages(), testing::IsEmpty());
    EXPECT_THAT(listing(world.root / "tmp"), testing::IsEmpty());
}

TEST(Intake, UnpacksLargeMembersOfBothMethodsPieceByPiece) {
    World world;
    const std::vector<ZipEntry> entries = {
        {.name = "deflated", .content = noise(9'000'001, 1)},
        {.name = "stored", .content = noise(8'400'000, 2), .method = 0, .mode = 0100755},
        {.name = "again", .content = noise(9'000'001, 1)},
        {.name = "at the limit", .content = noise(8U << 20U, 3)}};
    const Archive archive = world.archive("a", make_zip(entries));
    world.take_in({archive});
    EXPECT_EQ(contents(world, archive), contents(entries));
    EXPECT_THAT(world.damages(), testing::IsEmpty());
    EXPECT_EQ(listing(world.root / "objects").size(), 3U);
}

TEST(Intake, ObjectsHaveOneModeAndTimeWhateverTheUmask) {
    World world;
    const mode_t before = ::umask(0077);
    world.take_in({world.archive("a", wheel("a"))});
    ::umask(before);
    std::size_t executable = 0;
    for (const std::string& name : listing(world.root / "objects")) {
        struct stat status {};

        ASSERT_EQ(::stat((world.root / "objects" / name).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777U, name.ends_with(".x") ? 0555U : 0444U);
        EXPECT_EQ(status.st_mtime, store_time);
        executable += name.ends_with(".x") ? 1U : 0U;
    }
    EXPECT_EQ(executable, 1U);
}

TEST(Intake, WritesTheSameContentOnceWithinAndAcrossArchives) {
    World world;
    const Archive first = world.archive("a", wheel("a"));
    const Archive second = world.archive("b", wheel("b"));
    world.take_in({first, second});
    // Of each: empty, code twice, shared, script, data; three of them are the same in both.
    EXPECT_EQ(listing(world.root / "objects").size(), 7U);
    const std::filesystem::path shared =
        world.paths.object(sha256_of("the same in every wheel"), false);

    struct stat before {};

    struct stat after {};

    ASSERT_EQ(::stat(shared.c_str(), &before), 0);
    world.take_in({world.archive("c", wheel("c")), first});
    ASSERT_EQ(::stat(shared.c_str(), &after), 0);
    EXPECT_EQ(before.st_ino, after.st_ino);
    EXPECT_EQ(listing(world.root / "objects").size(), 9U);
}

TEST(Intake, TheSameContentWithTwoModesIsTwoObjects) {
    World world;
    world.take_in({world.archive("a", make_zip({{.name = "x", .content = "c", .mode = 0100755},
                                                {.name = "y", .content = "c"}}))});
    EXPECT_EQ(listing(world.root / "objects").size(), 2U);
    EXPECT_THAT(world.damages(), testing::IsEmpty());
}

TEST(Intake, ReplacesADamagedObjectThatIsInTheWay) {
    for (const std::string wrong : {"", "the s"}) { // which otherwise look as objects do
        World world;
        const Archive archive = world.archive("a", wheel("a"));
        world.take_in({archive});
        const std::filesystem::path object =
            world.paths.object(sha256_of("the same in every wheel"), false);
        std::filesystem::remove(object);
        write_file(object, wrong, Durability::cached, 0444);
        const struct timespec times[2] = {{store_time, 0}, {store_time, 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, object.c_str(), times, 0), 0);
        ASSERT_THAT(world.damages(), testing::Not(testing::IsEmpty()));
        world.take_in({archive});
        EXPECT_THAT(world.damages(), testing::IsEmpty());
    }
}

struct Hostile {
    const char* what;
    ZipEntry entry;
    const char* fault;
};

std::vector<Hostile> hostile_members() {
    const std::string content = "evil content";
    return {
        {"path", {.name = "../evil", .content = content}, "../evil"},
        {"absolute path", {.name = "/evil", .content = content}, "/evil"},
        {"link", {.name = "evil", .content = "/etc", .method = 0, .mode = 0120777}, "neither"},
        {"wrong checksum in both headers",
         {.name = "evil",
          .content = content,
          .distort = [](ZipHeader& local, ZipHeader& central) { local.crc32 = ++central.crc32; }},
         "checksum"},
        {"wrong checksum of a large stored member",
         {.name = "evil",
          .content = std::string(9'000'000, 'e'),
          .method = 0,
          .distort = [](ZipHeader& local, ZipHeader& central) { local.crc32 = ++central.crc32; }},
         "checksum"},
        {"more than it claims",
         {.name = "evil",
          .content = content,
          .distort = [](ZipHeader& local, ZipHeader& central) { local.size = --central.size; }},
         "damaged"},
        {"a bomb that claims little",
         {.name = "evil",
          .content = std::string(20'000'000, '\0'),
          .distort = [](ZipHeader& local,
                        ZipHeader& central) { local.size = central.size = 9'000'000; }},
         "damaged"},
        {"another name in its header",
         {.name = "evil",
          .content = content,
          .distort = [](ZipHeader& local, ZipHeader& /*central*/) { local.name = "good"; }},
         "another name"},
        {"bytes that belong to nothing",
         {.name = "evil", .content = content, .descriptor = "hidden"},
         "belong to nothing"},
        {"not in the directory",
         {.name = "evil", .content = content, .is_in_directory = false},
         "belong"},
    };
}

TEST(Intake, AHostileArchiveLeavesTheStoreUnchangedAndStopsItsCompanions) {
    World world;
    world.take_in({world.archive("old", wheel("old"))});
    const std::vector<std::string> before = listing(world.root);
    for (const Hostile& hostile : hostile_members()) {
        std::vector<ZipEntry> entries = some_files("e");
        entries.insert(entries.begin() + 2, hostile.entry);
        const Archive evil = world.archive("evil-1.whl", make_zip(entries));
        const std::string fault = fault_of(world, {world.archive("new", wheel("new")), evil});
        EXPECT_THAT(fault, testing::HasSubstr(hostile.fault)) << hostile.what;
        EXPECT_THAT(fault, testing::HasSubstr("evil-1.whl")) << hostile.what;
        EXPECT_EQ(listing(world.root), before) << hostile.what;
    }
    EXPECT_THAT(world.damages(), testing::IsEmpty());
}

TEST(Intake, WithoutPublishNothingIsKept) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    {
        ThreadPool pool(2);
        const Store store = Store::open(world.root);
        Intake intake(store, pool, world.progress);
        intake.add(archive);
    }
    EXPECT_THAT(listing(world.root), testing::ElementsAre("VERSION", "store.lock"));
}

TEST(Intake, TakesArchivesFromSeveralThreads) {
    World world;
    std::vector<Archive> archives;
    for (int i = 0; i < 12; ++i) {
        archives.push_back(world.archive(std::to_string(i), wheel("w" + std::to_string(i))));
    }
    {
        ThreadPool pool(3);
        const Store store = Store::open(world.root);
        Intake intake(store, pool, world.progress);
        {
            std::vector<std::jthread> threads;
            for (std::size_t thread = 0; thread < 3; ++thread) {
                threads.emplace_back([&, thread] {
                    for (std::size_t i = thread; i < archives.size(); i += 3) {
                        intake.add(archives[i]);
                    }
                });
            }
        }
        intake.publish();
    }
    for (std::size_t i = 0; i < archives.size(); ++i) {
        EXPECT_EQ(contents(world, archives[i]), contents(some_files("w" + std::to_string(i))));
    }
    EXPECT_THAT(world.damages(), testing::IsEmpty());
}

/// Adds up what a user would be shown.
class Recorder final : public Progress {
  public:
    void begin(std::string_view /*task*/, std::uint64_t total, ProgressUnit /*unit*/) override {
        total_ = total;
        ++open_;
    }

    void advance(std::uint64_t amount) override {
        EXPECT_EQ(open_, 1);
        done_ += amount;
    }

    void end() override { --open_; }

    void note(std::string_view /*line*/) override {}

    void trace(std::string_view line) override { trace_ += line; }

    std::atomic<std::uint64_t> total_ = 0;
    std::atomic<std::uint64_t> done_ = 0;
    std::atomic<int> open_ = 0;
    std::string trace_;
};

TEST(Intake, ShowsAllBytesOnceAndClosesItsTaskEvenIfItFails) {
    const World world;
    const Archive archive = world.archive("a", wheel("a"));
    const Archive evil = world.archive("evil", "not a wheel at all");
    ThreadPool pool(2);
    const Store store = Store::open(world.root);
    Recorder recorder;
    Intake intake(store, pool, recorder);
    intake.add(archive);
    intake.publish();
    EXPECT_EQ(recorder.open_, 0);
    EXPECT_EQ(recorder.total_, std::filesystem::file_size(archive.file));
    EXPECT_EQ(recorder.done_, recorder.total_);
    EXPECT_THAT(recorder.trace_, testing::HasSubstr("1 archives, 5 new objects"));
    Intake second(store, pool, recorder);
    second.add(evil);
    EXPECT_THROW(second.publish(), Error);
    EXPECT_EQ(recorder.open_, 0);
}

TEST(Intake, NothingWaitsWhenAllIsUnpackedOrSomethingIsWrong) {
    const World world;
    ThreadPool pool(2);
    const Store store = Store::open(world.root);
    SilentProgress progress;
    Intake intake(store, pool, progress);
    EXPECT_EQ(intake.waiting_bytes(), 0U);
    intake.add(world.archive("a", wheel("a")));
    intake.publish();
    EXPECT_EQ(intake.waiting_bytes(), 0U);
    Intake failing(store, pool, progress);
    failing.add(world.archive("evil", std::string(100'000, 'x')));
    EXPECT_THROW(failing.publish(), Error);
    EXPECT_EQ(failing.waiting_bytes(), 0U);
}

TEST(Intake, TellsWhereObjectsStandBeforeAndAfterTheBarrier) {
    World world;
    const Archive archive = world.archive("places", test::wheel("places"));
    ThreadPool pool(2);
    const Store store = Store::open(world.root);
    std::optional<Tree> staged;
    Intake intake(store, pool, world.progress, [&staged](const Tree& tree) { staged = tree; });
    intake.add(archive);
    const auto stands_at = [&](std::size_t place) {
        return std::all_of(staged->files.begin(), staged->files.end(), [&](const TreeFile& file) {
            const auto places = intake.places({file.object, file.is_executable});
            return sha256_of_file(places.at(place)) == file.object &&
                   !std::filesystem::exists(places.at(1 - place));
        });
    };
    bool was_told = false;
    intake.publish([&] {
        was_told = true;
        ASSERT_TRUE(staged);
        EXPECT_TRUE(stands_at(0));
    });
    EXPECT_TRUE(was_told);
    EXPECT_TRUE(stands_at(1));
}

} // namespace

} // namespace envpm::store
