#include "fetch/strand.h"

#include <utility>

namespace envpm::fetch {

namespace {

constexpr int most_in_a_row = 16; // then the other files' strands have their turn

} // namespace

void Strand::post(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
        if (running_) {
            return;
        }
        running_ = true;
    }
    pool_.post([this] { work(); });
}

void Strand::wait() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return !running_; });
}

void Strand::work() {
    for (int ran = 0; ran < most_in_a_row; ++ran) {
        std::function<void()> task;
        {
            const std::lock_guard lock(mutex_);
            if (tasks_.empty()) {
                running_ = false;
                // Under the lock: afterwards the strand may be gone.
                idle_.notify_all();
                return;
            }
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        task();
    }
    pool_.post([this] { work(); });
}

} // namespace envpm::fetch
