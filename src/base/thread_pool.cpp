#include "base/thread_pool.h"

#include "base/error.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <utility>

namespace envpm {

ThreadPool::ThreadPool(std::size_t threads) {
    const std::size_t count =
        threads != 0 ? threads : std::max<std::size_t>(1, std::thread::hardware_concurrency());
    workers_.reserve(count);
    try {
        for (std::size_t i = 0; i < count; ++i) {
            workers_.emplace_back([this] { work(); });
        }
    } catch (const std::system_error& failure) {
        // Those that have started wait for tasks and must be told to end before they are joined.
        close();
        throw_system_error("cannot start a thread", {}, failure.code().value());
    }
}

ThreadPool::~ThreadPool() {
    close();
}

void ThreadPool::close() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    changed_.notify_all();
    workers_.clear();
}

void ThreadPool::post(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
}

void ThreadPool::work() {
    while (true) {
        std::function<void()> task;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return closing_ || !tasks_.empty(); });
            if (tasks_.empty()) {
                return;
            }
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        task();
    }
}

TaskGroup::~TaskGroup() {
    finish_all();
}

void TaskGroup::run(std::function<void()> task, std::uint64_t weight) {
    {
        const std::lock_guard lock(mutex_);
        ++open_;
        waiting_.push_back({weight, next_number_++, std::move(task)});
        std::push_heap(waiting_.begin(), waiting_.end());
    }
    pool_.post([this] { run_heaviest(); });
}

void TaskGroup::run_heaviest() {
    std::function<void()> task;
    {
        const std::lock_guard lock(mutex_);
        std::pop_heap(waiting_.begin(), waiting_.end());
        if (!failure_) {
            task = std::move(waiting_.back().task);
        }
        waiting_.pop_back();
    }
    std::exception_ptr failure;
    try {
        if (task) {
            task();
        }
    } catch (...) {
        failure = std::current_exception();
    }
    task = nullptr; // what it holds may refer to things that end with the group
    const std::lock_guard lock(mutex_);
    if (failure && !failure_) {
        failure_ = failure;
    }
    if (--open_ == 0) {
        ended_.notify_all();
    }
}

void TaskGroup::wait() {
    finish_all();
    if (const std::exception_ptr failure = std::exchange(failure_, nullptr)) {
        std::rethrow_exception(failure);
    }
}

void TaskGroup::finish_all() {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return open_ == 0; });
}

void parallel_for(ThreadPool& pool, std::size_t count,
                  const std::function<void(std::size_t)>& body) {
    std::atomic<std::size_t> next = 0;
    TaskGroup group(pool);
    for (std::size_t worker = 0; worker < std::min(pool.size(), count); ++worker) {
        group.run([&] {
            try {
                for (std::size_t i = next++; i < count; i = next++) {
                    body(i);
                }
            } catch (...) {
                next = count;
                throw;
            }
        });
    }
    group.wait();
}

} // namespace envpm
