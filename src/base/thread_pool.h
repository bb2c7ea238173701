#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace envpm {

/// A fixed number of worker threads over one first-in-first-out queue. Any thread may post; a task
/// must not throw (TaskGroup is for those that do). The destructor runs what is queued, then joins.
class ThreadPool {
  public:
    /// 0 threads means as many as the processor has. Throws an Error if the system has none left.
    explicit ThreadPool(std::size_t threads = 0);
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    ThreadPool(ThreadPool&&) = delete;
    ThreadPool& operator=(ThreadPool&&) = delete;
    ~ThreadPool();

    [[nodiscard]] std::size_t size() const { return workers_.size(); }

    void post(std::function<void()> task);

  private:
    void work();
    void close();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> tasks_;
    bool closing_ = false;
    std::vector<std::jthread> workers_;
};

/// Has the pool run `task`; the future has what it returns or throws.
template <class Task> auto post_for_answer(ThreadPool& pool, Task task) {
    const auto shared = std::make_shared<std::packaged_task<decltype(task())()>>(std::move(task));
    pool.post([shared] { (*shared)(); });
    return shared->get_future();
}

/// A value that threads share: it can be reached only under its lock.
template <class T> class Guarded {
  public:
    /// Calls `use` with the value, alone; gives back what it returns.
    template <class Use> auto with(Use use) {
        const std::lock_guard lock(mutex_);
        return use(value_);
    }

  private:
    std::mutex mutex_;
    T value_;
};

/// Tasks that may throw, waited for together. After the first failure the tasks that have not begun
/// are dropped. The destructor waits; only `wait` rethrows.
class TaskGroup {
  public:
    explicit TaskGroup(ThreadPool& pool)
        : pool_(pool) {}

    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    TaskGroup(TaskGroup&&) = delete;
    TaskGroup& operator=(TaskGroup&&) = delete;
    ~TaskGroup();

    /// Of the group's waiting tasks the heaviest begins first, of equals the earliest; among groups
    /// the pool is fair. Tasks may run further tasks.
    void run(std::function<void()> task, std::uint64_t weight = 0);

    /// Until every task has ended; rethrows the first failure, once.
    void wait();

  private:
    struct Waiting {
        std::uint64_t weight = 0;
        std::uint64_t number = 0;
        std::function<void()> task;

        bool operator<(const Waiting& other) const {
            return weight != other.weight ? weight < other.weight : number > other.number;
        }
    };

    void run_heaviest();
    void finish_all();

    ThreadPool& pool_;
    std::mutex mutex_;
    std::condition_variable ended_;
    std::vector<Waiting> waiting_; ///< a heap
    std::uint64_t next_number_ = 0;
    std::size_t open_ = 0;
    std::exception_ptr failure_;
};

/// Calls `body(i)` for 0 <= i < count on the pool, in no order, and waits; rethrows the first
/// failure, after which no further call begins. Not to be called from a task of the same pool.
void parallel_for(ThreadPool& pool, std::size_t count,
                  const std::function<void(std::size_t)>& body);

} // namespace envpm
