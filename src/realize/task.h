#pragma once

#include "base/progress.h"

#include <cstddef>
#include <string_view>

namespace envpm::realize {

/// One task of a Progress, ended whatever happens.
class Task {
  public:
    Task(Progress& progress, std::string_view name, std::size_t total)
        : progress_(progress) {
        progress_.begin(name, total, ProgressUnit::items);
    }

    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    Task(Task&&) = delete;
    Task& operator=(Task&&) = delete;

    ~Task() { progress_.end(); }

    void advance(std::size_t amount) { progress_.advance(amount); }

  private:
    Progress& progress_;
};

} // namespace envpm::realize
