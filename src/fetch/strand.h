#pragma once

#include "base/thread_pool.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace envpm::fetch {

/// Runs tasks one after another, in order, on whichever thread of the pool is free: everything that
/// touches one part file goes through its strand, so the file needs no lock and the hash sees its
/// bytes in order, while other files' strands use the other threads.
class Strand {
  public:
    explicit Strand(ThreadPool& pool)
        : pool_(pool) {}

    Strand(const Strand&) = delete;
    Strand& operator=(const Strand&) = delete;

    /// Waits until every task has run.
    ~Strand() { wait(); }

    /// The task must not throw.
    void post(std::function<void()> task);

    void wait();

  private:
    void work();

    ThreadPool& pool_;
    std::mutex mutex_;
    std::condition_variable idle_;
    std::deque<std::function<void()>> tasks_;
    bool running_ = false;
};

} // namespace envpm::fetch
