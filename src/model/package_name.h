#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace envpm {

/// A distribution's name in the one spelling that compares equal (PEP 503: lower case, runs of `-`,
/// `_` and `.` become one `-`). Extras follow the same rule (PEP 685).
class PackageName {
  public:
    /// Nothing if it is no name: letters, digits, `.`, `-`, `_`, beginning and ending with a letter
    /// or digit (PEP 508).
    static std::optional<PackageName> parse(std::string_view text);

    [[nodiscard]] const std::string& string() const { return text_; }

    auto operator<=>(const PackageName&) const = default;

  private:
    explicit PackageName(std::string text)
        : text_(std::move(text)) {}

    std::string text_;
};

} // namespace envpm
