#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace envpm {

/// A package's name in the one spelling that compares equal. Of a Python distribution that is PEP
/// 503's: lower case, runs of `-`, `_` and `.` become one `-`; extras follow the same rule (PEP
/// 685). A conda package's name stays as it is.
class PackageName {
  public:
    /// Nothing if it is no name: letters, digits, `.`, `-`, `_`, beginning and ending with a letter
    /// or digit (PEP 508).
    static std::optional<PackageName> parse(std::string_view text);

    /// A conda package's name, which has no other spelling: lower-case letters, digits, `.`, `-`
    /// and `_`, beginning with a letter, a digit or `_` (CEP 26). Nothing if it is none.
    static std::optional<PackageName> parse_conda(std::string_view text);

    /// What is typed: a distribution's name in any spelling, else a conda package's
    /// (`_openmp_mutex`).
    static std::optional<PackageName> parse_either(std::string_view text);

    [[nodiscard]] const std::string& string() const { return text_; }

    auto operator<=>(const PackageName&) const = default;

  private:
    explicit PackageName(std::string text)
        : text_(std::move(text)) {}

    std::string text_;
};

} // namespace envpm
