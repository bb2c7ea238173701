// What the first and the next look at a channel cost: `bench_conda_channel FOLDER [NAMES]`, where
// FOLDER holds linux-64/repodata.json or .json.zst (synthetic_channel.py makes one). The records of
// NAMES (100) names are loaded, evenly spread; the pages are in the page cache.

#include "base/files.h"
#include "conda/channels.h"
#include "fetch/client.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

namespace envpm::conda {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::vector<std::string> spread(const std::vector<std::string>& all, std::size_t count) {
    std::vector<std::string> some;
    for (std::size_t i = 0; i < count && !all.empty(); ++i) {
        some.push_back(all[i * all.size() / count]);
    }
    return some;
}

void measure(const std::string& folder, std::size_t count) {
    const TemporaryFolder cache(std::filesystem::temp_directory_path());
    const std::vector<Channel> one = {{"bench", {"file://" + folder}}};
    fetch::Client client({}, {});
    CachePolicy policy;
    policy.now = std::chrono::system_clock::now();
    std::vector<std::string> names;
    for (int run = 0; run < 6; ++run) {
        const Clock::time_point start = Clock::now();
        Channels channels(client, cache.path(), policy, one, Platform::linux_64);
        channels.load({});
        const double opened = milliseconds_since(start);
        if (run == 0) {
            names = spread(channels.known_names(), count);
            fmt::print("first: {:.1f} ms; {} names\n", opened, channels.known_names().size());
            continue;
        }
        channels.load(names);
        std::size_t records = 0;
        for (const std::string& name : names) {
            for (const Channels::Found& found : channels.find(name)) {
                records += found.records.size();
            }
        }
        fmt::print("again: {:.2f} ms, with {} records of {} names {:.2f} ms\n", opened, records,
                   names.size(), milliseconds_since(start));
    }
}

} // namespace
} // namespace envpm::conda

int main(int count, char** arguments) {
    if (count < 2) {
        fmt::print(stderr, "bench_conda_channel FOLDER [NAMES]\n");
        return 2;
    }
    const std::size_t names = count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 100;
    envpm::conda::measure(std::filesystem::absolute(arguments[1]).string(), names);
    return 0;
}
