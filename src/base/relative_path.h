#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace envpm {

/// A path that cannot escape the folder that it is below: never absolute or empty, no empty, `.` or
/// `..` component, no NUL, control character or backslash, valid UTF-8, no component over 255 and
/// no path over 4,000 bytes. Separator `/`. What an archive or a lock names becomes one of these at
/// the border, so that no later code has to check.
class RelativePath {
  public:
    /// Throws an Error (exit code 6) that quotes the name, with what is wrong with it.
    static RelativePath parse(std::string_view text);

    [[nodiscard]] const std::string& string() const { return text_; }

    [[nodiscard]] std::string_view filename() const;

    /// Empty at the top.
    [[nodiscard]] std::string_view parent() const;

    auto operator<=>(const RelativePath&) const = default;

  private:
    explicit RelativePath(std::string text)
        : text_(std::move(text)) {}

    std::string text_;
};

} // namespace envpm
