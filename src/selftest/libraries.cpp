#include "selftest/libraries.h"

#include "base/process.h"
#include "base/waiting.h"
#include "selftest/ending.h"

#include <algorithm>
#include <array>

namespace envpm::selftest {

namespace {

using Clock = std::chrono::steady_clock;

TestedLibrary test(const LibraryToTest& library, const LibraryRequest& request,
                   const std::stop_token& stop);

} // namespace

bool TestedLibrary::has_right_version() const {
    return library.version.empty() || version == library.version ||
           library.version.starts_with(version + ".");
}

std::vector<TestedLibrary> test_libraries(const LibraryRequest& request,
                                          const std::stop_token& stop) {
    std::vector<TestedLibrary> tested;
    for (const LibraryToTest& library : request.libraries) {
        throw_if_stopped(stop, hint_when_stopped);
        tested.push_back(test(library, request, stop));
    }
    throw_if_stopped(stop, hint_when_stopped);
    return tested;
}

bool can_be_asked(std::string_view name) {
    constexpr std::array<std::string_view, 12> names = {
        "libcublas",   "libcublasLt", "libcudart",     "libcudnn", "libcufft",     "libcurand",
        "libcusolver", "libcusparse", "libcusparseLt", "libnccl",  "libnvJitLink", "libnvrtc"};
    return std::find(names.begin(), names.end(), name) != names.end();
}

namespace {

TestedLibrary test(const LibraryToTest& library, const LibraryRequest& request,
                   const std::stop_token& stop) {
    const Clock::time_point start = Clock::now();
    const ProcessResult result =
        run_process({.command = {request.program.string(), "--library", library.path},
                     .environment = request.variables.strings(),
                     .folder = "/",
                     .time_limit = request.time_limit,
                     .stop = stop});
    ProbeTranscript said;
    said.add(result.output);
    return {library, ending_of(result, said, request.time_limit), said.version,
            strangers_of(said, request.prefix),
            std::chrono::duration<double>(Clock::now() - start).count()};
}

} // namespace

} // namespace envpm::selftest
