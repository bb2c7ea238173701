#include "advice/explain.h"

#include "advice/explain_builds.h"
#include "advice/version_range.h"
#include "base/error.h"
#include "base/near_miss.h"
#include "base/url.h"
#include "conda/archive_name.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace envpm::advice {

namespace {

constexpr std::size_t shown_versions = 4;
constexpr std::size_t shown_alike = 5;
constexpr std::size_t shown_problems = 3;

std::optional<std::pair<SlotId, SlotId>> between(const Reason& reason,
                                                 const universe::PackageUniverse& universe);
ExplainedReason explain_reason(const Reason& reason, universe::PackageUniverse& universe,
                               const Sources& sources);
ExplainedReason explain_asked(const Reason& reason, const universe::PackageUniverse& universe);
ExplainedReason explain_needs(const Reason& reason, const universe::PackageUniverse& universe,
                              std::span<const Override> overrides);
std::string explain_nothing(const Reason& reason, const universe::PackageUniverse& universe,
                            const Sources& sources);
bool is_known(SlotId slot, const universe::PackageUniverse& universe,
              const universe::Listings& listings);
std::string explain_left_out(const universe::CondaListing* listing, const std::string& requirement);
std::string_view who_has_not(SlotId slot, const universe::PackageUniverse& universe);
std::string platform_of(SlotId slot, const universe::PackageUniverse& universe,
                        const Sources& sources);
std::string way_to_known(const Reason& reason, const universe::PackageUniverse& universe,
                         const Sources& sources);
std::optional<std::string> meant_name(const std::string& name, const Sources& sources);
std::string explain_unknown(const Reason& reason, const universe::PackageUniverse& universe,
                            const Sources& sources);
std::string places_asked(const PackageName& name, const universe::Listings& listings);
std::string explain_unusable(const Reason& reason, const universe::PackageUniverse& universe);
std::string explain_exclusions(const pypi::Exclusions& exclusions);
std::string what_there_is(const std::vector<std::string>& versions);
std::string some_of(const std::vector<std::string>& versions);

} // namespace

std::vector<ExplainedReason> explain_reasons(const Conflict& conflict,
                                             universe::PackageUniverse& universe,
                                             const Sources& sources) {
    std::vector<ExplainedReason> reasons;
    // A package whose every release pins another release of the next would fill the screen: a few
    // of such lines show the pattern, and the rest is counted.
    std::map<std::pair<SlotId, SlotId>, std::size_t> alike;
    std::set<SlotId> told; // of CUDA
    for (const Reason& reason : conflict.reasons) {
        const auto builds = builds_for_cuda(reason, conflict, universe);
        if (builds.size() > 1) {
            if (told.insert(universe.candidate(reason.candidates.front()).slot).second) {
                reasons.push_back({explain_builds(builds, universe, sources.facts), {}});
            }
            continue;
        }
        if (const auto pair = between(reason, universe); !pair || ++alike[*pair] <= shown_alike) {
            reasons.push_back(explain_reason(reason, universe, sources));
        }
    }
    for (const auto& [pair, count] : alike) {
        if (count > shown_alike) {
            reasons.push_back(
                {fmt::format("and so on: {} more such lines of {} about {}", count - shown_alike,
                             universe.slot(pair.first).name, universe.slot(pair.second).name),
                 {}});
        }
    }
    return reasons;
}

const Override* override_behind(const Reason& reason, const universe::PackageUniverse& universe,
                                std::span<const Override> overrides) {
    if (reason.kind != Reason::Kind::needs ||
        universe.candidate(reason.candidates.front()).version.empty()) {
        return nullptr; // what the manifest itself needs is not replaced
    }
    const PackageName* const name =
        universe.distribution(universe.requirement(reason.requirement).slot);
    const auto found = std::find_if(overrides.begin(), overrides.end(), [&](const Override& one) {
        return name != nullptr && one.name == *name;
    });
    return found == overrides.end() ? nullptr : &*found;
}

