#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// A version in PEP 440's order, with its normal form. Numbers of any length are kept exactly up to
/// 18 digits; longer ones are no version.
class Version {
  public:
    /// Nothing for what PEP 440 does not allow (its appendix B pattern, white space trimmed).
    static std::optional<Version> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const { return text_; } ///< normalised

    [[nodiscard]] bool is_prerelease() const; ///< also development releases
    [[nodiscard]] bool is_postrelease() const;

    [[nodiscard]] const std::string& local() const { return local_text_; } ///< "cu128", or empty

    [[nodiscard]] std::string public_text() const; ///< without the local part

    std::strong_ordering operator<=>(const Version& other) const;
    bool operator==(const Version& other) const;

  private:
    friend class Specifier;
    Version() = default;

    std::string text_;
    std::string local_text_;
    // The implementation adds its ordered key here.
    std::uint64_t epoch_ = 0;
    std::vector<std::uint64_t> release_;
};

} // namespace envpm::pypi
