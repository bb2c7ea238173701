#include "base/rewrite_file.h"

#include "base/error.h"
#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace envpm {
namespace {

namespace fs = std::filesystem;

class RewriteFile : public testing::Test {
  protected:
    RewriteFile()
        : umask_(::umask(022)) {}

    ~RewriteFile() override { ::umask(umask_); }

    RewriteFile(const RewriteFile&) = delete;
    RewriteFile& operator=(const RewriteFile&) = delete;
    RewriteFile(RewriteFile&&) = delete;
    RewriteFile& operator=(RewriteFile&&) = delete;

    [[nodiscard]] fs::path at(std::string_view name) const { return folder_.path() / name; }

    static struct stat status_of(const fs::path& path) {
        struct stat status {};

        EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
        return status;
    }

    static unsigned mode_of(const fs::path& path) { return status_of(path).st_mode & 07777U; }

  private:
    TemporaryFolder folder_{fs::temp_directory_path()};
    mode_t umask_;
};

TEST_F(RewriteFile, KeepsTheModeOfAFileThatIsThere) {
    for (const mode_t mode : {0600U, 0640U, 0664U, 0444U}) {
        write_file(at("f"), "old");
        ASSERT_EQ(::chmod(at("f").c_str(), mode), 0);
        rewrite_file(at("f"), "new");
        EXPECT_EQ(read_file(at("f")), "new");
        EXPECT_EQ(mode_of(at("f")), mode);
        fs::remove(at("f"));
    }
}

TEST_F(RewriteFile, GivesANewFileWhatTheUmaskLeaves) {
    rewrite_file(at("new/f"), "content");
    EXPECT_EQ(read_file(at("new/f")), "content");
    EXPECT_EQ(mode_of(at("new/f")), 0644U);
}

TEST_F(RewriteFile, KeepsTheGroupWithItsRights) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can make a file of any group";
    }
    constexpr gid_t other = 12345;
    write_file(at("f"), "old");
    ASSERT_EQ(::chown(at("f").c_str(), ::geteuid(), other), 0);
    ASSERT_EQ(::chmod(at("f").c_str(), 0660), 0);
    rewrite_file(at("f"), "new");
    EXPECT_EQ(status_of(at("f")).st_gid, other);
    EXPECT_EQ(mode_of(at("f")), 0660U);
}

TEST_F(RewriteFile, FollowsALinkToAFileOfTheSameName) {
    write_file(at("real/f"), "old");
    ASSERT_EQ(::chmod(at("real/f").c_str(), 0600), 0);
    fs::create_symlink("real/f", at("f"));
    rewrite_file(at("f"), "new");
    EXPECT_TRUE(fs::is_symlink(at("f")));
    EXPECT_EQ(read_file(at("real/f")), "new");
    EXPECT_EQ(mode_of(at("real/f")), 0600U);
}

TEST_F(RewriteFile, RefusesALinkToAFileOfAnotherName) {
    write_file(at("m.toml"), "mine");
    fs::create_symlink("m.toml", at("envpm.toml"));
    fs::create_symlink("absent", at("envpm.lock"));
    for (const std::string name : {"envpm.toml", "envpm.lock"}) {
        EXPECT_THROW(check_may_rewrite(at(name)), Error) << name;
        EXPECT_THROW(rewrite_file(at(name), "new"), Error) << name;
        EXPECT_TRUE(fs::is_symlink(at(name))) << name;
    }
    EXPECT_EQ(read_file(at("m.toml")), "mine");
    EXPECT_FALSE(fs::exists(at("absent")));
}

} // namespace
} // namespace envpm
