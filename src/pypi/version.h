#pragma once

#include "pypi/version_segments.h"

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace envpm::pypi {

/// A version in PEP 440's order, with its normal form. Numbers of any length are kept exactly up to
/// 18 digits; longer ones are no version.
class Version {
  public:
    /// Nothing for what PEP 440 does not allow (its appendix B pattern, white space trimmed), nor
    /// for a text of more than 512 characters.
    static std::optional<Version> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const { return text_; } ///< normalised

    [[nodiscard]] bool is_prerelease() const { return is_prerelease_; } ///< also development ones

    [[nodiscard]] const std::string& local() const { return local_text_; } ///< "cu128", or empty

    [[nodiscard]] std::string public_text() const; ///< without the local part

    std::strong_ordering operator<=>(const Version& other) const { return key_ <=> other.key_; }

    bool operator==(const Version& other) const { return key_ == other.key_; }

  private:
    friend class SpecifierSet;
    Version() = default;

    std::string text_;
    std::string local_text_;
    VersionKey key_;
    bool is_prerelease_ = false;
};

} // namespace envpm::pypi
