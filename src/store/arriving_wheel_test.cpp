#include "store/arriving_wheel.h"

#include "base/error.h"
#include "store/world_for_tests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <latch>
#include <numeric>
#include <random>
#include <set>

namespace envpm::store {

namespace {

using test::listing;
using test::World;

TEST(ByteRanges, KnowWhatIsInThem) {
    ByteRanges ranges;
    EXPECT_FALSE(ranges.has(0, 1));
    EXPECT_TRUE(ranges.has(5, 5));
    ranges.add(10, 20);
    ranges.add(30, 40);
    EXPECT_TRUE(ranges.has(10, 20));
    EXPECT_TRUE(ranges.has(31, 40));
    EXPECT_FALSE(ranges.has(9, 20));
    EXPECT_FALSE(ranges.has(10, 40));
    ranges.add(20, 30);
    EXPECT_TRUE(ranges.has(10, 40));
    ranges.add(0, 100);
    EXPECT_TRUE(ranges.has(0, 100));
    ranges.add(50, 60);
    EXPECT_TRUE(ranges.has(0, 100));
    EXPECT_FALSE(ranges.has(0, 101));
}

TEST(ByteRanges, AreRightInAnyOrder) {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        ByteRanges ranges;
        std::vector<bool> expected(60);
        for (int i = 0; i < 12; ++i) {
            const std::size_t first = random() % 50;
            const std::size_t end = first + 1 + random() % 10;
            ranges.add(first, end);
            std::fill(expected.begin() + static_cast<std::ptrdiff_t>(first),
                      expected.begin() + static_cast<std::ptrdiff_t>(end), true);
        }
        for (std::size_t first = 0; first < 60; ++first) {
            std::size_t last = first;
            while (last < 60 && expected[last]) {
                ++last;
            }
            ASSERT_EQ(ranges.end_from(first), last);
            for (std::size_t end = first + 1; end <= 60; ++end) {
                const bool has = std::all_of(expected.begin() + static_cast<std::ptrdiff_t>(first),
                                             expected.begin() + static_cast<std::ptrdiff_t>(end),
                                             [](bool is_in) { return is_in; });
                ASSERT_EQ(ranges.has(first, end), has) << first << " " << end;
            }
        }
    }
}

/// A wheel whose bytes come into a file piece by piece, as a download writes them.
class Arrival {
  public:
    static constexpr std::size_t piece_bytes = 10'000;

    Arrival(World& world, Intake& intake, std::string bytes, const Sha256& sha256)
        : part_(world.folder.path() / "arriving.part"),
          intake_(intake),
          bytes_(std::move(bytes)),
          sha256_(sha256),
          file_(open_file(part_, O_WRONLY | O_CREAT | O_TRUNC)) {
        intake_.expect({part_, sha256_, "arriving"}, bytes_.size());
    }

    [[nodiscard]] std::size_t pieces() const {
        return (bytes_.size() + piece_bytes - 1) / piece_bytes;
    }

    [[nodiscard]] std::size_t piece_of(std::size_t offset) const { return offset / piece_bytes; }

    void bring(std::size_t piece) {
        const std::size_t first = piece * piece_bytes;
        const std::string_view part = std::string_view(bytes_).substr(first, piece_bytes);
        ASSERT_EQ(::pwrite(file_.get(), part.data(), part.size(), static_cast<off_t>(first)),
                  static_cast<ssize_t>(part.size()));
        intake_.arrived(sha256_, first, part.size());
    }

    /// The file has its right bytes, its final name, and is proven.
    void end(const std::string& right) {
        const std::filesystem::path file = part_.parent_path() / "whole";
        ASSERT_EQ(::pwrite(file_.get(), right.data(), right.size(), 0),
                  static_cast<ssize_t>(right.size()));
        ASSERT_EQ(::ftruncate(file_.get(), static_cast<off_t>(right.size())), 0);
        std::filesystem::rename(part_, file);
        intake_.add({file, sha256_, "arriving"});
    }

