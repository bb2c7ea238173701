#pragma once

#include "pypi/candidates.h"
#include "universe/conda_records.h"
#include "universe/requests.h"

#include <cstddef>
#include <vector>

namespace envpm::universe {

/// A `python` package of a channel, and which of the choices it is.
struct CondaPython {
    const CondaCandidate* package = nullptr;
    std::size_t choice = 0;
};

/// The Pythons that the channels have, as far as the manifest allows them; if it allows none, all
/// of them, so that the solve can say what there is: the host's stand in only where no channel has
/// one.
struct CondaPythons {
    std::vector<pypi::PythonChoice> choices; ///< ascending, each version and ABI once
    std::vector<CondaPython> packages;       ///< ascending by preference
};

/// Reads what wheels need to know of a Python from its record: version and build say the ABI
/// (`_cp313t` is the free-threaded one). Other implementations than CPython are left out.
CondaPythons conda_pythons(const CondaListing& python, const std::vector<CondaRequest>& requests);

} // namespace envpm::universe