bool lacks_a_project(const Conflict& conflict, const universe::PackageUniverse& universe,
                     const universe::Listings& listings) {
    return std::any_of(conflict.reasons.begin(), conflict.reasons.end(), [&](const Reason& reason) {
        if (reason.kind != Reason::Kind::nothing_matches) {
            return false;
        }
        const SlotId slot = universe.requirement(reason.requirement).slot;
        return universe.distribution(slot) != nullptr && universe.is_wheel_asked(slot) &&
               universe.candidates(slot).empty() && !is_known(slot, universe, listings);
    });
}

namespace {

/// Which package needs which, of a reason that says so.
std::optional<std::pair<SlotId, SlotId>> between(const Reason& reason,
                                                 const universe::PackageUniverse& universe) {
    if (reason.kind != Reason::Kind::needs) {
        return std::nullopt;
    }
    return std::pair(universe.candidate(reason.candidates.front()).slot,
                     universe.requirement(reason.requirement).slot);
}

ExplainedReason explain_reason(const Reason& reason, universe::PackageUniverse& universe,
                               const Sources& sources) {
    switch (reason.kind) {
    case Reason::Kind::asked:
        return explain_asked(reason, universe);
    case Reason::Kind::needs:
        return explain_needs(reason, universe, sources.overrides);
    case Reason::Kind::nothing_matches:
        return {explain_nothing(reason, universe, sources), {}};
    case Reason::Kind::unusable:
        break;
    }
    return {explain_unusable(reason, universe), {}};
}

ExplainedReason explain_asked(const Reason& reason, const universe::PackageUniverse& universe) {
    const auto& [request, conda, pin] = universe.asked(reason.requirement);
    const Requirement& requirement = universe.requirement(reason.requirement);
    if (universe.kind(requirement.slot) == universe::SlotKind::virtual_package) {
        return {fmt::format("the target has {}", requirement.text), {}};
    }
    const std::string_view verb =
        requirement.kind == RequirementKind::constrains ? "allow only" : "ask for";
    return {fmt::format("you {} {}", verb, requirement.text),
            request != nullptr ? request->location.text()
            : conda != nullptr ? conda->location.text()
            : pin != nullptr   ? pin->location.text()
                               : std::string()};
}

ExplainedReason explain_needs(const Reason& reason, const universe::PackageUniverse& universe,
                              std::span<const Override> overrides) {
    const std::string& who = universe.slot(universe.candidate(reason.candidates.front()).slot).name;
    const std::string& need = universe.requirement(reason.requirement).text;
    const std::vector<std::string> versions = versions_of(reason.candidates, universe);
    if (versions.front().empty()) {
        return {fmt::format("{} needs {}", who, need), {}}; // the manifest itself, under a marker
    }
    const std::string needs =
        fmt::format("{} {} {}", who, range_of(versions), versions.size() == 1 ? "needs" : "need");
    if (const Override* const replaced = override_behind(reason, universe, overrides)) {
        return {fmt::format("{} {}, which you override to {}", needs, replaced->name.string(),
                            replaced->specifier),
                replaced->location.text()};
    }
    return {fmt::format("{} {}", needs, need), {}};
}

std::string explain_nothing(const Reason& reason, const universe::PackageUniverse& universe,
                            const Sources& sources) {
    const Requirement& requirement = universe.requirement(reason.requirement);
    const std::string& name = universe.slot(requirement.slot).name;
    const auto candidates = universe.candidates(requirement.slot);
    const std::string excluded = explain_exclusions(universe.exclusions(requirement.slot));
    if (!candidates.empty()) {
        const bool is_host = universe.python(candidates.back()) != nullptr &&
                             universe.package(candidates.back()) == nullptr;
        return fmt::format(
            "{} matches {}; {}{}{}", is_host ? "no Python of this host" : "no release that fits",
            requirement.text, what_there_is(versions_of(candidates, universe)),
            excluded.empty() ? "" : "; " + excluded,
            explain_left_out(universe.conda_listing(requirement.slot), requirement.text));
    }
    if (!excluded.empty()) {
        return fmt::format("{} has no wheel that fits: {}", name, excluded);
    }
    return explain_unknown(reason, universe, sources);
}

/// The last file that would match, if it could be used; empty if there is none.
std::string explain_left_out(const universe::CondaListing* listing,
                             const std::string& requirement) {
    if (listing == nullptr) {
        return {};
    }
    const auto matches = [&](const conda::Unusable& unusable) {
        const auto parts = conda::ArchiveName::parse(unusable.file_name);
        const auto version = conda::Version::parse(parts ? parts->version : "");
        try {
            return version &&
                   conda::MatchSpec::parse(requirement, conda::Form::lenient)
                       .matches({.name = parts->name, .version = &*version, .build = parts->build});
        } catch (const Error&) { // what the wheels' world asks may be no match spec
            return false;
        }
    };
    const auto found = std::find_if(listing->unusable.rbegin(), listing->unusable.rend(), matches);
    return found == listing->unusable.rend()
               ? std::string()
               : fmt::format("; {} cannot be used: {}", found->file_name, found->why);
}

/// One that is like it. It may be known itself, with no file that this target can use.
std::optional<std::string> meant_name(const std::string& name, const Sources& sources) {
    std::vector<std::string> known = sources.listings.known_names();
    if (sources.channel_names) {
        const std::vector<std::string> packages = sources.channel_names();
        known.insert(known.end(), packages.begin(), packages.end());
    }
    known.erase(std::remove(known.begin(), known.end(), name), known.end());
    return near_miss(name, known);
}

/// No source has the name, or a channel has nothing under it that can be used.
std::string explain_unknown(const Reason& reason, const universe::PackageUniverse& universe,
                            const Sources& sources) {
    const SlotId slot = universe.requirement(reason.requirement).slot;
    const std::string& name = universe.slot(slot).name;
    if (universe.kind(slot) == universe::SlotKind::virtual_package) {
        return fmt::format("the target has no `{}`", name);
    }
    const universe::CondaListing* listing = universe.conda_listing(slot);
    if (listing != nullptr && !listing->too_new.empty()) {
        return fmt::format("every build of {} is newer than exclude-newer", name);
    }
    if (listing != nullptr && !listing->unusable.empty()) {
        const conda::Unusable& last = listing->unusable.back();
        return fmt::format("no file of {} can be used: {}: {}", name, last.file_name, last.why);
    }
    const std::optional<PackageName> wheel =
        universe.is_wheel_asked(slot) ? PackageName::parse(name) : std::nullopt;
    if (wheel && is_known(slot, universe, sources.listings)) {
        return fmt::format("index `{}` has `{}`, but no file of it that envpm can read",
                           sources.listings.find(*wheel).index->name, name);
    }
    return fmt::format("{} `{}`{}{}", who_has_not(slot, universe), name,
                       platform_of(slot, universe, sources),
                       way_to_known(reason, universe, sources));
}

std::string_view who_has_not(SlotId slot, const universe::PackageUniverse& universe) {
    return !universe.has_channels()        ? "no index has"
           : universe.is_wheel_asked(slot) ? "no channel and no index has"
                                           : "no channel has";
}

/// For which the channels were asked: another one's may have it.
std::string platform_of(SlotId slot, const universe::PackageUniverse& universe,
                        const Sources& sources) {
    const bool is_told = universe.has_channels() && !universe.is_wheel_asked(slot);
    return is_told && !sources.platform.empty() ? " for " + sources.platform : std::string();
}

/// From a name that nobody has.
std::string way_to_known(const Reason& reason, const universe::PackageUniverse& universe,
                         const Sources& sources) {
    const SlotId slot = universe.requirement(reason.requirement).slot;
    const std::string& name = universe.slot(slot).name;
    if (const auto meant = meant_name(name, sources)) {
        return fmt::format("; did you mean `{}`?", *meant);
    }
    const std::optional<PackageName> package = PackageName::parse(name);
    const bool is_wheel = universe.is_wheel_asked(slot);
    if (is_wheel && package && sources.listings.known_names().empty()) {
        return places_asked(*package, sources.listings);
    }
    // Who lists a channel and asks for a wheel meets this first.
    const bool may_be_wheel =
        universe.asked(reason.requirement).packages != nullptr && !is_wheel && package;
    return may_be_wheel ? fmt::format("; `envpm add --pypi {}` asks for a wheel", name)
                        : std::string();
}

/// Whether an index has a page of that name.
bool is_known(SlotId slot, const universe::PackageUniverse& universe,
              const universe::Listings& listings) {
    const auto name = PackageName::parse(universe.slot(slot).name);
    return name && listings.is_loaded(*name) && listings.find(*name).index != nullptr;
}

/// Where nothing was ever found there may be no index.
std::string places_asked(const PackageName& name, const universe::Listings& listings) {
    std::vector<std::string> places;
    for (const pypi::Index* const index : listings.indexes_for(name)) {
        for (const std::string& url : index->urls) {
            places.push_back(fmt::format("`{}` at {}", index->name, without_credentials(url)));
        }
    }
    return fmt::format("; asked: {} (`envpm mirror test` says whether that is an index)",
                       fmt::join(places, ", "));
}

/// Candidates that cannot be used for one reason stand together; the newest first.
std::string explain_unusable(const Reason& reason, const universe::PackageUniverse& universe) {
    std::vector<std::string> parts;
    std::span<const CandidateId> rest = reason.candidates;
    while (!rest.empty() && parts.size() < shown_problems) {
        const std::string& problem = universe.problem(rest.back());
        std::size_t first = rest.size() - 1;
        while (first > 0 && universe.problem(rest[first - 1]) == problem) {
            --first;
        }
        parts.push_back(fmt::format("{} cannot be used: {}",
                                    range_of(versions_of(rest.subspan(first), universe)), problem));
        rest = rest.first(first);
    }
    const CandidateId last = reason.candidates.back();
    return fmt::format("{} {}{}", universe.slot(universe.candidate(last).slot).name,
                       fmt::join(parts, "; "), rest.empty() ? "" : "; nor can older ones");
}

std::string explain_exclusions(const pypi::Exclusions& exclusions) {
    std::vector<std::string> parts;
    const auto add = [&](const std::vector<std::string>& versions, std::string_view one_does,
                         std::string_view many_do, std::string_view what) {
        if (!versions.empty()) {
            parts.push_back(fmt::format("{} {} {}", some_of(versions),
                                        versions.size() == 1 ? one_does : many_do, what));
        }
    };
    const std::string tags = exclusions.other_tags.empty()
                                 ? std::string()
                                 : fmt::format(" ({} has {})", exclusions.no_matching_tag.front(),
                                               some_of(exclusions.other_tags));
    add(exclusions.no_matching_tag, "has", "have", "no wheel for this platform and Python" + tags);
    add(exclusions.other_python, "asks", "ask", "for another Python");
    add(exclusions.only_sdist, "has", "have", "only a source archive, which envpm does not build");
    add(exclusions.too_new, "is", "are", "newer than exclude-newer");
    add(exclusions.yanked, "is", "are",
        exclusions.yanked.size() == 1 ? "yanked: only a pin with `==` takes it"
                                      : "yanked: only a pin with `==` takes them");
    for (const std::string& entry : exclusions.unreadable) {
        parts.push_back("its index's entry cannot be read of " + entry);
    }
    return fmt::format("{}", fmt::join(parts, "; "));
}

std::string what_there_is(const std::vector<std::string>& versions) {
    if (versions.size() == 1) {
        return "there is only " + versions.front();
    }
    return "there are " + range_of(versions);
}

/// "1.0", "1.1 and 1.0", "1.5, 1.4, 1.3, 1.2 and others": newest first, and not all need be known.
std::string some_of(const std::vector<std::string>& versions) {
    const bool is_cut = versions.size() > shown_versions;
    const std::size_t listed = is_cut ? shown_versions : versions.size() - 1;
    std::string out;
    for (std::size_t i = 0; i < listed; ++i) {
        out += (i == 0 ? "" : ", ") + versions[i];
    }
    return out + (out.empty() ? "" : " and ") + (is_cut ? "others" : versions.back());
}

} // namespace

} // namespace envpm::advice
