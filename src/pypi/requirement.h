#pragma once

#include "model/package_name.h"
#include "pypi/marker.h"
#include "pypi/specifier.h"

#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// A dependency specifier (PEP 508): `name[extra,…] >=1,<2 ; marker`, or `name @ URL`.
struct Requirement {
    PackageName name;
    std::vector<PackageName> extras; ///< sorted, unique
    SpecifierSet specifiers;
    Marker marker;
    std::string url; ///< of a direct reference, which envpm refuses later, by name

    /// Throws an Error (code 1) that quotes the text. Accepts what old metadata holds and PEP 508
    /// implementations still read: `name (>=1.0)`.
    static Requirement parse(std::string_view text, Reading reading = Reading::strict);

    /// Normalised: `name[extra,other] <2, >=1; marker`, or `name @ URL ; marker`.
    [[nodiscard]] std::string text() const;
};

} // namespace envpm::pypi
