#include "pipeline/explain.h"

#include "base/near_miss.h"
#include "solver/solve.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace envpm::pipeline {

namespace {

constexpr std::size_t shown_versions = 4;

ExplainedReason explain_asked(const Reason& reason, const PackageUniverse& universe);
std::string explain_needs(const Reason& reason, const PackageUniverse& universe);
std::string explain_nothing(const Reason& reason, const PackageUniverse& universe,
                            const std::vector<std::string>& known_names);
std::string explain_unusable(const Reason& reason, const PackageUniverse& universe);
std::string explain_exclusions(const pypi::Exclusions& exclusions);
std::string versions_of(const std::vector<CandidateId>& candidates,
                        const PackageUniverse& universe);
std::optional<NearestSolution> without(const Request& request, RequirementId root,
                                       PackageUniverse& universe, std::stop_token stop);
std::string series_of(const std::string& version);

} // namespace

Explanation explain(const Conflict& conflict, PackageUniverse& universe, const Requests& requests,
                    const std::vector<std::string>& known_names, std::stop_token stop) {
    Explanation explanation;
    for (const Reason& reason : conflict.reasons) {
        switch (reason.kind) {
        case Reason::Kind::asked:
            explanation.reasons.push_back(explain_asked(reason, universe));
            break;
        case Reason::Kind::needs:
            explanation.reasons.push_back({explain_needs(reason, universe), {}});
            break;
        case Reason::Kind::nothing_matches:
            explanation.reasons.push_back({explain_nothing(reason, universe, known_names), {}});
            break;
        case Reason::Kind::unusable:
            explanation.reasons.push_back({explain_unusable(reason, universe), {}});
            break;
        }
    }
    for (const RequirementId root : conflict.roots) {
        const Request* request = universe.request_of(root);
        if (request == nullptr || request->specifiers.is_any() || request == &requests.python) {
            continue;
        }
        if (auto nearest = without(*request, root, universe, stop)) {
            explanation.nearest.push_back(std::move(*nearest));
        }
    }
    return explanation;
}

namespace {

ExplainedReason explain_asked(const Reason& reason, const PackageUniverse& universe) {
    const Request* request = universe.request_of(reason.requirement);
    const Requirement& requirement = universe.requirement(reason.requirement);
    const std::string_view verb =
        requirement.kind == RequirementKind::constrains ? "allow only" : "ask for";
    return {fmt::format("you {} {}", verb, requirement.text),
            request == nullptr ? "" : request->location.text()};
}

std::string explain_needs(const Reason& reason, const PackageUniverse& universe) {
    const std::string& who = universe.slot(universe.candidate(reason.candidates.front()).slot).name;
    return fmt::format("{} {} {} {}", who, versions_of(reason.candidates, universe),
                       reason.candidates.size() == 1 ? "needs" : "need",
                       universe.requirement(reason.requirement).text);
}

std::string explain_nothing(const Reason& reason, const PackageUniverse& universe,
                            const std::vector<std::string>& known_names) {
    const Requirement& requirement = universe.requirement(reason.requirement);
    const std::string& name = universe.slot(requirement.slot).name;
    const auto candidates = universe.candidates(requirement.slot);
    const pypi::Exclusions& exclusions = universe.exclusions(requirement.slot);
    const std::string excluded = explain_exclusions(exclusions);
    if (!candidates.empty()) {
        return fmt::format(
            "no {} matches {}; there are {}{}",
            universe.distribution(requirement.slot) == nullptr ? name + " of this host"
                                                               : name + " that fits",
            requirement.text, versions_of({candidates.begin(), candidates.end()}, universe),
            excluded.empty() ? "" : "; " + excluded);
    }
    if (!excluded.empty()) {
        return fmt::format("{} has no wheel that fits: {}", name, excluded);
    }
    const auto meant = near_miss(name, known_names);
    return fmt::format("no index has `{}`{}", name,
                       meant ? fmt::format("; did you mean `{}`?", *meant) : "");
}

std::string explain_unusable(const Reason& reason, const PackageUniverse& universe) {
    const CandidateId last = reason.candidates.back();
    return fmt::format("{} {} cannot be used: {}",
                       universe.slot(universe.candidate(last).slot).name,
                       versions_of(reason.candidates, universe), universe.problem(last));
}

std::string explain_exclusions(const pypi::Exclusions& exclusions) {
    std::vector<std::string> parts;
    const auto add = [&](const std::vector<std::string>& versions, std::string_view why) {
        if (!versions.empty()) {
            const std::size_t shown = std::min(versions.size(), shown_versions);
            parts.push_back(fmt::format(
                "{}{} {}",
                fmt::join(versions.begin(), versions.begin() + static_cast<long>(shown), ", "),
                versions.size() > shown ? " …" : "", why));
        }
    };
    add(exclusions.no_matching_tag, "have no wheel for this platform and Python");
    add(exclusions.other_python, "ask for another Python");
    add(exclusions.only_sdist, "have only a source archive, which envpm does not build");
    add(exclusions.too_new, "are newer than exclude-newer");
    return fmt::format("{}", fmt::join(parts, "; "));
}

/// "2.9.1", "2.8.0 and 2.9.1", "2.0.0 to 2.9.1".
std::string versions_of(const std::vector<CandidateId>& candidates,
                        const PackageUniverse& universe) {
    std::vector<std::string> versions;
    for (const CandidateId id : candidates) {
        const std::string& version = universe.candidate(id).version;
        if (versions.empty() || versions.back() != version) {
            versions.push_back(version);
        }
    }
    if (versions.size() == 1) {
        return versions.front();
    }
    return versions.size() == 2 ? versions.front() + " and " + versions.back()
                                : versions.front() + " to " + versions.back();
}

/// Solves with that one requirement opened to any version; what comes out is the nearest there is.
std::optional<NearestSolution> without(const Request& request, RequirementId root,
                                       PackageUniverse& universe, std::stop_token stop) {
    solver::SolveRequest relaxed{universe.roots(), universe.constraints(), {}};
    for (RequirementId& requirement : relaxed.roots) {
        if (requirement == root) {
            requirement = universe.relaxed(request);
        }
    }
    std::erase(relaxed.constraints, root);
    const Answer answer = solver::solve(relaxed, universe, std::move(stop));
    const auto* resolution = std::get_if<Resolution>(&answer);
    if (resolution == nullptr) {
        return std::nullopt;
    }
    for (const CandidateId id : resolution->chosen) {
        const Candidate& candidate = universe.candidate(id);
        const PackageName* name = universe.distribution(candidate.slot);
        if (name != nullptr && *name == request.name && universe.wheel(id) != nullptr) {
            return NearestSolution{
                fmt::format("{} = \"~={}\"", name->string(), series_of(candidate.version)),
                fmt::format("{} {}", name->string(), candidate.version), request.location.text()};
        }
    }
    return NearestSolution{fmt::format("without `{}`", request.name.string()),
                           "nothing else needs it", request.location.text()};
}

/// What `~=` takes to stay in the version's series: "2.9.1" -> "2.9.0", "5" -> "5.0".
std::string series_of(const std::string& version) {
    const auto parsed = pypi::Version::parse(version);
    const std::string text = parsed ? parsed->public_text() : version;
    const std::size_t first = text.find('.');
    if (first == std::string::npos || text.find_first_not_of("0123456789.") != std::string::npos) {
        return first == std::string::npos ? text + ".0" : text;
    }
    const std::size_t second = text.find('.', first + 1);
    return text.substr(0, second) + ".0";
}

} // namespace

} // namespace envpm::pipeline
