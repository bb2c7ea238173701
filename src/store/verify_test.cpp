#include "store/verify.h"

#include "base/error.h"
#include "store/world_for_tests.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace {

/// What the disk does not give: the end of a path.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): C calls have no other place.
std::string lost;

/// What happens before a folder is listed.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): C calls have no other place.
std::function<void(const std::filesystem::path& folder)> before_listing;

bool is_lost(std::string_view path) {
    return !lost.empty() && path.ends_with(lost);
}

} // namespace

/// Stands before the C library's.
extern "C" int lstat(const char* path, struct stat* status) noexcept {
    if (is_lost(path)) {
        errno = EIO;
        return -1;
    }
    return ::fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}

/// Stands before the C library's.
extern "C" DIR* fdopendir(int folder) {
    static const auto real =
        reinterpret_cast<DIR* (*)(int)>(::dlsym(RTLD_NEXT, "fdopendir")); // NOLINT: as dlsym gives
    if (!lost.empty() || before_listing) {
        const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(folder));
        if (before_listing) {
            before_listing(path);
        }
        if (is_lost(path.string())) {
            errno = EIO;
            return nullptr;
        }
    }
    return real(folder);
}

namespace envpm::store {

namespace {

using test::add_prefix;
using test::add_project;
using test::as_nobody;
using test::wheel;
using test::World;

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// Sets `before_listing` while it lives.
class BeforeListing {
  public:
    explicit BeforeListing(std::function<void(const std::filesystem::path& folder)> action) {
        before_listing = std::move(action);
    }

    BeforeListing(const BeforeListing&) = delete;
    BeforeListing& operator=(const BeforeListing&) = delete;

    ~BeforeListing() { before_listing = {}; }
};

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
         "written to"},
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

TEST(Verify, TakesNoFolderForAStrangerThatItMayNotLookAt) {
    World world;
    world.take_in({world.archive("a", wheel("a"))});
    const std::filesystem::path folder =
        object_of(world, "the same in every wheel").parent_path().parent_path();
    ::chmod(folder.c_str(), 0744);
    const int status = as_nobody(world, [&world, &folder] {
        try {
            static_cast<void>(world.damages(VerifyDepth::quick));
        } catch (const Error& error) {
            return error.text().subject.find(folder.string()) == 0;
        }
        return false;
    });
    EXPECT_EQ(status, 0);
}

TEST(Verify, GoesOnPastAnObjectThatTheDiskDoesNotGive) {
    for (const VerifyDepth depth : {VerifyDepth::quick, VerifyDepth::full}) {
        World world;
        world.take_in({world.archive("a", wheel("a"))});
        std::filesystem::remove(object_of(world, "print('a')\n"));
        lost = object_of(world, "the same in every wheel").filename();
        EXPECT_THAT(
            world.damages(depth),
            UnorderedElementsAre(HasSubstr(lost + ": it cannot be read"), HasSubstr(": missing")));
        lost.clear();
    }
}

TEST(Verify, GoesOnPastAFolderOfObjectsThatTheDiskDoesNotGive) {
    World world;
    world.take_in({world.archive("a", wheel("a"))});
    const std::filesystem::path object = object_of(world, "the same in every wheel");
    lost = object.parent_path().lexically_relative(world.root);
    EXPECT_THAT(world.damages(),
                UnorderedElementsAre(lost + ": it cannot be read",
                                     object.lexically_relative(world.root).string() + ": missing"));
    EXPECT_THROW(collect(world.paths, test::later(), world.progress), Error);
    lost.clear();
    EXPECT_THAT(world.damages(), IsEmpty());
}

TEST(Collect, TakesNoPrefixThatTheDiskDoesNotGiveWhole) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    const std::filesystem::path prefix = test::add_prefix(world, "one", {archive});
    std::filesystem::create_directories(prefix / "lib" / "gone");
    lost = "p/one/lib/gone";
    EXPECT_THROW(collect(world.paths, test::later(), world.progress), Error);
    EXPECT_TRUE(std::filesystem::exists(prefix / ".envpm" / "manifest.json"));
    lost.clear();
    collect(world.paths, test::later(), world.progress);
    EXPECT_FALSE(std::filesystem::exists(prefix));
}

TEST(Collect, MindsNothingThatGoesWhileItLooks) {
    World world;
    const Archive archive = world.archive("a", wheel("a"));
    world.take_in({archive});
    const std::filesystem::path prefix = add_prefix(world, "one", {archive});
    const std::filesystem::path folder = prefix / "lib" / "between";
    const auto name = [&prefix](int i) { return prefix / "lib" / std::to_string(i); };
    for (int i = 0; i < 10; ++i) {
        write_file(name(i), "", Durability::cached);
        if (i == 4) {
            std::filesystem::create_directory(folder);
        }
    }
    int gone = 0;
    {
        const BeforeListing removal([&](const std::filesystem::path& listed) {
            for (int i = 0; listed == folder && i < 10; ++i) {
                gone += std::filesystem::remove(name(i)) ? 1 : 0;
            }
        });
        EXPECT_THAT(collect(world.paths, test::later(), world.progress).removed, Contains(prefix));
    }
    EXPECT_EQ(gone, 10);
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

} // namespace

} // namespace envpm::store
