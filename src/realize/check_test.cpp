#include "realize/check.h"

#include "base/error.h"
#include "realize/build.h"
#include "realize/compose.h"
#include "realize/link_mode.h"
#include "realize/prefix_manifest.h"
#include "realize/world_for_tests.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <stdexcept>

namespace envpm::realize {

namespace {

/// A world with a prefix of copies, so that damage stays in it.
class CheckedPrefix {
  public:
    CheckedPrefix()
        : layout(compose({world.package({}, 20)}, {})) {
        PrefixRequest request = world.request(layout);
        request.link_mode = LinkMode::copy;
        path = build(world.store, request, pool, progress).prefix;
        demo = path / "lib/python3.11/site-packages/demo";
    }

    std::vector<std::string> damage(CheckDepth depth) {
        std::vector<std::string> lines;
        for (const PrefixDamage& one : check(path, depth, pool, progress)) {
            lines.push_back(fmt::format("{} {}", one.path, words_of(one.kind)));
        }
        return lines;
    }

    Sha256 digest() { return contents_digest_of_prefix(path, pool, progress); }

    World world;
    Layout layout;
    ThreadPool pool{2};
    SilentProgress progress;
    std::filesystem::path path;
    std::filesystem::path demo;
};

const std::string site = "lib/python3.11/site-packages/";

/// As root, or an editor that chmods first.
void overwrite(const std::filesystem::path& path, std::string_view content) {
    ::chmod(path.c_str(), 0644);
    const Fd file = open_file(path, O_WRONLY | O_TRUNC);
    write_all(file.get(), content, path.string());
}

TEST(Check, FindsNothingInAWholePrefix) {
    CheckedPrefix prefix;
    EXPECT_TRUE(prefix.damage(CheckDepth::quick).empty());
    EXPECT_TRUE(prefix.damage(CheckDepth::full).empty());
}

TEST(Check, TellsOfTheLinkThatKeepsBytecodeApart) {
    CheckedPrefix prefix;
    std::filesystem::remove(prefix.path / ".envpm/env");
    EXPECT_THAT(prefix.damage(CheckDepth::quick), testing::ElementsAre(".envpm/env missing"));
    std::filesystem::create_symlink("another", prefix.path / ".envpm/env");
    EXPECT_THAT(prefix.damage(CheckDepth::quick), testing::ElementsAre(".envpm/env changed"));
}

TEST(Check, TellsWhatChangedWhatIsMissingAndWhatIsStrange) {
    CheckedPrefix prefix;
    overwrite(prefix.demo / "tools.py", "answer = 41\n");
    ::chmod((prefix.demo / "data/run.sh").c_str(), 0444);
    std::filesystem::remove(prefix.demo / "data/7");
    std::filesystem::remove(prefix.path / "lib64");
    std::filesystem::create_symlink("elsewhere", prefix.path / "lib64");
    std::filesystem::remove(prefix.demo / "data/8");
    std::filesystem::create_directory(prefix.demo / "data/8");
    write_file(prefix.demo / "__pycache__/tools.cpython-311.pyc", "x", Durability::cached);
    write_file(prefix.path / "note", "x", Durability::cached);
    const std::vector<std::string> expected = {
        site + "demo/__pycache__ not from a package",
        site + "demo/data/7 missing",
        site + "demo/data/8 changed",
        site + "demo/data/run.sh changed",
        site + "demo/tools.py changed",
        "lib64 changed",
        "note not from a package",
    };
    EXPECT_EQ(prefix.damage(CheckDepth::quick), expected);
    EXPECT_EQ(prefix.damage(CheckDepth::full), expected);
}

TEST(Check, ReadsEveryByteOnlyIfAskedTo) {
    CheckedPrefix prefix;
    const std::filesystem::path file = prefix.demo / "tools.py";
    overwrite(file, "answer = 41\n");
    const timespec times[2] = {{store_time, 0}, {store_time, 0}};
    ::utimensat(AT_FDCWD, file.c_str(), times, 0);
    EXPECT_TRUE(prefix.damage(CheckDepth::quick).empty());
    EXPECT_EQ(prefix.damage(CheckDepth::full),
              std::vector<std::string>{site + "demo/tools.py changed"});
}

TEST(Check, SeesQuicklyThatAFileHasAnotherSize) {
    CheckedPrefix prefix;
    const std::filesystem::path file = prefix.demo / "tools.py";
    overwrite(file, "answer = 4\n");
    const timespec times[2] = {{store_time, 0}, {store_time, 0}};
    ::utimensat(AT_FDCWD, file.c_str(), times, 0);
    EXPECT_EQ(prefix.damage(CheckDepth::quick),
              std::vector<std::string>{site + "demo/tools.py changed"});
}

/// Root may do anything and finds nothing closed: while it lives, all threads of a test that root
/// runs act as a user. No process of its own, whose threads the thread sanitizer would refuse.
class AsUser {
  public:
    explicit AsUser(const CheckedPrefix& prefix) {
        ::chmod(prefix.world.folder().c_str(), 0755);
        constexpr uid_t nobody = 65534;
        if (root_ && ::seteuid(nobody) != 0) {
            throw std::runtime_error("seteuid");
        }
    }

    ~AsUser() {
        if (root_ && ::seteuid(0) != 0) {
            std::terminate(); // the tests after this one would see what a user sees
        }
    }

    AsUser(const AsUser&) = delete;
    AsUser& operator=(const AsUser&) = delete;

