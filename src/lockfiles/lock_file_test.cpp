#include "lockfiles/lock_file.h"

#include "base/error.h"
#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace envpm::lockfiles {
namespace {

using ::testing::HasSubstr;

PackageName name_of(std::string_view text) {
    return *PackageName::parse(text);
}

LockedPackage package_of(const std::string& name, const std::string& version,
                         std::vector<std::string> targets) {
    const std::string file = name + "-" + version + "-py3-none-any.whl";
    return {name_of(name),      version, "pypi", file, 1000, sha256_of(file),
            std::move(targets), {},      {},     false};
}

LockedTarget target_of(const std::string& name) {
    return {{name, Platform::linux_64, {2, 28}},
            LockedPython{{"cpython", 3, 12, "cp312"}, "3.12.4"},
            sha256_of(""),
            std::nullopt};
}

Lock with_digests(Lock lock) {
    for (LockedTarget& target : lock.targets) {
        target.env = env_digest(lock, target);
    }
    return lock;
}

Lock two_target_lock() {
    Lock lock{sha256_of("manifest"), {target_of("a100"), target_of("laptop")}, {}};
    lock.targets[1].target.platform = Platform::linux_aarch64;
    lock.targets[1].target.glibc = {2, 35};
    lock.targets[1].python = LockedPython{{"cpython", 3, 13, "cp313t"}, "3.13.0rc1"};
    lock.targets[1].contents = sha256_of("contents");
    lock.targets[1].gpu = {DriverVersion::parse("525.60.13"),
                           CudaRuntime{12, 8},
                           "9.10.2.21",
                           "2.27.3",
                           {{7, 5}, {12, 0}},
                           {{12, 0}},
                           CudaVersion{12, 8},
                           ComputeCapability{7, 0}};
    lock.packages = {package_of("attrs", "25.1", {"a100", "laptop"}),
                     package_of("numpy", "1.26", {"a100"}), package_of("numpy", "2.1", {"laptop"}),
                     package_of("torch", "1!2.9.1+cu128", {"a100", "laptop"})};
    lock.packages[3].extras = {name_of("opt-einsum"), name_of("optree")};
    lock.packages[3].dependencies = {"attrs", "numpy <3,>=1.26"};
    lock.packages[3].is_overridden = true;
    lock.packages[3].wins = {*PathPattern::parse("share/**"), *PathPattern::parse("share/x")};
    return with_digests(lock);
}

TEST(LockText, BeginsWithItsVersionAndHasOneBlockAPackage) {
    Lock lock{
        sha256_of("manifest"), {target_of("default")}, {package_of("idna", "3.10", {"default"})}};
    lock.packages[0].dependencies = {"attrs", "b >=1", "c[more] >=2"};
    lock = with_digests(lock);
    EXPECT_EQ(to_text(lock), "version = 1\n"
                             "manifest = \"sha256:" +
                                 sha256_of("manifest").hex() +
                                 "\"\n"
                                 "\n"
                                 "[target.default]\n"
                                 "platform = \"linux-64\"\n"
                                 "glibc = \"2.28\"\n"
                                 "python = \"cp312\"\n"
                                 "python-version = \"3.12.4\"\n"
                                 "python-implementation = \"cpython\"\n"
                                 "env = \"sha256:" +
                                 lock.targets[0].env.hex() +
                                 "\"\n"
                                 "\n"
                                 "[[package]]\n"
                                 "name = \"idna\"\n"
                                 "version = \"3.10\"\n"
                                 "source = \"pypi\"\n"
                                 "file = \"idna-3.10-py3-none-any.whl\"\n"
                                 "size = 1000\n"
                                 "sha256 = \"" +
                                 lock.packages[0].sha256.hex() +
                                 "\"\n"
                                 "targets = [\"default\"]\n"
                                 "requires = [\n"
                                 "    \"attrs\",\n"
                                 "    \"b >=1\",\n"
                                 "    \"c[more] >=2\",\n"
                                 "]\n");
}

TEST(LockText, ComesBackAsTheSameLock) {
    const Lock lock = two_target_lock();
    EXPECT_EQ(parse(to_text(lock), "envpm.lock"), lock);
}

TEST(LockText, IsTheSameBytesInWhateverOrderThePartsStand) {
    const Lock lock = two_target_lock();
    const std::string text = to_text(lock);
    std::mt19937 random(7);
    for (int round = 0; round < 20; ++round) {
        Lock shuffled = lock;
        std::shuffle(shuffled.packages.begin(), shuffled.packages.end(), random);
        std::shuffle(shuffled.targets.begin(), shuffled.targets.end(), random);
        for (LockedPackage& package : shuffled.packages) {
            std::shuffle(package.targets.begin(), package.targets.end(), random);
            std::shuffle(package.extras.begin(), package.extras.end(), random);
            std::shuffle(package.dependencies.begin(), package.dependencies.end(), random);
        }
        ASSERT_EQ(to_text(shuffled), text);
    }
}

TEST(LockText, QuotesATargetNameThatHasADot) {
    Lock lock{sha256_of(""), {target_of("node.v2")}, {}};
    lock = with_digests(lock);
    EXPECT_THAT(to_text(lock), HasSubstr("[target.\"node.v2\"]\n"));
    EXPECT_EQ(parse(to_text(lock), "envpm.lock"), lock);
}

TEST(LockText, GrowsByOneBlockForOneMorePackage) {
    Lock lock = two_target_lock();
    const std::string before = to_text(lock);
    const LockedPackage added = package_of("idna", "3.10", {"a100"});
    lock.packages.push_back(added);
    const std::string after = to_text(lock);
    const std::size_t begin = after.find("[[package]]\nname = \"idna\"");
    const std::size_t end = after.find("[[package]]", begin + 1);
    ASSERT_NE(end, std::string::npos);
    EXPECT_EQ(after.substr(0, begin) + after.substr(end), before);
}

TEST(LockFile, IsWrittenAndReadBack) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path file = folder.path() / "envpm.lock";
    EXPECT_EQ(read_if_present(file), std::nullopt);
    write(file, two_target_lock());
    EXPECT_EQ(read_if_present(file), two_target_lock());
    EXPECT_EQ(read_file(file), to_text(two_target_lock()));
}

