#pragma once

#include "model/answer.h"
#include "universe/package_universe.h"

#include <stop_token>
#include <string>
#include <vector>

namespace envpm::advice {

/// One entry of the manifest with another value.
struct ManifestChange {
    enum class Table {
        wheels,      ///< `[pypi-dependencies]`, or the project's own list in pyproject.toml
        packages,    ///< `[dependencies]`
        constraints, ///< `[constraints]`
        gpu,         ///< `[gpu]`
        overrides,   ///< `[overrides]`
        drivers,     ///< `driver` of the target that is called `name`
    };

    Table table = Table::wheels;
    std::string name;  ///< "torch", "cuda"
    std::string value; ///< "~=2.3.0", "12.6"; empty: the entry goes
    std::string text;  ///< as it would stand there: `torch = "~=2.3.0"`, or "without `torch`"
    std::string place; ///< the line to change
};

/// Changes of the manifest that make it solvable; solved in full before they are offered.
struct NearestSolution {
    std::vector<ManifestChange> changes;
    std::string result; ///< "torch 2.3.1, CUDA 11.8, cuDNN 8.7.0.84"

    [[nodiscard]] std::string change() const; ///< `torch = "~=2.3.0", cudnn = "9.*"`
};

/// The nearest environments that exist: what is found by giving up one of the requests, pins and
/// constraints that conflict, or two of them where that brings a nearer one; the fewest changes
/// first, then the smallest. A pin of CUDA gives way to the version next to it, all else to the
/// newest that fits. At most a few. Throws as `solver::solve` does.
std::vector<NearestSolution> nearest_solutions(const Conflict& conflict,
                                               universe::PackageUniverse& universe,
                                               const std::stop_token& stop);

} // namespace envpm::advice