  private:
    std::filesystem::path part_;
    Intake& intake_;
    std::string bytes_;
    Sha256 sha256_;
    Fd file_;
};

std::string varied_wheel() {
    std::vector<test::ZipEntry> entries = test::some_files("early", 400'000);
    entries.insert(entries.begin() + 1, {.name = "early/", .method = 0, .mode = 040755});
    std::mt19937 random(3);
    for (int i = 0; i < 60; ++i) {
        std::string noise(random() % 9'000, '\0');
        std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(random()); });
        entries.push_back({.name = "early/" + std::to_string(i),
                           .content = noise,
                           .method = static_cast<std::uint16_t>(i % 2 == 0 ? 8 : 0)});
    }
    return test::make_zip(entries);
}

/// What the store makes of the same archive when it comes as a whole.
std::string expected_tree(const std::string& bytes) {
    World world;
    const Archive archive = world.archive("whole", bytes);
    world.take_in({archive});
    return read_file(world.paths.tree(archive.sha256));
}

struct Early : testing::Test {
    World world;
    ThreadPool pool{1}; // what was queued first has ended when the next one has
    Store store = Store::open(world.root);
    const std::string bytes = varied_wheel();
    const Sha256 sha256 = sha256_of(bytes);

    void expect_published() {
        EXPECT_EQ(read_file(world.paths.tree(sha256)), expected_tree(bytes));
        EXPECT_THAT(world.damages(), testing::IsEmpty());
    }

    static void drain(ThreadPool& pool) {
        for (int round = 0; round < 3; ++round) { // open, then each file, then nothing
            TaskGroup group(pool);
            group.run([] {});
            group.wait();
        }
    }

