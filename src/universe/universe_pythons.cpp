#include "universe/universe_pythons.h"

#include <numeric>

namespace envpm::universe {

UniversePythons::UniversePythons(const Target& target, std::vector<pypi::PythonChoice> choices)
    : choices_(std::move(choices)),
      all_(choices_.size()) {
    for (const pypi::PythonChoice& python : choices_) {
        environments_.push_back(pypi::marker_environment(target, python.abi, python.version));
    }
    std::iota(all_.begin(), all_.end(), std::size_t{0});
}

PythonSet UniversePythons::where(const pypi::Marker& marker, const std::vector<PackageName>& extras,
                                 const PythonSet& among) const {
    if (marker.is_always()) {
        return among;
    }
    PythonSet out;
    for (const std::size_t python : among) {
        if (marker.evaluate(environments_[python], extras)) {
            out.push_back(python);
        }
    }
    return out;
}

PythonSet UniversePythons::in(const pypi::SpecifierSet& specifiers) const {
    PythonSet out;
    for (std::size_t i = 0; i < choices_.size(); ++i) {
        const auto version = pypi::Version::parse(choices_[i].version);
        if (version && specifiers.contains(*version)) {
            out.push_back(i);
        }
    }
    return out;
}

} // namespace envpm::universe
