#pragma once

#include "pypi/version.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// How strictly a text is read. Old metadata holds `>=3.6.*`, which PEP 440 forbids in a new one
/// and which can only mean `>=3.6`; a user is told instead.
enum class Reading { strict, old_metadata };

/// A set of version specifiers (PEP 440): `>=1.2, !=1.3.*, ~=2.0, ===raw`. Empty: any version.
class SpecifierSet {
  public:
    /// Throws an Error (code 1) whose `what` quotes the faulty clause and whose hint shows the
    /// right form where it can be guessed ("write `==1.2` for exactly that version"). "" and "*"
    /// are any. Commas between clauses may be missing: `>=1 <2`.
    static SpecifierSet parse(std::string_view text, Reading reading = Reading::strict);

    /// The Pythons that a page or METADATA asks for. What cannot be read excludes nothing, as in
    /// pip: such wheels are in use.
    static SpecifierSet of_requires_python(std::string_view text);

    /// A set of one clause, from an operator and what follows it; nothing if they are none.
    static std::optional<SpecifierSet> of_clause(std::string_view op, std::string_view operand,
                                                 Reading reading = Reading::strict);

    /// Pre-releases are judged elsewhere (`names_prerelease`): this compares only.
    [[nodiscard]] bool contains(const Version& version) const;

    /// A clause names a pre-release, which is PEP 440's way to ask for them.
    [[nodiscard]] bool names_prerelease() const;

    /// Exactly one version: `==1.2` or `===1.2`, without a wildcard; PEP 592 lets only such a pin
    /// choose a yanked file.
    [[nodiscard]] bool is_pin() const;

    [[nodiscard]] bool is_any() const { return clauses_.empty(); }

    [[nodiscard]] std::string text() const; ///< normalised: clauses sorted, ", " between

    bool operator==(const SpecifierSet&) const = default;

  private:
    /// Every clause is one range of keys or all but one, worked out when it is read. `===` alone
    /// compares texts.
    struct Clause {
        std::string op;
        std::string operand; ///< as normalised text; with `.*` for wildcards
        VersionKey low;      ///< the first key within
        VersionKey high;     ///< the first key above
        bool names_prerelease = false;

        bool operator==(const Clause&) const = default;
    };

    static std::optional<Clause> read_clause(std::string_view op, std::string_view operand,
                                             Reading reading);
    static bool holds(const Clause& clause, const Version& version);

    std::vector<Clause> clauses_; ///< sorted by their text, unique
};

} // namespace envpm::pypi
