#include "realize/build.h"

#include "base/error.h"
#include "base/remove_tree.h"
#include "realize/check.h"
#include "realize/compose.h"
#include "realize/link_mode.h"
#include "realize/placer.h"
#include "realize/prefix_manifest.h"
#include "realize/walk.h"
#include "realize/world_for_tests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>

namespace envpm::realize {

namespace {

using testing::HasSubstr;

/// Calls a function with the number of each thing that it is told, from 1 on.
class StepProgress final : public Progress {
  public:
    explicit StepProgress(std::function<void(int)> step)
        : step_(std::move(step)) {}

    void begin(std::string_view /*task*/, std::uint64_t /*total*/, ProgressUnit /*unit*/) override {
        step_(++steps_);
    }

    void advance(std::uint64_t /*amount*/) override { step_(++steps_); }

    void end() override { step_(++steps_); }

    void note(std::string_view /*line*/) override {}

    void trace(std::string_view /*line*/) override {}

  private:
    std::function<void(int)> step_;
    std::atomic<int> steps_ = 0;
};

PrefixReport build_with(const World& world, const PrefixRequest& request, std::size_t threads = 2) {
    ThreadPool pool(threads);
    SilentProgress progress;
    return build(world.store, request, pool, progress);
}

struct stat status_of(const std::filesystem::path& path) {
    struct stat status {};

    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status;
}

/// Modes and times of everything, for comparison.
std::string modes_and_times(const std::filesystem::path& prefix) {
    std::set<std::string> lines;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(prefix)) {
        const struct stat status = status_of(entry.path());
        lines.insert(fmt::format("{} {:o} {}", entry.path().lexically_relative(prefix).string(),
                                 status.st_mode, status.st_mtim.tv_sec));
    }
    const struct stat status = status_of(prefix);
    return fmt::format("{:o} {}\n{}", status.st_mode, status.st_mtim.tv_sec,
                       fmt::join(lines, "\n"));
}

TEST(Build, MakesThePrefixThatTheLayoutSays) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    const PrefixReport report = build_with(world, world.request(layout));
    EXPECT_EQ(report.prefix, world.store.prefix(sha256_of("env")));
    EXPECT_FALSE(report.was_there);
    EXPECT_EQ(report.files, layout.entries.size());
    EXPECT_NE(report.link_mode, LinkMode::automatic);
    EXPECT_THAT(read_file(report.prefix / "bin/demo"),
                testing::StartsWith("#!" + report.prefix.string() + "/bin/python\n"));
    EXPECT_EQ(read_file(report.prefix / "pyvenv.cfg").substr(0, 16), "home = /usr/bin\n");
    EXPECT_EQ(std::filesystem::read_symlink(report.prefix / "bin/python"), "/usr/bin/python3.11");
    EXPECT_EQ(digest_at(report.prefix), contents_digest(layout));
    EXPECT_EQ(world.leftovers(), 0U);

    const std::optional<PrefixManifest> manifest = read_manifest(report.prefix);
    ASSERT_TRUE(manifest);
    EXPECT_EQ(manifest->env, sha256_of("env"));
    EXPECT_EQ(manifest->interpreter, world.interpreter());
    EXPECT_TRUE(std::is_sorted(manifest->archives.begin(), manifest->archives.end()));
    EXPECT_EQ(manifest->archives.size(), 2U);
    EXPECT_EQ(manifest->files.size(), layout.entries.size());
}

TEST(Build, FindsAPrefixThatIsThere) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    const PrefixReport first = build_with(world, world.request(layout));
    const ino_t inode = status_of(first.prefix).st_ino;
    const PrefixReport second = build_with(world, world.request(layout));
    EXPECT_TRUE(second.was_there);
    EXPECT_EQ(second.size_bytes, first.size_bytes);
    EXPECT_EQ(status_of(second.prefix).st_ino, inode);
}

