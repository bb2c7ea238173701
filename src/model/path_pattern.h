#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace envpm {

/// Paths within a prefix: one path, or with stars several. `*` stands for any text within a
/// folder's or file's name, `**` for any text at all. `share/**` is everything below `share`.
class PathPattern {
  public:
    /// Nothing if it could match no path of a prefix (`RelativePath`) or is over 1,000 bytes long.
    static std::optional<PathPattern> parse(std::string_view text);

    /// Takes time as the product of both lengths, whatever the stars.
    [[nodiscard]] bool matches(std::string_view path) const;

    /// Whether it is one path, written out.
    [[nodiscard]] bool is_exact() const { return text_.find('*') == std::string::npos; }

    [[nodiscard]] const std::string& text() const { return text_; }

    auto operator<=>(const PathPattern&) const = default;

  private:
    explicit PathPattern(std::string text)
        : text_(std::move(text)) {}

    std::string text_;
};

} // namespace envpm
