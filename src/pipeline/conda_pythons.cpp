#include "pipeline/conda_pythons.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace envpm::pipeline {

namespace {

std::optional<pypi::PythonChoice> choice_of(const conda::Record& record);
bool is_asked(const CondaCandidate& candidate, const std::vector<CondaRequest>& requests);

} // namespace

CondaPythons conda_pythons(const CondaListing& python, const std::vector<CondaRequest>& requests) {
    CondaPythons out;
    for (const CondaCandidate& candidate : python.candidates) {
        auto choice = choice_of(*candidate.record);
        if (!choice || !is_asked(candidate, requests)) {
            continue;
        }
        const auto known =
            std::find_if(out.choices.begin(), out.choices.end(), [&](const auto& other) {
                return other.abi == choice->abi && other.version == choice->version;
            });
        out.packages.push_back({&candidate, static_cast<std::size_t>(known - out.choices.begin())});
        if (known == out.choices.end()) {
            out.choices.push_back(std::move(*choice));
        }
    }
    return out;
}

namespace {

std::optional<pypi::PythonChoice> choice_of(const conda::Record& record) {
    const std::string& build = record.build;
    const auto version = pypi::Version::parse(record.version_text);
    const bool is_cpython =
        build.find("pypy") == std::string::npos && build.find("graalpy") == std::string::npos;
    if (!version || !is_cpython) {
        return std::nullopt;
    }
    int major = 0;
    int minor = 0;
    if (std::sscanf(record.version_text.c_str(), "%d.%d", &major, &minor) != 2) {
        return std::nullopt;
    }
    const std::string abi = fmt::format("cp{}{}", major, minor);
    const bool is_free_threaded = build.ends_with("_" + abi + "t");
    return pypi::PythonChoice{{"cpython", major, minor, abi + (is_free_threaded ? "t" : "")},
                              version->text()};
}

bool is_asked(const CondaCandidate& candidate, const std::vector<CondaRequest>& requests) {
    return std::all_of(requests.begin(), requests.end(), [&](const CondaRequest& request) {
        return request.name.string() != "python" || candidate.matches(request.spec);
    });
}

} // namespace

} // namespace envpm::pipeline