    /// Until the one thread has opened it and unpacked what it can.
    void wait_until_idle(Intake& intake) {
        drain(pool);
        EXPECT_EQ(intake.waiting_bytes(), 0U);
    }
};

TEST_F(Early, AWheelThatComesInAnyOrderIsTheSameAsAWholeOne) {
    for (unsigned seed = 0; seed < 8; ++seed) {
        World own;
        const Store its = Store::open(own.root);
        ThreadPool several(3);
        Intake intake(its, several, own.progress);
        Arrival arrival(own, intake, bytes, sha256);
        std::vector<std::size_t> order(arrival.pieces());
        std::iota(order.begin(), order.end(), 0U);
        std::shuffle(order.begin(), order.end(), std::mt19937(seed));
        for (const std::size_t piece : order) {
            arrival.bring(piece);
        }
        arrival.end(bytes);
        intake.publish();
        EXPECT_EQ(read_file(own.paths.tree(sha256)), expected_tree(bytes)) << seed;
        EXPECT_THAT(own.damages(), testing::IsEmpty());
    }
}

TEST_F(Early, FilesAreWrittenBeforeTheWheelIsWholeAndNothingIsNamed) {
    Intake intake(store, pool, world.progress);
    Arrival arrival(world, intake, bytes, sha256);
    for (std::size_t piece = arrival.pieces(); piece-- > 1;) {
        arrival.bring(piece);
    }
    wait_until_idle(intake);
    EXPECT_GT(listing(world.root / "tmp").size(), 40U);
    EXPECT_THAT(listing(world.root / "trees"), testing::IsEmpty());
    EXPECT_THAT(listing(world.root / "tmp"),
                testing::Not(testing::Contains(testing::EndsWith(".json"))));
    arrival.bring(0);
    arrival.end(bytes);
    intake.publish();
    expect_published();
}

TEST_F(Early, WithoutTheProofNothingIsPublished) {
    {
        Intake intake(store, pool, world.progress);
        Arrival arrival(world, intake, bytes, sha256);
        for (std::size_t piece = 0; piece < arrival.pieces(); ++piece) {
            arrival.bring(piece);
        }
        intake.publish();
    }
    EXPECT_THAT(listing(world.root / "trees"), testing::IsEmpty());
    EXPECT_THAT(listing(world.root / "objects"), testing::IsEmpty());
}

TEST_F(Early, WrongBytesAreNoErrorAndLeaveNoTraceWhenTheRightOnesCome) {
    std::mt19937 random(11);
    for (int round = 0; round < 60; ++round) {
        World own;
        const Store its = Store::open(own.root);
        ThreadPool several(2);
        Intake intake(its, several, own.progress);
        std::string wrong = bytes;
        // The directory's end too, now and then, and all of its records.
        const std::size_t from = round % 3 == 0 ? wrong.size() - 6'000 : 0;
        for (int i = 0; i < 1 + round % 7; ++i) {
            wrong[from + random() % (wrong.size() - from)] ^= static_cast<char>(1 + random() % 255);
        }
        Arrival arrival(own, intake, wrong, sha256);
        for (std::size_t piece = arrival.pieces(); piece-- > 0;) {
            arrival.bring(piece);
        }
        intake.forget(sha256);
        arrival.bring(0); // told of, and nobody's
        arrival.end(bytes);
        ASSERT_NO_THROW(intake.publish()) << round;
        EXPECT_EQ(read_file(own.paths.tree(sha256)), expected_tree(bytes)) << round;
        EXPECT_THAT(own.damages(), testing::IsEmpty());
        const std::optional<Tree> tree = its.tree(sha256);
        ASSERT_TRUE(tree);
        std::set<Sha256> named;
        for (const TreeFile& file : tree->files) {
            named.insert(file.object);
        }
        EXPECT_EQ(listing(own.root / "objects").size(), named.size()) << round;
    }
}

TEST_F(Early, WhatIsWrongWithAProvenWheelIsAnError) {
    std::string evil = bytes;
    evil[evil.size() / 2] ^= 1; // in a file of noise
    const Sha256 its = sha256_of(evil);
    Intake intake(store, pool, world.progress);
    Arrival arrival(world, intake, evil, its);
    for (std::size_t piece = arrival.pieces(); piece-- > 0;) {
        arrival.bring(piece);
    }
    arrival.end(evil);
    EXPECT_THROW(intake.publish(), Error);
    EXPECT_THAT(listing(world.root / "trees"), testing::IsEmpty());
}

TEST_F(Early, WhatIsProvenBeforeItIsUnpackedMustBeRight) {
    std::string evil = bytes;
    evil[evil.size() / 2] ^= 1; // in a file of noise
    Intake intake(store, pool, world.progress);
    Arrival arrival(world, intake, evil, sha256_of(evil));
    std::size_t piece = arrival.pieces();
    while (--piece > evil.size() / 2 / Arrival::piece_bytes) {
        arrival.bring(piece);
    }
    wait_until_idle(intake); // so that it is open
    std::latch has_begun(1);
    std::latch is_proven(1);
    TaskGroup group(pool);
    group.run([&] {
        has_begun.count_down();
        is_proven.wait();
    });
    has_begun.wait();
    arrival.bring(piece); // this is unpacked when the one thread is free again
    arrival.end(evil);
    is_proven.count_down();
    group.wait();
    EXPECT_THROW(intake.publish(), Error);
    EXPECT_THAT(listing(world.root / "trees"), testing::IsEmpty());
}

/// A limit on the size of files stands for a full disk: the same call fails. Without a fixture that
/// has threads, which the child would not have.
TEST(EarlyInAChild, AFullDiskIsAnErrorAndNoReasonToBeginAgain) {
    World world;
    const Store store = Store::open(world.root);
    const std::string bytes = varied_wheel();
    const Sha256 sha256 = sha256_of(bytes);
    const int status = test::in_child([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        ThreadPool own(1);
        Intake intake(store, own, world.progress);
        Arrival arrival(world, intake, bytes, sha256);
        std::latch is_full(1);
        own.post([&] { is_full.wait(); });
        for (std::size_t piece = 0; piece < arrival.pieces(); ++piece) {
            arrival.bring(piece);
        }
        const rlimit none{0, RLIM_INFINITY};
        const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &none);
        is_full.count_down();
        Early::drain(own);
        ::setrlimit(RLIMIT_FSIZE, &all);
        arrival.end(bytes);
        try {
            intake.publish();
        } catch (const Error&) {
            ::_exit(0);
        }
        ::_exit(1);
    });
    EXPECT_EQ(status, 0);
}

