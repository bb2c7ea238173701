#pragma once

#include "host/probe.h"
#include "host/search.h"

#include <filesystem>
#include <map>
#include <string>

namespace envpm::host {

/// What programs answered, so that nobody is asked twice: a small JSON file whose first member is
/// its `format`. An answer is good as long as the program's stamp is the same.
class InterpreterCache {
  public:
    /// A file that is absent, damaged or of another format is an empty cache; one that cannot be
    /// read is an Error.
    explicit InterpreterCache(const std::filesystem::path& file);

    [[nodiscard]] const Answer* find(const Program& program) const;

    void put(const Program& program, Answer answer);

    /// Writes the file if something was put. A cache that cannot be written costs time, not
    /// correctness, so that is no failure.
    void save() const;

  private:
    struct Entry {
        std::string stamp;
        Answer answer;
    };

    void read(const std::string& text);

    std::filesystem::path file_;
    std::map<std::string, Entry> entries_; ///< by path
    bool is_changed_ = false;
};

} // namespace envpm::host
