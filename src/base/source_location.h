#pragma once

#include <string>

namespace envpm {

/// A place in a file that a user wrote; line and column count from 1, 0 means the whole file.
struct SourceLocation {
    std::string file;
    int line = 0;
    int column = 0;

    /// `file:line:column`, or less where less is known.
    [[nodiscard]] std::string text() const {
        std::string out = file;
        if (line > 0) {
            out += ":" + std::to_string(line);
        }
        if (line > 0 && column > 0) {
            out += ":" + std::to_string(column);
        }
        return out;
    }

    bool operator==(const SourceLocation&) const = default;
};

} // namespace envpm