TEST_F(Early, AFolderThatIsWrongInAProvenWheelIsAnError) {
    const std::string evil =
        test::make_zip({{.name = "a.py", .content = std::string(5'000, 'a'), .method = 0},
                        {.name = "folder/",
                         .method = 0,
                         .mode = 040755,
                         .distort = [](test::ZipHeader& local,
                                       test::ZipHeader& /*central*/) { local.name = "holder/"; }},
                        {.name = "b.py", .content = "b"}});
    Intake intake(store, pool, world.progress);
    Arrival arrival(world, intake, evil, sha256_of(evil));
    arrival.bring(0);
    wait_until_idle(intake);
    EXPECT_EQ(listing(world.root / "tmp").size(), 3U); // both files, before the proof, and the lock
    arrival.end(evil);
    EXPECT_THROW(intake.publish(), Error);
    EXPECT_THAT(listing(world.root / "trees"), testing::IsEmpty());
}

TEST_F(Early, AnUnprovenWheelThatClaimsTooMuchIsNotBelieved) {
    const std::string bomb =
        test::make_zip({{.name = "zeros", .content = std::string(40'000'000, '\0')}});
    Intake intake(store, pool, world.progress);
    Arrival arrival(world, intake, bomb, sha256_of(bomb));
    for (std::size_t piece = 0; piece < arrival.pieces(); ++piece) {
        arrival.bring(piece);
    }
    wait_until_idle(intake);
    EXPECT_THAT(listing(world.root / "tmp"), testing::SizeIs(1)); // its lock
    arrival.end(bomb);
    intake.publish();
    EXPECT_THAT(listing(world.root / "trees"), testing::SizeIs(1));
    EXPECT_THAT(world.damages(), testing::IsEmpty());
}

/// With two files that are unpacked in turns, one of them stored, between small ones.
struct EarlyAndLarge : Early {
    const std::string large = large_wheel();
    const Sha256 its_sha256 = sha256_of(large);

    static std::string large_wheel() {
        std::mt19937 random(5);
        std::string noise(WheelUnpacking::large_bytes * 3 / 2, '\0');
        std::generate(noise.begin(), noise.end(),
                      [&] { return static_cast<char>(random() & 63U); });
        std::vector<test::ZipEntry> entries = test::some_files("large", 100'000);
        entries.insert(entries.begin() + 2, {.name = "large/deflated.bin", .content = noise});
        noise[0] = 'x';
        entries.insert(entries.begin() + 4,
                       {.name = "large/stored.bin", .content = noise, .method = 0});
        return test::make_zip(entries);
    }

    [[nodiscard]] std::uint64_t staged_bytes() const {
        std::uint64_t bytes = 0;
        for (const std::string& file : listing(world.root / "tmp")) {
            bytes += std::filesystem::file_size(world.root / "tmp" / file);
        }
        return bytes;
    }
};

TEST_F(EarlyAndLarge, InAnyOrderItIsTheSameAsAWholeOne) {
    const std::string expected = expected_tree(large);
    for (unsigned seed = 0; seed < 4; ++seed) {
        World own;
        const Store its = Store::open(own.root);
        ThreadPool several(2);
        Intake intake(its, several, own.progress);
        Arrival arrival(own, intake, large, its_sha256);
        std::vector<std::size_t> order(arrival.pieces());
        std::iota(order.begin(), order.end(), 0U);
        if (seed == 1) {
            std::shuffle(order.begin(), order.end(), std::mt19937(seed));
        } else { // from a place in the middle on, the end first as a download has it
            std::rotate(order.begin(),
                        order.begin() + static_cast<std::ptrdiff_t>(seed * order.size() / 5),
                        order.end());
            arrival.bring(arrival.pieces() - 1);
        }
        for (const std::size_t piece : order) {
            arrival.bring(piece);
        }
        arrival.end(large);
        intake.publish();
        EXPECT_EQ(read_file(own.paths.tree(its_sha256)), expected) << seed;
        EXPECT_THAT(own.damages(), testing::IsEmpty());
    }
}

TEST_F(EarlyAndLarge, AFileIsWrittenWhileItArrives) {
    Intake intake(store, pool, world.progress);
    Arrival arrival(world, intake, large, its_sha256);
    const std::size_t middle = arrival.piece_of(3U << 20U); // of the first large file
    for (std::size_t piece = arrival.pieces(); --piece > arrival.pieces() - 20;) {
        arrival.bring(piece);
    }
    for (std::size_t piece = 0; piece < middle; ++piece) {
        arrival.bring(piece);
    }
    wait_until_idle(intake);
    EXPECT_GT(staged_bytes(), 2U << 20U);
    EXPECT_LT(staged_bytes(), 5U << 20U);
    for (std::size_t piece = middle; piece < arrival.pieces(); ++piece) {
        arrival.bring(piece);
    }
    arrival.end(large);
    intake.publish();
    EXPECT_EQ(read_file(world.paths.tree(its_sha256)), expected_tree(large));
    EXPECT_THAT(world.damages(), testing::IsEmpty());
}

TEST_F(EarlyAndLarge, WrongBytesInTheMiddleOfAFileLeaveNoTrace) {
    Intake intake(store, pool, world.progress);
    std::string wrong = large;
    std::fill_n(wrong.begin() + (3U << 20U), 1000, '\xff');
    Arrival arrival(world, intake, wrong, its_sha256);
    for (std::size_t piece = arrival.pieces(); --piece > arrival.pieces() - 20;) {
        arrival.bring(piece);
    }
    const std::size_t wrong_piece = arrival.piece_of(3U << 20U);
    for (std::size_t piece = 0; piece < wrong_piece; ++piece) {
        arrival.bring(piece);
    }
    wait_until_idle(intake);
    EXPECT_GT(staged_bytes(), 2U << 20U);
    for (std::size_t piece = wrong_piece; piece < arrival.pieces(); ++piece) {
        arrival.bring(piece);
    }
    intake.forget(its_sha256);
    wait_until_idle(intake);
    EXPECT_LT(staged_bytes(), 1U << 20U); // what was written of the large one has made room
    arrival.end(large);
    intake.publish();
    EXPECT_EQ(read_file(world.paths.tree(its_sha256)), expected_tree(large));
    EXPECT_EQ(listing(world.root / "objects").size(), store.tree(its_sha256)->files.size() - 1);
}

TEST_F(EarlyAndLarge, AWrongByteInAFileOfAProvenWheelIsAnErrorThatNamesIt) {
    std::string evil = large;
    evil[3U << 20U] ^= 4;
    Intake intake(store, pool, world.progress);
    Arrival arrival(world, intake, evil, sha256_of(evil));
    for (std::size_t piece = arrival.pieces(); piece-- > 1;) {
        arrival.bring(piece);
    }
    arrival.end(evil); // of what was begun, the rest is read after the proof
    try {
        intake.publish();
        FAIL() << "published";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::integrity);
        EXPECT_THAT(error.what(), testing::HasSubstr("large/deflated.bin"));
    }
    EXPECT_THAT(listing(world.root / "trees"), testing::IsEmpty());
}

} // namespace

} // namespace envpm::store