TEST(Build, IsTheSameWhateverLinkModeUmaskAndThreads) {
    std::set<std::string> seen;
    for (const LinkMode mode : {LinkMode::automatic, LinkMode::hard_link, LinkMode::copy}) {
        for (const unsigned mask : {0002U, 0077U}) {
            for (const std::size_t threads : {1U, 8U}) {
                const World world;
                const Layout layout = compose({world.package()}, {});
                PrefixRequest request = world.request(layout);
                request.link_mode = mode;
                const mode_t before = ::umask(mask);
                const PrefixReport report = build_with(world, request, threads);
                ::umask(before);
                seen.insert(digest_at(report.prefix).hex() + "\n" + modes_and_times(report.prefix));
                EXPECT_EQ(digest_at(report.prefix), contents_digest(layout));
            }
        }
    }
    EXPECT_EQ(seen.size(), 1U);
    EXPECT_THAT(*seen.begin(), HasSubstr("demo/data/run.sh 100555 315532800\n"));
    EXPECT_THAT(*seen.begin(), HasSubstr("demo/tools.py 100444 315532800\n"));
    EXPECT_THAT(*seen.begin(), HasSubstr("bin/demo 100555 315532800\n"));
    EXPECT_THAT(*seen.begin(), HasSubstr(".envpm/manifest.json 100444 315532800\n"));
    EXPECT_THAT(*seen.begin(), HasSubstr("lib 40755 315532800\n"));
}

TEST(Build, MakesFoldersThatHaveNothingOfASetGroupIdParent) {
    const World world;
    ASSERT_EQ(::chmod(world.store.temporary().c_str(), 02775), 0);
    const mode_t before = ::umask(0022);
    const PrefixReport report = build_with(world, world.request(compose({world.package()}, {})), 2);
    ::umask(before);
    EXPECT_THAT(modes_and_times(report.prefix), HasSubstr("lib 40755 315532800\n"));
}

TEST(Build, LinksObjectsButNeverEmptyOnes) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    PrefixRequest request = world.request(layout);
    request.link_mode = LinkMode::hard_link;
    const PrefixReport report = build_with(world, request);
    EXPECT_EQ(report.link_mode, LinkMode::hard_link);
    const std::filesystem::path demo = report.prefix / "lib/python3.11/site-packages/demo";
    EXPECT_EQ(status_of(demo / "tools.py").st_ino,
              status_of(world.store.object(sha256_of("answer = 42\n"), false)).st_ino);
    EXPECT_EQ(status_of(demo / "empty.py").st_nlink, 1U);
}

TEST(Build, CopiesAFileThatBecomesExecutable) {
    for (const LinkMode mode : {LinkMode::automatic, LinkMode::hard_link, LinkMode::copy}) {
        const World world;
        LayoutEntry script = world.file("bin/run.sh", "#!/bin/sh\necho ran\n");
        script.is_executable = true;
        std::get<ObjectFile>(script.content).becomes_executable = true;
        const Layout layout = compose({{{script}}}, {});
        PrefixRequest request = world.request(layout);
        request.link_mode = mode;
        const PrefixReport report = build_with(world, request);
        EXPECT_EQ(run((report.prefix / "bin/run.sh").string()).out, "ran\n");
        EXPECT_EQ(digest_at(report.prefix), contents_digest(layout));
        const std::filesystem::path object =
            world.store.object(sha256_of("#!/bin/sh\necho ran\n"), false);
        EXPECT_EQ(status_of(object).st_mode & 0777U, 0444U) << "the object stays as it was";
    }
}

TEST(Build, CopiesAFileThatHasAllTheLinksItCanHave) {
    const World world;
    const std::filesystem::path object = world.store.object(world.object("popular").object, false);
    std::filesystem::create_directory(world.folder() / "links");
    constexpr int more_than_ext4_allows = 65'001;
    int fault = 0;
    for (int i = 0; i < more_than_ext4_allows && fault == 0; ++i) {
        const std::string link = (world.folder() / "links" / std::to_string(i)).string();
        fault = ::link(object.c_str(), link.c_str()) == 0 ? 0 : errno;
    }
    if (fault != EMLINK) {
        GTEST_SKIP() << "this file system has no such limit";
    }
    const Layout layout = compose({{{world.file("lib/popular", "popular")}}}, {});
    PrefixRequest request = world.request(layout);
    request.link_mode = LinkMode::hard_link;
    const PrefixReport report = build_with(world, request);
    EXPECT_EQ(status_of(report.prefix / "lib/popular").st_nlink, 1U);
    EXPECT_EQ(read_file(report.prefix / "lib/popular"), "popular");
}

