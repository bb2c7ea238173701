#include "base/error.h"
#include "store/quarantine.h"
#include "store/world_for_tests.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <map>
#include <mutex>
#include <set>
#include <string_view>

// What a store looks like after a kill or a failed call at each of its steps. This program's own
// versions of the system's calls count the steps, in child processes only, and die or fail at the
// one that was asked for; the store knows nothing of it.

namespace {

enum class Fault { none, killed, no_space, no_sync, waits };

constexpr int would_wait = 42;

struct Injection {
    std::atomic<int> steps_left{0};
    std::atomic<int> steps_done{0};
    Fault fault = Fault::none;
    std::atomic<bool> is_noted = false;
    std::mutex mutex;
    std::string order;            ///< guarded by mutex; a letter for calls of one kind in a row
    std::set<std::string> synced; ///< guarded by mutex; folders and files, while it is noted
    int link_fault = 0;           ///< what every hard link ends with
    std::function<void(std::string_view from)> before_link; ///< runs before one is made
};

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): C calls have no other place.
Injection injection;

/// True if the call is to fail.
bool step() {
    ++injection.steps_done;
    if (injection.fault == Fault::none || injection.fault == Fault::no_sync ||
        injection.fault == Fault::waits || --injection.steps_left != 0) {
        return false;
    }
    if (injection.fault == Fault::killed) {
        ::raise(SIGKILL);
    }
    errno = ENOSPC;
    return true;
}

void note(char kind) {
    if (injection.is_noted) {
        const std::lock_guard lock(injection.mutex);
        injection.order += injection.order.ends_with(kind) ? "" : std::string(1, kind);
    }
}

/// 'o' for an object's path, 't' for a tree's, 'r' for a root's, '-' for others.
char kind_of(std::string_view path) {
    for (const std::string_view folder : {"/objects/", "/trees/", "/roots/"}) {
        if (path.find(folder) != std::string_view::npos) {
            return folder[1];
        }
    }
    return '-';
}

void note_synced(int file) {
    if (injection.is_noted) {
        const std::lock_guard lock(injection.mutex);
        injection.synced.insert(
            std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file)).string());
    }
}

template <class Function> Function* next_of(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" {

int renameat2(int from, const char* old_name, int to, const char* new_name,
              unsigned flags) noexcept {
    static const auto real =
        next_of<int(int, const char*, int, const char*, unsigned)>("renameat2");
    note('o'); // a stage's object becomes the store's
    return step() ? -1 : real(from, old_name, to, new_name, flags);
}

int renameat(int from, const char* old_name, int to, const char* new_name) noexcept {
    static const auto real = next_of<int(int, const char*, int, const char*)>("renameat");
    if (from != to) { // a stage's tree becomes the store's, or a prefix goes
        note(std::string_view(new_name).ends_with(".json") ? 't' : 'p');
    }
    return step() ? -1 : real(from, old_name, to, new_name);
}

int rename(const char* old_name, const char* new_name) noexcept {
    static const auto real = next_of<int(const char*, const char*)>("rename");
    return step() ? -1 : real(old_name, new_name);
}

int futimens(int file, const struct timespec times[2]) noexcept {
    static const auto real = next_of<int(int, const struct timespec*)>("futimens");
    return step() ? -1 : real(file, times);
}

int mkdirat(int folder, const char* name, mode_t mode) noexcept {
    static const auto real = next_of<int(int, const char*, mode_t)>("mkdirat");
    return step() ? -1 : real(folder, name, mode);
}

int fsync(int file) {
    static const auto real = next_of<int(int)>("fsync");
    note('s');
    note_synced(file);
    if (injection.fault == Fault::no_sync) {
        errno = EIO;
        return -1;
    }
    return step() ? -1 : real(file);
}

int linkat(int from, const char* old_name, int to, const char* new_name, int flags) noexcept {
    static const auto real = next_of<int(int, const char*, int, const char*, int)>("linkat");
    note('l');
    if (injection.before_link) {
        injection.before_link(old_name);
    }
    errno = injection.link_fault;
    return injection.link_fault != 0 ? -1 : real(from, old_name, to, new_name, flags);
}

int syncfs(int file) noexcept {
    static const auto real = next_of<int(int)>("syncfs");
    note('s');
    return step() ? -1 : real(file);
}

int unlink(const char* path) noexcept {
    static const auto real = next_of<int(const char*)>("unlink");
    note(kind_of(path));
    return step() ? -1 : real(path);
}

/// Of the store's own files; removing what was put aside is no step.
int unlinkat(int folder, const char* name, int flags) noexcept {
    static const auto real = next_of<int(int, const char*, int)>("unlinkat");
    std::error_code failure;
    const std::filesystem::path above =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(folder), failure);
    const char kind = kind_of((above / name).native());
    if (kind == '-') {
        return real(folder, name, flags);
    }
    note(kind);
    return step() ? -1 : real(folder, name, flags);
}

