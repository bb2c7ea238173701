#include "fetch/download_fixture.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace envpm::fetch {
namespace {

/// As many transfers as the settings allow, each slow.
class ManyTransfersTest : public DownloadTest {
  protected:
    static constexpr int most = 64;
    static constexpr std::size_t drip_bytes = 30'001; ///< no part of a buffer
    static constexpr std::chrono::milliseconds drip_pause{20};
    static constexpr std::chrono::seconds long_enough{30};

    ManyTransfersTest() {
        NetworkSettings settings = quick_settings();
        settings.concurrent_downloads = most;
        settings.concurrent_per_host = most;
        client.emplace(settings, stop_.get_token());
    }

  private:
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::stop_source stop_;
    std::jthread guard_{[this](const std::stop_token& over) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, over, long_enough, [] { return false; });
        stop_.request_stop();
    }};
};

TEST_F(ManyTransfersTest, DoNotWaitForBuffersThatTheyAllHold) {
    std::vector<Download> downloads;
    for (std::uint32_t i = 0; i < most; ++i) {
        const std::string content = text_of(600'000 + i, i);
        const std::string path = fmt::format("/{}", i);
        first.serve(path, {dripping(content, drip_bytes, drip_pause)});
        downloads.push_back(of(content, {first.url(path)}));
    }
    for (const std::optional<Error>& error : download(downloads)) {
        EXPECT_FALSE(error);
    }
    EXPECT_EQ(first.most_connections_at_once(), most) << "else it tells nothing";
    EXPECT_EQ(progress.done_bytes, progress.total_bytes);
}

} // namespace
} // namespace envpm::fetch
