#pragma once

#include "base/progress.h"

#include <cstdint>
#include <string_view>

namespace envpm {

/// One task of a Progress, ended whatever happens.
class ProgressTask {
  public:
    ProgressTask(Progress& progress, std::string_view name, std::uint64_t total, ProgressUnit unit)
        : progress_(progress) {
        progress_.begin(name, total, unit);
    }

    ProgressTask(const ProgressTask&) = delete;
    ProgressTask& operator=(const ProgressTask&) = delete;
    ProgressTask(ProgressTask&&) = delete;
    ProgressTask& operator=(ProgressTask&&) = delete;

    ~ProgressTask() { progress_.end(); }

    void advance(std::uint64_t amount) { progress_.advance(amount); }

  private:
    Progress& progress_;
};

} // namespace envpm
