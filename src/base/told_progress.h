#pragma once

#include "base/progress.h"

#include <functional>
#include <mutex>
#include <string>
#include <vector>

// For tests only: a Progress that listens to lines.

namespace envpm::test {

/// Keeps each line that it is told, note or trace, and then does something with it.
class ToldProgress final : public Progress {
  public:
    void begin(std::string_view /*task*/, std::uint64_t /*total*/, ProgressUnit /*unit*/) override {
    }

    void advance(std::uint64_t /*amount*/) override {}

    void end() override {}

    void note(std::string_view line) override {
        {
            const std::lock_guard lock(mutex_);
            lines.emplace_back(line);
        }
        if (then) {
            then(line);
        }
    }

    void trace(std::string_view line) override { note(line); }

    std::vector<std::string> lines;                  ///< to be read when nobody tells any more
    std::function<void(std::string_view line)> then; ///< on the teller's thread

  private:
    std::mutex mutex_;
};

} // namespace envpm::test
