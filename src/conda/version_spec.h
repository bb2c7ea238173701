#pragma once

#include "conda/string_match.h"
#include "conda/version.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::conda {

/// How strictly specs are read. `strict` is what CEP 29 allows, for what is written for envpm.
/// `lenient` also takes what conda reads although it means less than it says, for repodata and
/// environment.yml files that exist: `>=1.2.*` (only `>=1.2`), `foo=`, `foo (optional)`.
enum class Form { strict, lenient };

/// A set of versions (CEP 29, "version matching"), `,` being stronger than `|`:
///
///     1.2  ==1.2       that version            1.2.*  1.2*  =1.2    that begin so
///     !=1.2  !=1.2.*   all others              ~=1.2.3              >=1.2.3,1.2.*
///     <1.2  <=  >  >=  in their order          *                    any
///     1.*.3  ^1\.2$    by their text           (1|2.*),!=2.1        these together
class VersionSpec {
  public:
    /// Throws an Error (code 1) that quotes the spec, says what is wrong with it and where, and
    /// what to write instead if that can be guessed.
    static VersionSpec parse(std::string_view text, Form form = Form::strict);

    [[nodiscard]] bool matches(const Version& version) const;

    [[nodiscard]] bool is_any() const; ///< the spec is `*`

    /// What stands behind `==` if that is all of the spec, and nothing else than this version (or
    /// one that equals it) matches.
    [[nodiscard]] const std::string* exact() const;

    /// The `1.2` of a spec that is only `1.2.*`.
    [[nodiscard]] const std::string* beginning() const;

    /// Read again, it is the same spec: `>=1.2,<3|==4|5.*`, no blanks, no parentheses that make no
    /// difference, clauses in the order that they were written in.
    [[nodiscard]] std::string text() const;

    bool operator==(const VersionSpec&) const = default;

    enum class Relation : std::uint8_t {
        any,
        exact,
        other,
        less,
        less_or_equal,
        more,
        more_or_equal,
        beginning,
        other_beginning,
        compatible,
        text
    };

    /// One clause: versions within a range of keys, or all but these; or their text.
    struct Clause {
        Relation relation = Relation::any;
        std::string operand = {}; ///< as it was written, without the `.*` of a beginning
        VersionRange range = {};
        std::optional<StringMatch> pattern = std::nullopt; ///< of `text` alone

        bool operator==(const Clause&) const = default;
    };

    /// A tree, laid out so that a node stands before all that is below it.
    struct Node {
        enum class Kind : std::uint8_t { clause, all_of, one_of };

        Kind kind = Kind::clause;
        std::uint32_t size = 1; ///< of the node and all below it
        Clause clause = {};

        bool operator==(const Node&) const = default;
    };

  private:
    std::vector<Node> nodes_;
};

} // namespace envpm::conda
