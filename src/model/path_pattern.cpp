#include "model/path_pattern.h"

#include "base/error.h"
#include "base/relative_path.h"

#include <vector>

namespace envpm {

namespace {

constexpr std::size_t longest_pattern = 1000;

/// By how much of the pattern's beginning the path's beginning so far can be met.
using Reached = std::vector<bool>;

void pass_stars(std::string_view pattern, Reached& reached);
Reached step(std::string_view pattern, const Reached& before, char c);

} // namespace

std::optional<PathPattern> PathPattern::parse(std::string_view text) {
    if (text.size() > longest_pattern) {
        return std::nullopt;
    }
    try {
        return PathPattern(RelativePath::parse(text).string());
    } catch (const Error&) {
        return std::nullopt;
    }
}

bool PathPattern::matches(std::string_view path) const {
    if (is_exact()) {
        return path == text_;
    }
    Reached reached(text_.size() + 1);
    reached[0] = true;
    pass_stars(text_, reached);
    for (const char c : path) {
        reached = step(text_, reached, c);
        pass_stars(text_, reached);
    }
    return reached.back();
}

namespace {

/// A star may stand for nothing.
void pass_stars(std::string_view pattern, Reached& reached) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (reached[i] && pattern[i] == '*') {
            reached[i + 1] = true;
        }
    }
}

/// A star that takes `c` in stays where it is. Only one of two stars in a row takes in a `/`.
Reached step(std::string_view pattern, const Reached& before, char c) {
    Reached after(before.size());
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool is_double = pattern[i] == '*' && pattern.substr(i + 1, 1) == "*";
        if (before[i] && (is_double || (pattern[i] == '*' && c != '/'))) {
            after[i] = true;
        } else if (before[i] && pattern[i] != '*' && pattern[i] == c) {
            after[i + 1] = true;
        }
    }
    return after;
}

} // namespace

} // namespace envpm
