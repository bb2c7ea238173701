#include "universe/conda_pythons.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <utility>

namespace envpm::universe {

namespace {

std::optional<pypi::PythonChoice> choice_of(const conda::Record& record);
std::optional<std::pair<int, int>> series_of(const std::string& version);
bool is_asked(const CondaCandidate& candidate, const std::vector<CondaRequest>& requests);
CondaPythons pythons_where(const CondaListing& python,
                           const std::function<bool(const CondaCandidate&)>& is_wanted);

} // namespace

CondaPythons conda_pythons(const CondaListing& python, const std::vector<CondaRequest>& requests) {
    CondaPythons asked = pythons_where(
        python, [&](const CondaCandidate& candidate) { return is_asked(candidate, requests); });
    return asked.packages.empty()
               ? pythons_where(python, [](const CondaCandidate&) { return true; })
               : asked;
}

namespace {

CondaPythons pythons_where(const CondaListing& python,
                           const std::function<bool(const CondaCandidate&)>& is_wanted) {
    CondaPythons out;
    for (const CondaCandidate& candidate : python.candidates) {
        auto choice = choice_of(*candidate.record);
        if (!choice || !is_wanted(candidate)) {
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

std::optional<pypi::PythonChoice> choice_of(const conda::Record& record) {
    const std::string& build = record.build;
    const auto version = pypi::Version::parse(record.version_text);
    const bool is_cpython =
        build.find("pypy") == std::string::npos && build.find("graalpy") == std::string::npos;
    if (!version || !is_cpython) {
        return std::nullopt;
    }
    const auto series = series_of(record.version_text);
    if (!series) {
        return std::nullopt;
    }
    const auto [major, minor] = *series;
    const std::string abi = fmt::format("cp{}{}", major, minor);
    const bool is_free_threaded = build.ends_with("_" + abi + "t");
    return pypi::PythonChoice{{"cpython", major, minor, abi + (is_free_threaded ? "t" : "")},
                              version->text()};
}

/// Major and minor number of "3.12.4".
std::optional<std::pair<int, int>> series_of(const std::string& version) {
    const char* const end = version.data() + version.size();
    int major = 0;
    const auto first = std::from_chars(version.data(), end, major);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') {
        return std::nullopt;
    }
    int minor = 0;
    const auto second = std::from_chars(first.ptr + 1, end, minor);
    return second.ec == std::errc() ? std::optional(std::pair(major, minor)) : std::nullopt;
}

bool is_asked(const CondaCandidate& candidate, const std::vector<CondaRequest>& requests) {
    return std::all_of(requests.begin(), requests.end(), [&](const CondaRequest& request) {
        return request.name.string() != "python" || candidate.matches(request.spec);
    });
}

} // namespace

} // namespace envpm::universe
