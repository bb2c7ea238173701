#pragma once

#include "conda/version_spec.h"

#include <string>
#include <string_view>

namespace envpm::conda {

/// A clause of a version spec, without white space at its ends. Throws an Error whose `what` is the
/// fault alone ("`x` is no version") and whose hint may say what to write instead.
VersionSpec::Clause parse_clause(std::string_view text, Form form);

[[nodiscard]] bool holds(const VersionSpec::Clause& clause, const Version& version);

/// `==1.2`, `1.2.*`, `>=1.2`: the one way to write it.
std::string text_of(const VersionSpec::Clause& clause);

} // namespace envpm::conda