  private:
    bool root_ = ::geteuid() == 0;
};

TEST(Check, TellsOfAFolderThatCannotBeReadAndChecksTheRest) {
    CheckedPrefix prefix;
    std::filesystem::remove(prefix.path / "lib64");
    std::filesystem::create_directory(prefix.path / "own");
    ::chmod((prefix.demo / "tools.py").c_str(), 0);
    ::chmod((prefix.demo / "data").c_str(), 0);
    ::chmod((prefix.path / "own").c_str(), 0); // nothing of it is a package's
    {
        const AsUser user(prefix);
        ThreadPool pool(2);
        std::vector<std::string> lines;
        for (const PrefixDamage& one :
             check(prefix.path, CheckDepth::full, pool, prefix.progress)) {
            lines.push_back(fmt::format("{} {}", one.path, words_of(one.kind)));
        }
        EXPECT_EQ(lines, (std::vector<std::string>{site + "demo/data it cannot be read",
                                                   site + "demo/tools.py changed", "lib64 missing",
                                                   "own not from a package"}));
        EXPECT_THROW(contents_digest_of_prefix(prefix.path, pool, prefix.progress), Error);
    }
    ::chmod((prefix.demo / "data").c_str(), 0755);
}

TEST(Check, DoesNotMindATouchedFile) {
    CheckedPrefix prefix;
    ::utimensat(AT_FDCWD, (prefix.demo / "tools.py").c_str(), nullptr, 0);
    EXPECT_TRUE(prefix.damage(CheckDepth::quick).empty());
}

TEST(Check, TakesAManifestThatIsGoneOrChangedForDamage) {
    CheckedPrefix prefix;
    overwrite(manifest_path(prefix.path), "{\"version\":2,");
    EXPECT_EQ(prefix.damage(CheckDepth::quick),
              std::vector<std::string>{".envpm/manifest.json changed"});
    std::filesystem::remove(manifest_path(prefix.path));
    EXPECT_EQ(prefix.damage(CheckDepth::quick),
              std::vector<std::string>{".envpm/manifest.json missing"});
    EXPECT_THROW(prefix.digest(), Error);
    std::filesystem::create_directory(manifest_path(prefix.path));
    EXPECT_THROW(prefix.damage(CheckDepth::quick), Error) << "it cannot be read: nothing is known";
}

TEST(Check, BelievesWhatIsKnownOfAFileAndReadsTheOthers) {
    CheckedPrefix prefix;
    const std::filesystem::path file = prefix.demo / "tools.py";
    overwrite(file, "answer = 41\n");

    struct stat status {};

    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    KnownFiles known;
    known.add({status.st_dev, status.st_ino}, sha256_of("answer = 42\n"));
    EXPECT_TRUE(check(prefix.path, CheckDepth::full, prefix.pool, prefix.progress, known).empty());
    KnownFiles other;
    other.add({status.st_dev, status.st_ino}, sha256_of("answer = 41\n"));
    EXPECT_EQ(check(prefix.path, CheckDepth::full, prefix.pool, prefix.progress, other).size(), 1);
}

TEST(ContentsDigestOfPrefix, ChangesWithAnyByteModeLinkOrFile) {
    const std::vector<std::function<void(const CheckedPrefix&)>> changes = {
        [](const CheckedPrefix& p) { overwrite(p.demo / "tools.py", "answer = 41\n"); },
        [](const CheckedPrefix& p) { overwrite(p.path / "bin/demo", "#!/bin/sh\n"); },
        [](const CheckedPrefix& p) { ::chmod((p.demo / "tools.py").c_str(), 0555); },
        [](const CheckedPrefix& p) { std::filesystem::remove(p.demo / "data/1"); },
        [](const CheckedPrefix& p) { std::filesystem::create_directory(p.path / "empty"); },
        [](const CheckedPrefix& p) { std::filesystem::create_symlink("x", p.path / "link"); },
        [](const CheckedPrefix& p) { write_file(p.path / "lib/.envpm/x", "", Durability::cached); },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        CheckedPrefix prefix;
        changes[i](prefix);
        EXPECT_NE(prefix.digest(), contents_digest(prefix.layout)) << i;
    }
    CheckedPrefix prefix;
    ::mkfifo((prefix.path / "pipe").c_str(), 0600);
    EXPECT_THROW(prefix.digest(), Error);
}

TEST(ContentsDigestOfPrefix, AgreesWithASecondImplementation) {
    CheckedPrefix prefix;
    const auto python_digest = [](const std::filesystem::path& path) {
        return run("python3 " ENVPM_TESTS_FOLDER "/support/contents_digest.py '" + path.string() +
                   "'")
            .out;
    };
    EXPECT_EQ(python_digest(prefix.path), contents_digest(prefix.layout).hex() + "\n");

    const std::filesystem::path far =
        prefix.world.folder() / std::string(120, 'l') / "with a space";
    lay_out(prefix.world.store, prefix.world.request(prefix.layout), far, prefix.pool,
            prefix.progress);
    EXPECT_EQ(python_digest(far), contents_digest(prefix.layout).hex() + "\n");

    overwrite(prefix.path / "bin/demo", "#!/bin/sh\n");
    std::filesystem::create_directory(prefix.path / "empty");
    EXPECT_EQ(python_digest(prefix.path), prefix.digest().hex() + "\n");
    EXPECT_NE(prefix.digest(), contents_digest(prefix.layout));
}

} // namespace

} // namespace envpm::realize
