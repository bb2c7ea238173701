#include "base/waiting.h"

#include "base/error.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

namespace envpm {

namespace {

using Clock = std::chrono::steady_clock;

constexpr Clock::duration shortest_pause = std::chrono::milliseconds(5);
constexpr Clock::duration longest_pause = std::chrono::milliseconds(100);
constexpr int pauses_in_what_passed = 16;

} // namespace

void wait_until(const std::function<bool()>& is_over, const std::stop_token& stop) {
    const Clock::time_point start = Clock::now();
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!is_over()) {
        const Clock::duration pause = std::clamp<Clock::duration>(
            (Clock::now() - start) / pauses_in_what_passed, shortest_pause, longest_pause);
        stopped.wait_for(lock, stop, pause, [&stop] { return stop.stop_requested(); });
        throw_if_stopped(stop);
    }
}

void throw_if_stopped(const std::stop_token& stop, std::string_view hint) {
    if (stop.stop_requested()) {
        throw Error({"interrupted", {}, std::string(hint)}, ExitCode::interrupted);
    }
}

} // namespace envpm
