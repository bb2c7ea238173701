#pragma once

#include "conda/string_match.h"
#include "conda/version.h"
#include "conda/version_spec.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::conda {

/// What a match spec can ask of a record. Nothing is copied: the owner of a record hands out views.
/// A field that is not known is empty, and then matched only by specs that do not ask for it.
struct RecordFields {
    std::string_view name = {};
    const Version* version = nullptr;
    std::string_view build = {};
    std::uint64_t build_number = 0;
    std::string_view channel = {};     ///< as it is called: `conda-forge`
    std::string_view channel_url = {}; ///< without subdir and final `/`; a spec may say either
    std::string_view subdir = {};
    std::string_view file_name = {};
    std::string_view url = {};
    std::string_view md5 = {}; ///< in hexadecimal digits, as sha256
    std::string_view sha256 = {};
    std::string_view license = {};
    std::string_view license_family = {};
    std::string_view track_features = {}; ///< with blanks or commas between, as features
    std::string_view features = {};
};

/// What is asked of the number of a build: `3`, `>=3`, `!=0`.
struct BuildNumberMatch {
    enum class Relation : std::uint8_t { equal, other, less, less_or_equal, more, more_or_equal };

    Relation relation = Relation::equal;
    std::uint64_t number = 0;

    /// Throws an Error (code 1) whose `what` is the fault alone.
    static BuildNumberMatch parse(std::string_view text);

    [[nodiscard]] bool matches(std::uint64_t build_number) const;
    [[nodiscard]] std::string text() const;

    bool operator==(const BuildNumberMatch&) const = default;
};

/// A field that is rarely asked for, and what is asked of it.
struct FieldMatch {
    enum class Field : std::uint8_t {
        channel,
        subdir,
        file_name,
        url,
        md5,
        sha256,
        license,
        license_family,
        track_features,
        features
    };

    Field field = Field::channel;
    StringMatch match;

    bool operator==(const FieldMatch&) const = default;
};

/// conda's requirement (CEP 29), in every form that environment.yml, `depends` of repodata and
/// command lines have:
///
///     numpy                    numpy 1.26.*            numpy >=1.26, <3 py312*
///     numpy=1.26   (begins so) numpy==1.26  (exactly)  numpy=1.26=py312_0
///     conda-forge::numpy       conda-forge/linux-64::numpy
///     numpy[version='>=1.26', build_number='>=3', md5=0123…]   numpy  # a comment
///     https://example.org/channel/linux-64/numpy-1.26.0-py312_0.conda#sha256
struct MatchSpec {
    StringMatch name;
    std::optional<VersionSpec> version; ///< never `*`
    std::optional<StringMatch> build;   ///< never `*`
    std::optional<BuildNumberMatch> build_number;
    std::vector<FieldMatch> fields; ///< sorted by field, one for each

    /// Throws an Error (code 1) that quotes the text and says what is wrong with it.
    static MatchSpec parse(std::string_view text, Form form = Form::strict);

    /// The one name that is asked for, in lower case: what a caller looks records up by. Null for
    /// `*`, a glob or a regular expression.
    [[nodiscard]] const std::string* exact_name() const { return name.exact(); }

    [[nodiscard]] bool matches(const RecordFields& record) const;

    [[nodiscard]] const StringMatch* field(FieldMatch::Field field) const; ///< nothing: not asked

    /// CEP 29's canonical form, which is the same spec when it is read again:
    /// `channel/subdir::name==1.0=build[key='value']`, with `=1.0` for `1.0.*`.
    [[nodiscard]] std::string text() const;

    bool operator==(const MatchSpec&) const = default;
};

} // namespace envpm::conda
