#pragma once

#include "conda/regex.h"

#include <optional>
#include <string>
#include <string_view>

namespace envpm::conda {

/// What a match spec asks of a text (CEP 29, "string matching"), case-insensitive: a regular
/// expression if it begins with `^` and ends with `$`, a glob if it has a `*`, which stands for
/// anything, and else that very text.
class StringMatch {
  public:
    /// Throws an Error (code 1) for a regular expression that cannot be used.
    static StringMatch parse(std::string_view text);

    [[nodiscard]] bool matches(std::string_view text) const;

    /// The only text that matches, in lower case; nothing if there may be several.
    [[nodiscard]] const std::string* exact() const;

    [[nodiscard]] bool is_any() const { return text_ == "*"; }

    [[nodiscard]] const std::string& text() const { return text_; } ///< in lower case, or a regex

    bool operator==(const StringMatch& other) const { return text_ == other.text_; }

  private:
    std::string text_;
    bool is_glob_ = false;
    std::optional<Regex> regex_;
};

} // namespace envpm::conda