TEST(Build, RefusesAPathThatIsTooLongForItsPlaceBeforeItWritesAnything) {
    const World world;
    ThreadPool pool(2);
    SilentProgress progress;
    const std::size_t prefix_bytes = world.store.prefix(sha256_of("env")).native().size();
    for (const std::size_t over : {0U, 1U}) {
        std::string path = "lib";
        while (prefix_bytes + 1 + path.size() < 4000 + over) {
            const std::size_t left = 4000 + over - (prefix_bytes + 1 + path.size());
            path += "/" + std::string(left > 202 ? 200 : left - 1, 'n');
        }
        const Layout layout = compose({{{world.file(path, "x"), world.file("a", "y")}}}, {});
        PrefixRequest request = world.request(layout);
        request.link_mode = LinkMode::copy;
        request.syncing = Syncing::file;
        if (over == 0) {
            const PrefixReport report = build_with(world, request);
            EXPECT_TRUE(check(report.prefix, CheckDepth::full, pool, progress).empty());
            EXPECT_EQ(digest_at(report.prefix), contents_digest(layout));
            remove_tree(report.prefix);
            continue;
        }
        try {
            build_with(world, request);
            FAIL() << "it was laid out";
        } catch (const Error& error) {
            EXPECT_THAT(error.what(), HasSubstr("demo 1.0 would have 4001 bytes"));
        }
        EXPECT_EQ(world.leftovers(), 0U);
    }
}

TEST(Build, TellsOfADamagedStoreAndLeavesNothing) {
    for (const bool is_missing : {true, false}) {
        const World world;
        const Layout layout = compose({world.package()}, {});
        const std::filesystem::path object = world.store.object(sha256_of("answer = 42\n"), false);
        std::filesystem::remove(object);
        if (!is_missing) {
            write_file(object, "answer = 4", Durability::cached);
        }
        try {
            build_with(world, world.request(layout));
            ADD_FAILURE() << "no error";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::integrity);
            EXPECT_THAT(error.what(), HasSubstr("demo/tools.py` of demo 1.0"));
            EXPECT_THAT(error.what(), HasSubstr(sha256_of("answer = 42\n").hex()));
            EXPECT_THAT(error.text().what, HasSubstr(is_missing ? "missing" : "damaged"));
        }
        EXPECT_FALSE(std::filesystem::exists(world.store.prefix(sha256_of("env"))));
        EXPECT_EQ(world.leftovers(), 0U);
    }
}

TEST(Build, RefusesALinkModeThatIsNotPossible) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    PrefixRequest request = world.request(layout);
    request.link_mode = LinkMode::hard_link;
    if (status_of("/dev/shm").st_dev == status_of(world.folder()).st_dev) {
        GTEST_SKIP() << "there is only one file system";
    }
    const TemporaryFolder elsewhere("/dev/shm");
    EXPECT_THROW(lay_out_with(world, request, elsewhere.path() / "e"), Error);
    request.link_mode = LinkMode::automatic;
    const PrefixReport report = lay_out_with(world, request, elsewhere.path() / "e");
    EXPECT_EQ(report.link_mode, LinkMode::copy);
    EXPECT_EQ(digest_at(report.prefix), contents_digest(layout));
}

