#include "realize/copy.h"

#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

namespace envpm::realize {

namespace {

constexpr std::size_t first_part = 1000;

/// A range copy that gives `answer` behind the first part, with `fault` in errno.
template <int answer, int fault> ssize_t part(int from, int to, std::size_t size_bytes) {
    if (::lseek(from, 0, SEEK_CUR) == 0) {
        return copy_range(from, to, std::min(size_bytes, first_part));
    }
    errno = fault;
    return answer;
}

/// The kernel's, interrupted once.
ssize_t interrupted(int from, int to, std::size_t size_bytes) {
    if (::lseek(from, 0, SEEK_CUR) == 0) {
        ::lseek(from, 1, SEEK_SET);
        ::lseek(to, 1, SEEK_SET); // a hole in place of the first byte tells that it went on
        errno = EINTR;
        return -1;
    }
    return copy_range(from, to, size_bytes);
}

std::string copied_by(RangeCopy range_copy, const std::string& content) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    write_file(folder.path() / "from", content, Durability::cached);
    const Fd from = open_file(folder.path() / "from", O_RDONLY);
    const Fd to = open_file(folder.path() / "to", O_WRONLY | O_CREAT);
    copy_bytes(from.get(), to.get(), content.size(), "a file", range_copy);
    return read_file(folder.path() / "to");
}

TEST(CopyBytes, AreReadAndWrittenFromWhereTheKernelEnds) {
    std::string content;
    for (int i = 0; i < 400'000; ++i) {
        content += static_cast<char>(i * 7);
    }
    EXPECT_TRUE(copied_by(copy_range, content) == content);
    EXPECT_TRUE((copied_by(part<0, 0>, content) == content)) << "an end that is none";
    EXPECT_TRUE((copied_by(part<-1, EXDEV>, content) == content));
    EXPECT_TRUE((copied_by(part<-1, EINVAL>, content) == content));
    EXPECT_TRUE((copied_by(part<-1, ENOSYS>, content) == content));
    EXPECT_TRUE((copied_by(part<-1, EOPNOTSUPP>, content) == content));
}

TEST(CopyBytes, GoOnAfterASignal) {
    EXPECT_EQ(copied_by(interrupted, "xyz"), std::string("\0yz", 3));
}

TEST(CopyBytes, FailWithWhatTheDiskSays) {
    EXPECT_THROW((copied_by(part<-1, EIO>, std::string(5000, 'x'))), Error);
    EXPECT_THROW((copied_by(part<-1, ENOSPC>, std::string(5000, 'x'))), Error);
}

} // namespace

} // namespace envpm::realize