/// Tells by its exit code that the process would have to wait, instead of waiting.
int flock(int file, int operation) noexcept {
    static const auto real = next_of<int(int, int)>("flock");
    if (injection.fault == Fault::waits && real(file, operation | LOCK_NB) != 0) {
        ::_exit(would_wait);
    }
    return real(file, operation);
}

} // extern "C"

namespace envpm::store {

namespace {

using test::in_child;
using test::listing;
using test::World;

/// A body in a child that fails at step `at`; its wait status.
int with_fault(Fault fault, int at, const std::function<void()>& body) {
    return in_child([&] {
        injection.fault = fault;
        injection.steps_left = at;
        body();
    });
}

/// How many steps a body takes: tried in a child on a world of its own.
int steps_of(const std::function<void(World&)>& body) {
    World world;
    const std::filesystem::path result = world.folder.path() / "steps";
    in_child([&] {
        injection.steps_done = 0;
        body(world);
        const int steps = injection.steps_done;
        write_file(result, std::to_string(steps), Durability::cached);
    });
    return std::stoi(read_file(result));
}

/// What a body calls, in its order: see `note`.
std::string order_of(const std::function<void()>& body) {
    injection.order.clear();
    injection.synced.clear();
    injection.is_noted = true;
    body();
    injection.is_noted = false;
    return injection.order;
}

std::string small_wheel(const std::string& flavour) {
    return test::make_zip(test::some_files(flavour, 5'000));
}

void take_two(World& world) {
    world.take_in({world.archive("a", small_wheel("a")), world.archive("b", small_wheel("b"))});
}

/// No tree names what is not there, nothing has a wrong name: only `tmp` may hold anything more.
void expect_whole(World& world, int at) {
    if (std::filesystem::exists(world.root / "VERSION")) {
        EXPECT_THAT(world.damages(), testing::IsEmpty()) << "after step " << at;
    }
}

void sweep(Fault fault, const std::function<bool(int)>& is_expected) {
    const int steps = steps_of(take_two);
    ASSERT_GT(steps, 30);
    for (int at = 1; at <= steps; ++at) {
        World world;
        const int status = with_fault(fault, at, [&] { take_two(world); });
        EXPECT_TRUE(is_expected(status)) << at << ": " << status;
        expect_whole(world, at);
        take_two(world);
        expect_whole(world, at);
        CollectRequest request;
        request.now = std::chrono::system_clock::now();
        SilentProgress progress;
        collect(world.paths, request, progress);
        EXPECT_THAT(listing(world.root / "tmp"), testing::IsEmpty()) << at;
        EXPECT_EQ(listing(world.root / "trees").size(), 2U);
    }
}

TEST(Crash, KilledAtAnyStepOfAnIntakeTheNextOneSucceedsAndTheStoreIsWhole) {
    sweep(Fault::killed, [](int status) { return WIFSIGNALED(status); });
}

TEST(Crash, AFullDiskAtAnyStepIsAnErrorAndTheNextIntakeSucceeds) {
    // Where the step is a folder that is there, or one that is only cleaned up, it may end well.
    std::map<int, int> ends;
    sweep(Fault::no_space,
          [&](int status) { return WIFEXITED(status) && ++ends[WEXITSTATUS(status)] > 0; });
    EXPECT_GT(ends[9], 2 * ends[0]);
    EXPECT_EQ(ends.size(), 2U) << "another exit code";
}

/// As an install does it: an archive goes as soon as it has been unpacked, and what an earlier
/// intake unpacked is taken over. Throws if an archive is neither there nor unpacked.
void take_two_and_remove(World& world) {
    ThreadPool pool(2);
    const Store store = Store::open(world.root);
    const std::filesystem::path wheels = world.folder.path() / "wheels";
    std::map<Sha256, std::string> names;
    std::set<Sha256> wanted;
    for (const char* name : {"a", "b"}) {
        const Sha256 archive = sha256_of(small_wheel(name));
        names[archive] = name;
        if (!store.tree(archive)) {
            wanted.insert(archive);
        }
    }
    Intake intake(store, pool, world.progress, [&](const Tree& tree) {
        std::filesystem::remove(wheels / names.at(tree.archive));
    });
    const std::set<Sha256> had = intake.take_over(wanted, {});
    for (const Sha256& archive : wanted) {
        if (!had.contains(archive)) {
            intake.add({wheels / names.at(archive), archive, names.at(archive)});
        }
    }
    intake.publish();
}

TEST(Crash, KilledAtAnyStepNothingThatWasUnpackedIsLostThoughItsArchiveIsGone) {
    const auto prepare = [](const World& world) {
        world.archive("a", small_wheel("a"));
        world.archive("b", small_wheel("b"));
    };
    const int steps = steps_of([&](World& world) {
        prepare(world);
        take_two_and_remove(world);
    });
    int gone = 0;
    for (int at = 1; at <= steps; ++at) {
        World world;
        prepare(world);
        with_fault(Fault::killed, at, [&] { take_two_and_remove(world); });
        expect_whole(world, at);
        gone += std::filesystem::exists(world.folder.path() / "wheels" / "a") ? 0 : 1;
        EXPECT_NO_THROW(take_two_and_remove(world)) << at;
        expect_whole(world, at);
        EXPECT_EQ(listing(world.root / "trees").size(), 2U) << at;
    }
    EXPECT_GT(gone, 10); // or nothing was tried
}

TEST(Crash, AfterAFailedBarrierNothingIsTakenOver) {
    World world;
    world.archive("a", small_wheel("a"));
    world.archive("b", small_wheel("b"));
    Store::open(world.root); // which makes itself durable
    const int status = with_fault(Fault::no_sync, 1, [&] { take_two_and_remove(world); });
    EXPECT_EQ(WEXITSTATUS(status), 9);
    EXPECT_THAT(listing(world.root / "tmp"), testing::IsEmpty());
}

TEST(Crash, AFailedBarrierPublishesNothing) {
    World world;
    const int steps = steps_of(take_two);
    int failed = 0;
    for (int at = 1; at <= steps; ++at) {
        World fresh;
        const int status = with_fault(Fault::no_space, at, [&] { take_two(fresh); });
        const bool has_trees =
            std::filesystem::exists(fresh.root / "trees") && !listing(fresh.root / "trees").empty();
        failed += WEXITSTATUS(status) == 9 && !has_trees ? 1 : 0;
    }
    // All but the very last steps, when the trees are being named.
    EXPECT_GT(failed, steps - 12);
}

TEST(Crash, KilledAtAnyStepOfACollectionTheStoreIsWhole) {
    const auto collect_all = [](World& world) {
        CollectRequest request;
        request.now = std::chrono::system_clock::now() + std::chrono::hours(48);
        collect(world.paths, request, world.progress);
    };
    int at = 0;
    int status = 1;
    while (status != 0) {
        World world;
        take_two(world);
        write_file(world.root / "p" / "someprefix" / ".envpm" / "manifest.json",
                   "{\"archives\":[]}", Durability::cached);
        status = with_fault(Fault::killed, ++at, [&] { collect_all(world); });
        expect_whole(world, at);
        if (status != 0) {
            EXPECT_TRUE(WIFSIGNALED(status));
            collect_all(world);
        }
        EXPECT_THAT(listing(world.root), testing::ElementsAre("VERSION", "store.lock")) << at;
    }
    EXPECT_GT(at, 10);
}

TEST(Crash, WhatIsNamedIsOnTheDiskBeforeItsName) {
    World world;
    Store::open(world.root);
    const Archive archive = world.archive("a", small_wheel("a"));
    EXPECT_EQ(order_of([&] { world.take_in({archive}); }), "sosts");
}

TEST(Crash, WhatNamesIsOffTheDiskBeforeWhatItNames) {
    World world;
    take_two(world);
    write_file(world.root / "p" / "dead" / ".envpm" / "lost", "", Durability::cached);
    std::filesystem::create_symlink("/nothing/there", world.root / "roots" / "gone");
    CollectRequest request;
    request.now = std::chrono::system_clock::now() + std::chrono::hours(48);
    EXPECT_EQ(order_of([&] { collect(world.paths, request, world.progress); }), "rpstso");
}

TEST(Crash, ACollectionWaitsForEveryoneWhoUsesTheStore) {
    World world;
    const auto collect_now = [&world] {
        CollectRequest request;
        request.now = std::chrono::system_clock::now();
        collect(world.paths, request, world.progress);
    };
    std::optional<Store> store = Store::open(world.root);
    EXPECT_EQ(WEXITSTATUS(with_fault(Fault::waits, 0, collect_now)), would_wait);
    EXPECT_EQ(with_fault(Fault::waits, 0, [&] { Store::open(world.root); }), 0);
    store.reset();
    EXPECT_EQ(with_fault(Fault::waits, 0, collect_now), 0);
}

/// What a store of its own takes of a lower one that has a wheel, of which `object` may be lost.
struct Lower {
    World lower;
    World own;
    Archive archive = lower.archive("a", small_wheel("a"));
    std::string object = StorePaths::object_below(sha256_of("the same in every wheel"), false);
    std::shared_ptr<void> end{&injection, [](void* /*unused*/) {
                                  injection.link_fault = 0;
                                  injection.before_link = nullptr;
                              }};

    Lower() { lower.take_in({archive}); }

    std::set<Sha256> take() {
        ThreadPool pool(2);
        const Store store = Store::open(own.root);
        Intake intake(store, pool, own.progress);
        std::set<Sha256> had = intake.take_from(lower.paths, {archive.sha256}, {});
        intake.publish();
        return had;
    }
};

TEST(Crash, AnObjectThatAnotherProcessPublishesWhileItIsTakenOverIsTheOneThatIsNamed) {
    Lower stores;
    std::filesystem::remove(stores.lower.paths.objects() / stores.object);
    injection.before_link = [&stores](std::string_view from) {
        if (from == stores.object) {
            stores.own.take_in({stores.archive});
        }
    };
    EXPECT_THAT(stores.take(), testing::ElementsAre(stores.archive.sha256));
    EXPECT_THAT(stores.own.damages(), testing::IsEmpty());
}

TEST(Crash, WhatCannotBeLinkedFromALowerStoreIsCopied) {
    for (const int fault : {EXDEV, EPERM, EMLINK, EOPNOTSUPP, ENOSYS, EACCES}) {
        Lower stores;
        injection.link_fault = fault;
        EXPECT_THAT(stores.take(), testing::ElementsAre(stores.archive.sha256)) << fault;
        EXPECT_THAT(stores.own.damages(), testing::IsEmpty());
    }
    for (const int fault : {EIO, ENOSPC}) { // of the disk: no object that is missing there
        Lower stores;
        injection.link_fault = fault;
        EXPECT_THROW(stores.take(), Error) << fault;
    }
}

TEST(Crash, WhatARepairPutsAsideIsOnTheDiskBeforeItIsReplaced) {
    World world;
    Store::open(world.root);
    write_file(world.folder.path() / "one", "1", Durability::cached);
    Quarantine quarantine(world.paths);
    EXPECT_EQ(order_of([&] { quarantine.keep(world.folder.path() / "one"); }), "sls");
    EXPECT_THAT(injection.synced, testing::Contains(quarantine.folder()->string()));
}

TEST(Crash, TheNamesOfAllFoldersAboveANewStoreAreDurable) {
    World world;
    const std::filesystem::path above = world.folder.path();
    order_of([&] { Store::open(above / "a" / "b" / "store"); });
    for (const auto& folder : {above, above / "a", above / "a" / "b"}) {
        EXPECT_THAT(injection.synced, testing::Contains(folder.string()));
    }
}

TEST(Crash, TwoProcessesPublishTheSameArchivesAtOnce) {
    for (int round = 0; round < 5; ++round) {
        World world;
        std::vector<Archive> archives;
        for (const char* name : {"a", "b", "c"}) {
            archives.push_back(world.archive(name, small_wheel(name)));
        }
        std::vector<pid_t> children;
        for (int i = 0; i < 2; ++i) {
            const pid_t child = ::fork();
            if (child == 0) {
                int code = 0;
                try {
                    world.take_in(archives);
                } catch (const std::exception&) {
                    code = 9;
                }
                ::_exit(code);
            }
            children.push_back(child);
        }
        for (const pid_t child : children) {
            int status = 1;
            ::waitpid(child, &status, 0);
            EXPECT_EQ(status, 0);
        }
        EXPECT_THAT(world.damages(), testing::IsEmpty());
        EXPECT_EQ(listing(world.root / "trees").size(), 3U);
        EXPECT_THAT(listing(world.root / "tmp"), testing::IsEmpty());
    }
}

} // namespace

} // namespace envpm::store
