#include "base/read_at.h"

#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>

namespace envpm {

namespace {

class ReadAt : public testing::Test {
  protected:
    void SetUp() override { write_file(path_, "0123456789", Durability::cached); }

    [[nodiscard]] Fd open(int flags = O_RDONLY) const { return open_file(path_, flags); }

  private:
    TemporaryFolder folder_{std::filesystem::temp_directory_path()};
    std::filesystem::path path_ = folder_.path() / "f";
};

TEST_F(ReadAt, GivesTheBytesThatStandThere) {
    const Fd file = open();
    std::string room(4, '-');
    const BytesRead read = read_at(file.get(), 3, std::as_writable_bytes(std::span(room)));
    EXPECT_EQ(read.count, 4);
    EXPECT_EQ(read.error_number, 0);
    EXPECT_EQ(room, "3456");
    read_all_at(file.get(), 6, room, "a file");
    EXPECT_EQ(room, "6789");
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 0) << "the descriptor's place stays";
}

TEST_F(ReadAt, GivesLessAtTheEndWhichIsNoFailureOfTheSystem) {
    const Fd file = open();
    std::string room(4, '-');
    const BytesRead read = read_at(file.get(), 8, std::as_writable_bytes(std::span(room)));
    EXPECT_EQ(read.count, 2);
    EXPECT_EQ(read.error_number, 0);
    EXPECT_EQ(room, "89--");
    EXPECT_EQ(read_at(file.get(), 10, std::as_writable_bytes(std::span(room))).count, 0);
}

TEST_F(ReadAt, NamesWhatHasTooFewBytes) {
    const Fd file = open();
    std::string room(4, '-');
    try {
        read_all_at(file.get(), 8, room, "a wheel");
        ADD_FAILURE() << "two bytes are missing";
    } catch (const Error& error) {
        EXPECT_EQ(error.text().what, "a file ended early");
        EXPECT_EQ(error.text().subject, "a wheel");
    }
}

TEST_F(ReadAt, SaysWhyTheSystemRefuses) {
    const Fd file = open(O_WRONLY);
    std::string room(4, '-');
    const BytesRead read = read_at(file.get(), 0, std::as_writable_bytes(std::span(room)));
    EXPECT_EQ(read.count, 0);
    EXPECT_EQ(read.error_number, EBADF);
    try {
        read_all_at(file.get(), 0, room, "a wheel");
        ADD_FAILURE() << "the file is open for writing only";
    } catch (const Error& error) {
        EXPECT_THAT(error.text().what, testing::StartsWith("cannot read a file: "));
        EXPECT_EQ(error.text().subject, "a wheel");
    }
}

} // namespace

} // namespace envpm
