#include "base/local_folder.h"

#include "base/files.h"
#include "base/handle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

namespace envpm {
namespace {

class LocalFolderTest : public testing::Test {
  protected:
    /// What is said of the thing of that name, with `<folder>` for where it lies.
    [[nodiscard]] std::string fault(const std::string& name) const {
        std::string text = fault_of_folder(folder_.path() / name);
        const std::string whole = folder_.path().string();
        if (const std::size_t at = text.find(whole); at != std::string::npos) {
            text.replace(at, whole.size(), "<folder>");
        }
        return text;
    }

    [[nodiscard]] std::filesystem::path place(const std::string& name) const {
        return folder_.path() / name;
    }

  private:
    TemporaryFolder folder_{std::filesystem::temp_directory_path()};
};

TEST_F(LocalFolderTest, OneThatHasSomethingInItIsWell) {
    write_file(place("full/file"), "");
    EXPECT_EQ(fault("full"), "");
}

TEST_F(LocalFolderTest, SaysWhatIsThereInsteadOfAFolder) {
    write_file(place("file"), "");
    ASSERT_EQ(::mkfifo(place("fifo").c_str(), 0600), 0);
    const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string at = place("socket").string();
    ASSERT_LT(at.size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, at.c_str(), at.size());
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(fault("file"), "a file stands where a folder is to be: `<folder>/file`");
    EXPECT_EQ(fault("fifo"), "a FIFO stands where a folder is to be: `<folder>/fifo`");
    EXPECT_EQ(fault("socket"), "a socket stands where a folder is to be: `<folder>/socket`");
    EXPECT_EQ(fault_of_folder("/dev/null"), "a device stands where a folder is to be: `/dev/null`");
}

TEST_F(LocalFolderTest, ItsFaultsAreKnownAgainAmongOthers) {
    write_file(place("file"), "");
    std::filesystem::create_directory(place("empty"));
    for (const char* const name : {"absent", "file", "file/below", "empty"}) {
        EXPECT_TRUE(has_folder_fault("a: answered 404; b: " + fault(name))) << fault(name);
    }
    EXPECT_FALSE(has_folder_fault("a: answered 404"));
}

} // namespace
} // namespace envpm