TEST(LockFile, ThatAMergeChangedIsAStartOnlyForWhoUpdatesIt) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path file = folder.path() / "envpm.lock";
    EXPECT_EQ(read_for_update(file), std::nullopt);
    Lock merged = two_target_lock();
    merged.packages[2] = package_of("numpy", "2.2", {"laptop"});
    write_file(file, to_text(merged));
    EXPECT_THROW(read_if_present(file), Error);
    EXPECT_EQ(read_for_update(file), merged);
    write(file, with_digests(merged));
    EXPECT_EQ(read_if_present(file), with_digests(merged));
}

TEST(LockFile, ThatNobodyCanReadComesWithAWayOut) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path file = folder.path() / "envpm.lock";
    write_file(file, "version = \n");
    for (const auto read : {read_if_present, read_for_update}) {
        try {
            read(file);
            FAIL() << "it was read";
        } catch (const Error& error) {
            EXPECT_THAT(error.text().what, HasSubstr("not valid TOML"));
            EXPECT_THAT(error.text().subject, HasSubstr("envpm.lock:1"));
            EXPECT_EQ(error.text().hint,
                      "restore it from version control, or delete it and run `envpm lock`");
        }
    }
}

TEST(LockFile, StaysWhenTheNewLockCouldNotBeReadAgain) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path file = folder.path() / "envpm.lock";
    write(file, two_target_lock());
    Lock hostile = two_target_lock();
    hostile.packages[0].file = "../../attrs-25.1-py3-none-any.whl";
    EXPECT_THROW(write(file, with_digests(hostile)), Error);
    EXPECT_EQ(read_if_present(file), two_target_lock());
}

TEST(EnvDigest, HangsOnWhatDeterminesThePrefixOnly) {
    const Lock lock = two_target_lock();
    const Sha256 digest = env_digest(lock, lock.targets[0]);
    const auto changed = [&](const auto& change) {
        Lock copy = lock;
        change(copy);
        return env_digest(copy, copy.targets[0]) != digest;
    };
    EXPECT_TRUE(changed([](Lock& l) { l.packages[0].sha256 = sha256_of("other"); }));
    EXPECT_TRUE(changed([](Lock& l) { l.packages[0].file = "attrs-25.1-1-py3-none-any.whl"; }));
    EXPECT_TRUE(changed([](Lock& l) { l.packages[0].targets = {"laptop"}; }));
    EXPECT_TRUE(changed([](Lock& l) { l.packages[0].wins = {*PathPattern::parse("share/x")}; }));
    EXPECT_TRUE(changed([](Lock& l) { l.packages[3].wins.pop_back(); }));
    EXPECT_TRUE(changed([](Lock& l) { l.targets[0].python->abi.abi = "cp312t"; }));
    EXPECT_TRUE(changed([](Lock& l) { l.targets[0].python->abi.minor = 13; }));
    EXPECT_TRUE(changed([](Lock& l) { l.targets[0].python->abi.implementation = "pypy"; }));

    EXPECT_FALSE(changed([](Lock& l) { l.packages[2].sha256 = sha256_of("of laptop"); }));
    EXPECT_FALSE(changed([](Lock& l) { l.packages[0].source = "mirror"; }));
    EXPECT_FALSE(changed([](Lock& l) { l.packages[0].dependencies = {"x"}; }));
    EXPECT_FALSE(changed([](Lock& l) { l.targets[0].python->version = "3.12.9"; }));
    EXPECT_FALSE(changed([](Lock& l) { l.targets[0].target.glibc = {2, 17}; }));
    EXPECT_FALSE(changed([](Lock& l) { l.manifest = sha256_of("other"); }));
    EXPECT_FALSE(changed([](Lock& l) { std::reverse(l.packages.begin(), l.packages.end()); }));
}

} // namespace
} // namespace envpm::lockfiles
