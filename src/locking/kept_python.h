#pragma once

#include "locking/solution.h"

namespace envpm::locking {

/// Puts the host's Python that `previous` was solved for in the place of the one of the same ABI
/// that `solution` was solved for now, unless something tells the two apart: what the manifest says
/// of Python, a marker, or what a chosen wheel says of its Python. So machines whose Pythons differ
/// in their last number do not change a lock to and fro.
void keep_python(TargetSolution& solution, const Lock& previous, const Resolution& resolution,
                 const universe::PackageUniverse& universe, const universe::Requests& requests);

} // namespace envpm::locking