TEST(Build, SurvivesAKillAtEveryStep) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    const PrefixRequest request = world.request(layout);
    int killed = 0;
    for (int at = 1;; ++at) {
        const int code = in_a_process([&] {
            ThreadPool pool(2);
            StepProgress progress([at](int step) {
                if (step == at) {
                    ::raise(SIGKILL); // as a power cut would
                }
            });
            build(world.store, request, pool, progress);
        });
        if (code == 0) {
            break;
        }
        ASSERT_EQ(code, 128 + SIGKILL);
        ++killed;
        EXPECT_FALSE(std::filesystem::exists(world.store.prefix(request.env)));
    }
    EXPECT_GT(killed, 5);
    EXPECT_EQ(world.leftovers(), static_cast<std::size_t>(killed));
    const PrefixReport report = build_with(world, request);
    EXPECT_TRUE(report.was_there);
    EXPECT_EQ(digest_at(report.prefix), contents_digest(layout));
}

TEST(Build, MayBeDoneByManyProcessesAtOnce) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    const PrefixRequest request = world.request(layout);
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::_exit(in_a_process([&] { build_with(world, request); }));
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = -1;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(digest_at(world.store.prefix(request.env)), contents_digest(layout));
    EXPECT_EQ(world.leftovers(), 0U);
}

TEST(Build, LeavesWhatAnotherProcessMadeMeanwhileAsItIs) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    const PrefixRequest request = world.request(layout);
    ino_t inode = 0;
    StepProgress progress([&](int step) {
        if (step == 1) { // as another process may
            inode = status_of(build_with(world, request).prefix).st_ino;
        }
    });
    ThreadPool pool(2);
    const PrefixReport report = build(world.store, request, pool, progress);
    EXPECT_TRUE(report.was_there);
    EXPECT_EQ(status_of(report.prefix).st_ino, inode);
    EXPECT_EQ(world.leftovers(), 0U);
}

TEST(Build, RefusesWhatWillNotFitBeforeItWritesAnything) {
    const World world;
    LayoutEntry entry = world.file("lib/large", "small in truth");
    std::get<ObjectFile>(entry.content).size_bytes = std::uint64_t{1} << 60U;
    const Layout layout = compose({{{entry}}}, {});
    PrefixRequest request = world.request(layout);
    request.link_mode = LinkMode::copy;
    try {
        build_with(world, request);
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        EXPECT_THAT(error.text().what, HasSubstr("not enough free space"));
    }
    EXPECT_EQ(world.leftovers(), 0U);
}

TEST(Build, NoticesThatAnObjectIsShorterThoughItsSizeWasLookedAtBefore) {
    const World world;
    const Layout layout = compose({{{world.file("lib/file", "a file")}}}, {});
    PrefixRequest request = world.request(layout);
    request.link_mode = LinkMode::copy;
    request.object_check = ObjectCheck::done;
    const std::filesystem::path object = world.store.object(sha256_of("a file"), false);
    std::filesystem::remove(object);
    write_file(object, "a fil", Durability::cached);
    try {
        build_with(world, request);
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::integrity);
    }
}

TEST(Build, RefusesAnObjectOfAnotherSizeWhetherItIsLinkedOrCopied) {
    for (const LinkMode mode : {LinkMode::hard_link, LinkMode::copy}) {
        const World world;
        const Layout layout = compose({{{world.file("lib/file", "a file")}}}, {});
        PrefixRequest request = world.request(layout);
        request.link_mode = mode;
        const std::filesystem::path object = world.store.object(sha256_of("a file"), false);
        std::filesystem::remove(object);
        write_file(object, "a fil", Durability::cached);
        EXPECT_THROW(build_with(world, request), Error);
        EXPECT_FALSE(std::filesystem::exists(world.store.prefix(request.env)));
        EXPECT_EQ(world.leftovers(), 0U);
    }
}

TEST(Usable, IsAPrefixWithAManifestAndAPythonThatIsThere) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    PrefixRequest request = world.request(layout);
    request.interpreter->executable = "/usr/bin/env";
    const std::filesystem::path prefix = build_with(world, request).prefix;
    EXPECT_TRUE(is_usable(prefix));
    std::filesystem::remove(prefix / "bin/python");
    std::filesystem::create_symlink(world.folder() / "gone", prefix / "bin/python");
    EXPECT_FALSE(is_usable(prefix));
    std::filesystem::remove(manifest_path(prefix));
    EXPECT_FALSE(is_usable(prefix));
}

