// bench_fetch_file FOLDER SIZE SHA256 URL…: one file from its mirrors, as `install` fetches it.
// Prints the seconds; what was decided goes to the error output. tests/bench/mirrors.py runs it.

#include "base/told_progress.h"
#include "fetch/client.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <span>
#include <string_view>

namespace envpm {

namespace {

int run(std::span<char*> arguments) {
    const std::string_view size = arguments[2];
    fetch::Download file{"file", {}, 0, Sha256::parse(arguments[3]).value()};
    file.urls.assign(arguments.begin() + 4, arguments.end());
    std::from_chars(size.data(), size.data() + size.size(), file.size_bytes);
    const auto seconds = [begin = std::chrono::steady_clock::now()] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    test::ToldProgress progress;
    progress.then = [&seconds](std::string_view line) {
        fmt::print(stderr, "{:.3f} {}\n", seconds(), line);
    };
    fetch::Client client({}, {});
    const double begin = seconds();
    const auto errors = client.download(
        {&file, 1}, arguments[1], progress,
        {.complete = [](std::size_t /*index*/, const std::filesystem::path& /*path*/) {}});
    const double taken = seconds() - begin;
    if (errors.front()) {
        fmt::print(stderr, "{}\n", errors.front()->what());
        return 1;
    }
    fmt::print("{:.3f}\n", taken);
    return 0;
}

} // namespace

} // namespace envpm

int main(int count, char** arguments) {
    if (count < 5) {
        std::fputs("usage: bench_fetch_file FOLDER SIZE SHA256 URL...\n", stderr);
        return 2;
    }
    try {
        return envpm::run({arguments, static_cast<std::size_t>(count)});
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
