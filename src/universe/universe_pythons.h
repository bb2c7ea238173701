#pragma once

#include "model/target.h"
#include "pypi/candidates.h"
#include "pypi/marker.h"
#include "pypi/specifier.h"

#include <cstddef>
#include <vector>

namespace envpm::universe {

/// Indexes into the choices, ascending.
using PythonSet = std::vector<std::size_t>;

/// The Pythons that one target may get, and for which of them something holds.
class UniversePythons {
  public:
    UniversePythons(const Target& target, std::vector<pypi::PythonChoice> choices);

    /// In ascending order of preference.
    [[nodiscard]] const std::vector<pypi::PythonChoice>& choices() const { return choices_; }

    [[nodiscard]] const PythonSet& all() const { return all_; }

    /// Those of `among` for which the marker is true.
    [[nodiscard]] PythonSet where(const pypi::Marker& marker,
                                  const std::vector<PackageName>& extras,
                                  const PythonSet& among) const;

    [[nodiscard]] PythonSet in(const pypi::SpecifierSet& specifiers) const;

  private:
    std::vector<pypi::PythonChoice> choices_;
    std::vector<pypi::MarkerEnvironment> environments_; ///< one for each
    PythonSet all_;
};

} // namespace envpm::universe
