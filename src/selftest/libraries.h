#pragma once

#include "base/variables.h"
#include "selftest/report.h"

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::selftest {

/// A CUDA library of an environment, to be asked for its version.
struct LibraryToTest {
    std::string name;    ///< of its file, up to ".so": "libcublas"
    std::string path;    ///< absolute
    std::string package; ///< "nvidia-cublas 13.1.0.3", as it is locked
    std::string version; ///< what the library should say; empty: nothing is known
};

/// What came of it. Right is what passed and has the version of its package and nothing mapped
/// from elsewhere.
struct TestedLibrary {
    LibraryToTest library;
    Ending ending;
    std::string version;                ///< as it says itself; empty if it did not get so far
    std::vector<std::string> strangers; ///< CUDA libraries that it mapped from outside the prefix
    double seconds = 0;

    /// The library counts to a version in as many parts as it tells: 13.1.0 of 13.1.0.3.
    [[nodiscard]] bool has_right_version() const;

    [[nodiscard]] bool is_right() const {
        return ending.outcome == Outcome::passed && has_right_version() && strangers.empty();
    }
};

struct LibraryRequest {
    std::filesystem::path program; ///< envpm-gpuprobe
    std::filesystem::path prefix;  ///< where mapped libraries should lie; no link in it
    std::vector<LibraryToTest> libraries;
    Variables variables;                          ///< those of the environment
    std::chrono::milliseconds time_limit{20'000}; ///< for each
};

/// Loads each in a process of its own, one after the other, and asks for its version: no driver is
/// needed, and one that crashes or hangs is a result of its own. In the order of the request.
/// If a stop is requested the one that runs is killed, and an Error (code 130) is thrown.
std::vector<TestedLibrary> test_libraries(const LibraryRequest& request,
                                          const std::stop_token& stop);

/// Whether the probe knows how to ask such a library, by its name up to ".so".
bool can_be_asked(std::string_view name);

} // namespace envpm::selftest
