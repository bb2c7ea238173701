#include "fetch/download_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace envpm::fetch {
namespace {

using ::testing::HasSubstr;

/// A FIFO that nobody writes to, in a folder that serves as a mirror.
class FifoTest : public DownloadTest {
  protected:
    FifoTest() { EXPECT_EQ(::mkfifo(fifo_.c_str(), 0600), 0); }

    [[nodiscard]] std::string url() const { return "file://" + fifo_.string(); }

    [[nodiscard]] bool was_waited_for() const { return was_waited_for_; }

  private:
    TemporaryFolder source_{::testing::TempDir()};
    std::filesystem::path fifo_ = source_.path() / "fifo";
    std::atomic<bool> was_waited_for_ = false;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::jthread guard_{[this](const std::stop_token& over) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, over, std::chrono::seconds(5), [] { return false; });
        if (!over.stop_requested()) {
            was_waited_for_ = true;
            const Fd writer(::open(fifo_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        }
    }};
};

TEST_F(FifoTest, IsNoPage) {
    const HttpRequest request{url(), {}, {}, 100};
    const HttpResponse response = client->get({&request, 1}).front();
    EXPECT_FALSE(was_waited_for());
    EXPECT_THAT(response.error, HasSubstr("it is a FIFO and no file"));
    EXPECT_THAT(response.error, HasSubstr("/fifo"));
}

TEST_F(FifoTest, IsNoFileAndTheNextMirrorServes) {
    const std::string content = text_of(1000);
    first.serve("/file", {with_body(content)});
    expect_success(of(content, {url(), first.url("/file")}));
    EXPECT_FALSE(was_waited_for());
    expect_arrived(content);
    const std::optional<Error> error = download(of(text_of(10), {url()}));
    ASSERT_TRUE(error);
    EXPECT_THAT(error->what(), HasSubstr("/fifo`: it is a FIFO and no file"));
}

} // namespace
} // namespace envpm::fetch
