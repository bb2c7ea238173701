#pragma once

#include "base/thread_pool.h"
#include "gpu/binary_cache.h"
#include "model/tree.h"
#include "store/intake.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string_view>
#include <vector>

namespace envpm::installing {

/// By its name or its mode: to open all files of an environment would take longer than the rest.
bool may_be_binary(std::string_view path, bool is_executable);

/// Reads the binaries of new archives while the store makes them durable, which leaves the
/// processor idle; the audit of the environment then knows them already. Whatever cannot be read
/// here is the audit's to tell.
class AuditAhead {
  public:
    AuditAhead(gpu::BinaryCache cache, ThreadPool& pool, std::stop_token stop);
    AuditAhead(const AuditAhead&) = delete;
    AuditAhead& operator=(const AuditAhead&) = delete;
    AuditAhead(AuditAhead&&) = delete;
    AuditAhead& operator=(AuditAhead&&) = delete;

    ~AuditAhead() { is_dropped_ = true; } ///< waits for those that are being read

    /// A tree that has been staged. Any thread.
    void add(const Tree& tree);

    /// Begins to read the binaries of all trees added, wherever the intake has them.
    void begin(const store::Intake& intake);

    /// Until all of them are read. The destructor waits too.
    void wait() { tasks_.wait(); }

  private:
    void read(const std::array<std::filesystem::path, 2>& places, const Sha256& object,
              std::uint64_t size_bytes) const;

    gpu::BinaryCache cache_;
    std::stop_token stop_;
    std::atomic<bool> is_dropped_ = false;
    Guarded<std::vector<TreeFile>> binaries_;
    TaskGroup tasks_;
};

} // namespace envpm::installing
