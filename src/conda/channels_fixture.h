#pragma once

#include "base/error.h"
#include "base/fake_transport.h"
#include "base/files.h"
#include "conda/channels.h"
#include "conda/fake_channel.h"

#include <gmock/gmock.h>

// For tests only: a channel whose servers and cache a test can spoil.

namespace envpm::conda::test {

using envpm::test::FakeTransport;
using envpm::test::zstd_frame;

inline const std::string first = "https://me:secret@one.example.org/c";
inline const std::string second = "https://two.example.org/c";
inline const std::string shards_page = "repodata_shards.msgpack.zst";

/// A channel on two mirrors, with the caches and servers of a test.
class ChannelsTest : public testing::Test {
  protected:
    ChannelsTest()
        : folder_(std::filesystem::temp_directory_path()) {
        policy.now = std::chrono::system_clock::time_point(std::chrono::seconds(1'000'000));
    }

    [[nodiscard]] Channels channels() {
        return Channels(transport, folder_.path(), policy, {{"c", {first, second + "/"}}},
                        Platform::linux_64);
    }

    /// The files of `demo`, in a run of its own.
    std::vector<std::string> files(const std::string& name = "demo") {
        Channels all = channels();
        const std::vector<std::string> names = {name};
        all.load(names);
        std::vector<std::string> out;
        for (const Channels::Found& found : all.find(name)) {
            for (const Record& record : found.records) {
                out.push_back(record.file_name);
            }
        }
        return out;
    }

    std::string complaint() {
        try {
            files();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::network);
            EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("secret")));
            EXPECT_NE(error.text().hint, "");
            return error.text().what + " | " + error.text().subject;
        }
        return {};
    }

    void serve(const std::string& mirror, const std::string& subdir,
               const std::vector<Entry>& entries) {
        transport.files[mirror + "/" + subdir + "/repodata.json.zst"] =
            zstd_frame(repodata(entries));
    }

    void pass(int seconds) { policy.now += std::chrono::seconds(seconds); }

    /// Changes every file of the cache that ends so.
    void damage(const std::string& suffix) const {
        for (const auto& file : std::filesystem::recursive_directory_iterator(folder_.path())) {
            if (file.is_regular_file() && file.path().string().ends_with(suffix)) {
                std::string text = read_file(file.path());
                text.at(20) = static_cast<char>(text.at(20) ^ 1);
                write_file(file.path(), text);
            }
        }
    }

    [[nodiscard]] std::size_t count_files(const std::string& part) const {
        std::size_t count = 0;
        for (const auto& file : std::filesystem::recursive_directory_iterator(folder_.path())) {
            count += file.path().string().find(part) != std::string::npos ? 1U : 0U;
        }
        return count;
    }

    /// Serves shards of these names, beside the page or elsewhere.
    void serve_shards(const std::map<std::string, std::vector<Entry>>& names,
                      const Json::Object& info = {},
                      const std::string& folder = first + "/linux-64/") {
        std::map<std::string, std::string> shards;
        for (const auto& [name, entries] : names) {
            shards[name] = zstd_frame(packed(Json(page(entries))));
            transport.files[folder + sha256_of(shards[name]).hex() + ".msgpack.zst"] = shards[name];
        }
        transport.files[first + "/linux-64/" + shards_page] =
            zstd_frame(packed_shards(shards, Json(info)));
    }

    /// What the server has of the one shard.
    std::string& shard_bytes() {
        for (auto& [url, bytes] : transport.files) {
            if (url.ends_with(".msgpack.zst") && !url.ends_with(shards_page)) {
                return bytes;
            }
        }
        throw std::logic_error("no shard is served");
    }

    FakeTransport transport;
    CachePolicy policy;
    TemporaryFolder folder_;
};

} // namespace envpm::conda::test
