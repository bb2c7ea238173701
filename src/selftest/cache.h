#pragma once

#include "base/hash.h"
#include "base/variables.h"
#include "selftest/report.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm::selftest {

/// All that a test's result may depend on and that costs less than a millisecond to know.
struct TestIdentity {
    std::string environment;       ///< the prefix, or the lock's digest: whose test it is
    std::string probe;             ///< the version of envpm-gpuprobe
    std::string driver;            ///< its version, or under WSL what stands for it
    std::vector<std::string> gpus; ///< names of GPUs that need no driver call
    std::string boot_id;           ///< a restart may change everything
    Variables variables{};         ///< those that the driver and the loader read are taken
};

/// Names a test. CUDA_VISIBLE_DEVICES counts as the driver takes it: empty is not unset.
Sha256 key_of(const TestIdentity& identity);

/// Successful tests, so that activation does not repeat them: one JSON file with its `format`
/// first. Failures are never kept. A success is good for 24 hours; one that comes from more than
/// five minutes ahead is not believed, because a clock was wrong then or is now.
class SuccessCache {
  public:
    SuccessCache(std::filesystem::path file, std::chrono::system_clock::time_point now)
        : file_(std::move(file)),
          now_(now) {}

    /// Nothing if there is none. A file that cannot be read, is damaged or of another format is an
    /// empty cache.
    [[nodiscard]] std::optional<ProbeReport> find(const Sha256& key) const;

    /// Keeps a success and drops what is too old. A cache that cannot be written costs time, not
    /// correctness, so that is no failure. Of two that write at once, one success may be lost.
    void put(const Sha256& key, const ProbeReport& report) const;

  private:
    std::filesystem::path file_;
    std::chrono::system_clock::time_point now_;
};

} // namespace envpm::selftest
