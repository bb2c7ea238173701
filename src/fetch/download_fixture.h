#pragma once

#include "base/error.h"
#include "base/files.h"
#include "fetch/client.h"
#include "fetch/loopback_server.h"
#include "fetch/quick_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace envpm::fetch {

inline constexpr std::size_t mib = 1U << 20U;

/// The thread sanitizer ends a child that starts threads after a fork.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool can_fork = false;
#else
inline constexpr bool can_fork = true;
#endif

/// Keeps what it is told. For tests.
class RecordedProgress final : public Progress {
  public:
    void begin(std::string_view /*task*/, std::uint64_t total, ProgressUnit /*unit*/) override {
        total_bytes = total;
        ++open;
    }

    void advance(std::uint64_t amount) override {
        const std::lock_guard lock(mutex_);
        done_bytes += amount;
        changed_.notify_all();
    }

    void end() override { --open; }

    void note(std::string_view line) override {
        const std::lock_guard lock(mutex_);
        notes += std::string(line) + "\n";
        changed_.notify_all();
    }

    void trace(std::string_view line) override {
        const std::lock_guard lock(mutex_);
        traces += std::string(line) + "\n";
    }

    void wait_for_note(std::string_view words) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return notes.find(words) != std::string::npos; });
    }

    void wait_for_bytes(std::uint64_t bytes) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return done_bytes >= bytes; });
    }

    std::string notes;
    std::string traces;
    std::uint64_t total_bytes = 0;
    std::uint64_t done_bytes = 0;
    int open = 0;

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
};

/// One client, two servers, one folder; times that a test can wait for.
class DownloadTest : public ::testing::Test {
  protected:
    /// For servers that fall silent; a busy machine may make good ones look so.
    static NetworkSettings impatient_settings() {
        NetworkSettings settings = quick_settings();
        settings.first_byte_timeout = std::chrono::milliseconds(150);
        settings.stall_timeout = std::chrono::milliseconds(150);
        return settings;
    }

    static std::string text_of(std::size_t size, std::uint32_t seed = 1) {
        std::string text;
        text.reserve(size + 64);
        const std::string page(4096, static_cast<char>('a' + seed % 26));
        for (std::uint64_t i = 0; text.size() < size; ++i) {
            text += std::to_string(seed) + "." + std::to_string(i) + page;
        }
        text.resize(size);
        return text;
    }

    static Download of(const std::string& content, std::vector<std::string> urls) {
        return {"torch 2.9.1", std::move(urls), content.size(), sha256_of(content)};
    }

    void fetch_one_by_one() {
        NetworkSettings settings = quick_settings();
        settings.concurrent_downloads = 1;
        client.emplace(settings, std::stop_token());
    }

    std::vector<std::optional<Error>> download(std::span<const Download> downloads) {
        return client->download(
            downloads, folder.path(), progress,
            {.complete = [this](std::size_t index, const std::filesystem::path&) {
                arrived.push_back(index);
            }});
    }

    std::optional<Error> download(const Download& one) { return download({&one, 1}).front(); }

    void expect_success(const Download& one) {
        const std::optional<Error> error = download(one);
        EXPECT_FALSE(error) << (error ? error->what() : "");
    }

    /// Fetches `content` from these answers of the first server, then from the second, which is
    /// good; the result must be the content.
    void expect_survives(const std::vector<Answer>& answers, const std::string& content) {
        progress.done_bytes = 0;
        first.serve("/file", answers);
        second.serve("/file", {with_body(content)});
        expect_success(of(content, {first.url("/file"), second.url("/file")}));
        expect_arrived(content);
    }

    void expect_arrived(const std::string& content) {
        const std::filesystem::path path = folder.path() / sha256_of(content).hex();
        EXPECT_TRUE(read_file(path) == content);
        EXPECT_FALSE(std::filesystem::exists(path.string() + ".part"));
        EXPECT_FALSE(std::filesystem::exists(path.string() + ".map"));
        EXPECT_EQ(progress.open, 0);
        EXPECT_EQ(progress.done_bytes, progress.total_bytes);
    }

    LoopbackServer first;
    LoopbackServer second;
    TemporaryFolder folder{::testing::TempDir()};
    RecordedProgress progress;
    std::vector<std::size_t> arrived;
    std::optional<Client> client{std::in_place, quick_settings(), std::stop_token()};
};

} // namespace envpm::fetch