TEST(Usable, IsNoPrefixThatHasLostAPythonAndItIsBuiltAnew) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    PrefixRequest request = world.request(layout);
    request.interpreter->executable = "/usr/bin/env";
    const std::filesystem::path prefix = build_with(world, request).prefix;
    for (const char* name : {"bin/python3", "bin/python"}) {
        std::filesystem::remove(prefix / name);
        EXPECT_FALSE(is_usable(prefix)) << name;
        EXPECT_FALSE(build_with(world, request).was_there);
        EXPECT_TRUE(is_usable(prefix));
    }
    write_file(manifest_path(prefix), "{}", Durability::cached);
    EXPECT_TRUE(is_usable(prefix)) << "it has them";
    std::filesystem::remove(prefix / "bin/python3");
    EXPECT_FALSE(is_usable(prefix)) << "who knows whether it had it";
}

TEST(Usable, IsAPrefixThatWasMadeWithoutAPython) {
    const World world;
    const Layout layout = compose({world.package()}, std::monostate());
    PrefixRequest request = world.request(layout);
    request.interpreter.reset();
    EXPECT_TRUE(is_usable(build_with(world, request).prefix));
    EXPECT_TRUE(build_with(world, request).was_there);
}

TEST(Build, ReplacesAPrefixWhoseInterpreterIsGone) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    PrefixRequest request = world.request(layout);
    request.interpreter->executable = world.folder() / "python3.11";
    std::filesystem::create_symlink("/usr/bin/true", request.interpreter->executable);
    const PrefixReport first = build_with(world, request);
    EXPECT_TRUE(build_with(world, request).was_there);

    std::filesystem::remove(request.interpreter->executable);
    request.interpreter->executable = "/usr/bin/env";
    const PrefixReport second = build_with(world, request);
    EXPECT_FALSE(second.was_there);
    EXPECT_EQ(second.prefix, first.prefix);
    EXPECT_EQ(std::filesystem::read_symlink(second.prefix / "bin/python"), "/usr/bin/env");
    EXPECT_EQ(digest_at(second.prefix), contents_digest(layout));
    EXPECT_EQ(world.leftovers(), 0U);
}

TEST(Build, ReplacesAPrefixWithoutAManifest) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    const PrefixReport first = build_with(world, world.request(layout));
    std::filesystem::remove(manifest_path(first.prefix));
    std::filesystem::remove(first.prefix / "bin/demo");
    EXPECT_FALSE(build_with(world, world.request(layout)).was_there);
    EXPECT_EQ(digest_at(first.prefix), contents_digest(layout));
    EXPECT_EQ(world.leftovers(), 0U);
}

TEST(Build, APrefixThatWasMovedIsMadeAnew) {
    const World world;
    const Layout layout = compose({world.package()}, {});
    const PrefixReport report = build_with(world, world.request(layout));
    EXPECT_TRUE(is_usable(report.prefix));
    const std::filesystem::path link = world.folder() / "link";
    std::filesystem::create_directory_symlink(report.prefix, link);
    EXPECT_TRUE(is_usable(link)) << "the same folder by another path";
    std::filesystem::rename(report.prefix, world.folder() / "moved");
    EXPECT_FALSE(is_usable(world.folder() / "moved"));
    std::filesystem::rename(world.folder() / "moved", world.store.prefix(sha256_of("another env")));
    PrefixRequest request = world.request(layout);
    request.env = sha256_of("another env");
    EXPECT_FALSE(build_with(world, request).was_there);
    EXPECT_TRUE(is_usable(world.store.prefix(request.env)));
}

TEST(LinkMode, IsReadFromItsWords) {
    EXPECT_EQ(parse_link_mode("auto"), LinkMode::automatic);
    EXPECT_EQ(parse_link_mode("reflink"), LinkMode::reflink);
    EXPECT_EQ(parse_link_mode("hardlink"), LinkMode::hard_link);
    EXPECT_EQ(parse_link_mode("copy"), LinkMode::copy);
    EXPECT_EQ(parse_link_mode("symlink"), std::nullopt);
}

} // namespace

} // namespace envpm::realize
