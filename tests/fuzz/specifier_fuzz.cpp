#include "base/assert.h"
#include "fuzz.h"
#include "pypi/specifier.h"

namespace envpm::fuzz {

using pypi::Reading;
using pypi::SpecifierSet;
using pypi::Version;

namespace {

void check_version(const Version& version);

} // namespace

/// A version in the first line, specifiers in the others: both are what their own text says.
void read(std::string_view input) {
    const auto [version_text, specifiers] = first_line(input);
    const std::optional<Version> version = Version::parse(version_text);
    if (version) {
        check_version(*version);
    }
    for (const Reading reading : {Reading::strict, Reading::old_metadata}) {
        const auto set = if_accepted(
            [reading, text = specifiers] { return SpecifierSet::parse(text, reading); });
        if (!set) {
            continue;
        }
        const SpecifierSet again = SpecifierSet::parse(set->text());
        ENVPM_ASSERT(again == *set);
        ENVPM_ASSERT(again.text() == set->text());
        ENVPM_ASSERT(again.is_pin() == set->is_pin());
        ENVPM_ASSERT(again.names_prerelease() == set->names_prerelease());
        ENVPM_ASSERT(!version || again.contains(*version) == set->contains(*version));
    }
}

namespace {

void check_version(const Version& version) {
    const std::optional<Version> again = Version::parse(version.text());
    ENVPM_ASSERT(again && *again == version && again->text() == version.text());
    ENVPM_ASSERT(again->is_prerelease() == version.is_prerelease());
    const std::optional<Version> without_local = Version::parse(version.public_text());
    ENVPM_ASSERT(without_local && without_local->local().empty() && *without_local <= version);
    ENVPM_ASSERT(SpecifierSet::parse("==" + version.text()).contains(version));
    ENVPM_ASSERT(SpecifierSet::parse("==" + version.public_text()).contains(version));
}

} // namespace

} // namespace envpm::fuzz
