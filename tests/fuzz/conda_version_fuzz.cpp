#include "base/assert.h"
#include "conda/version.h"
#include "conda/version_spec.h"
#include "fuzz.h"

namespace envpm::fuzz {

using conda::Form;
using conda::Version;
using conda::VersionSpec;

/// The order is one: what two versions are to each other, they are in all that is asked of them.
void compare(const Version& left, const Version& right) {
    ENVPM_ASSERT((left < right) == (right > left));
    ENVPM_ASSERT((left == right) == (right == left));
    ENVPM_ASSERT(static_cast<int>(left < right) + static_cast<int>(left == right) +
                     static_cast<int>(left > right) ==
                 1);
    ENVPM_ASSERT(left.starts_with(left));
    ENVPM_ASSERT(!(left == right) || left.starts_with(right));
    const std::string& bound = right.text();
    ENVPM_ASSERT(VersionSpec::parse(">=" + bound).matches(left) == (left >= right));
    ENVPM_ASSERT(VersionSpec::parse("<" + bound).matches(left) == (left < right));
    ENVPM_ASSERT(VersionSpec::parse("!=" + bound).matches(left) == (left != right));
    ENVPM_ASSERT(VersionSpec::parse(bound + ".*").matches(left) == left.starts_with(right));
    const auto compatible = if_accepted([&] { return VersionSpec::parse("~=" + bound); });
    ENVPM_ASSERT(!compatible || !compatible->matches(left) || left >= right);
}

/// Two versions, or a version spec and a version: a line each. A spec is what its own text says.
void read(std::string_view input) {
    const auto [first, second] = first_line(input);
    const std::optional<Version> left = Version::parse(first);
    const std::optional<Version> right = Version::parse(second);
    if (left && right) {
        ENVPM_ASSERT(*Version::parse(left->text()) == *left);
        compare(*left, *right);
        compare(*right, *left);
    }
    for (const Form form : {Form::strict, Form::lenient}) {
        const auto spec =
            if_accepted([text = first, form] { return VersionSpec::parse(text, form); });
        if (!spec) {
            continue;
        }
        ENVPM_ASSERT(VersionSpec::parse(spec->text()) == *spec);
        ENVPM_ASSERT(!right || !spec->is_any() || spec->matches(*right));
        ENVPM_ASSERT(!right || spec->exact() == nullptr ||
                     spec->matches(*right) == (*Version::parse(*spec->exact()) == *right));
    }
}

} // namespace envpm::fuzz
