#pragma once

#include "host/probe.h"
#include "host/search.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace envpm::host {

/// What programs answered, so that nobody is asked twice: a small JSON file whose first member is
/// its `format`. An answer is good as long as the program's stamp is the same; that there was none,
/// for an hour at most.
class InterpreterCache {
  public:
    using Time = std::chrono::system_clock::time_point;

    /// A file that is absent, damaged or of another format is an empty cache; one that cannot be
    /// read is an Error.
    explicit InterpreterCache(const std::filesystem::path& file);

    [[nodiscard]] const Answer* find(const Program& program) const;

    /// Why it did not answer, if that is no longer than an hour ago.
    [[nodiscard]] const std::string* find_failure(const Program& program, Time now) const;

    void put(const Program& program, Answer answer);
    void put_failure(const Program& program, const std::string& failure, Time now);

    /// Writes the file if something was put. A cache that cannot be written costs time, not
    /// correctness, so that is no failure.
    void save() const;

  private:
    struct Entry {
        std::string stamp;
        Answer answer = {};
        std::string failure = {};       ///< instead of an answer, if it is not empty
        std::int64_t asked_seconds = 0; ///< when it failed, since 1970
    };

    void keep(const Program& program, Entry entry);
    void read(const std::string& text);
    [[nodiscard]] const Entry* entry_of(const Program& program) const;

    std::filesystem::path file_;
    std::map<std::string, Entry> entries_; ///< by path
    bool is_changed_ = false;
};

} // namespace envpm::host
