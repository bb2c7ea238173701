#include "base/error.h"
#include "conda/match_spec.h"
#include "conda/match_spec_reader.h"
#include "importers/package_place.h"
#include "pipeline/import_packages.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace envpm::pipeline {

using conda::FieldMatch;
using importers::Imported;
using importers::ImportedSpec;

namespace {

/// A spec as a manifest can have it.
struct Carried {
    CondaRequirement requirement;
    std::optional<Platform> platform;
    bool is_pin = false;
};

std::set<Platform> platforms_of(const std::vector<ImportedSpec>& specs);
std::optional<Carried> carry(const ImportedSpec& spec, ImportSources& sources, Remarks& remarks);
conda::MatchSpec parse(const ImportedSpec& spec);
void carry_fields(const ImportedSpec& spec, const conda::MatchSpec& parsed, ImportSources& sources,
                  CondaRequirement& requirement, Remarks& remarks);
void leave_all(const std::vector<Carried>& all, Remarks& remarks);
std::optional<CondaRequirement> join_on(Platform platform, const std::vector<Carried>& all,
                                        Remarks& remarks);
void check_pins(const CondaRequirement& first, const CondaRequirement& second);
std::optional<CondaRequirement> join(const std::vector<Carried>& all,
                                     const std::set<Platform>& platforms, Remarks& remarks);
CondaRequirement both(const CondaRequirement& first, const CondaRequirement& second,
                      Remarks& remarks);
std::string version_of_both(const std::string& first, const std::string& second);
CondaRequirement any_of(const std::vector<CondaRequirement>& choices, Remarks& remarks);
std::string shown(const CondaRequirement& requirement);

} // namespace

std::vector<CondaRequirement> import_specs(const Imported& imported, ImportSources& sources,
                                           Remarks& remarks) {
    std::vector<PackageName> order;
    std::map<PackageName, std::vector<Carried>> by_name;
    for (const ImportedSpec& spec : imported.specs) {
        if (auto carried = carry(spec, sources, remarks)) {
            std::vector<Carried>& same = by_name[carried->requirement.name];
            if (same.empty()) {
                order.push_back(carried->requirement.name);
            }
            same.push_back(std::move(*carried));
        }
    }
    std::set<Platform> platforms;
    for (const Target& target : imported.targets) {
        platforms.insert(target.platform);
    }
    if (platforms.empty()) {
        platforms = platforms_of(imported.specs);
    }
    std::vector<CondaRequirement> requirements;
    for (const PackageName& name : order) {
        if (auto requirement = join(by_name.at(name), platforms, remarks)) {
            requirements.push_back(std::move(*requirement));
        }
    }
    return requirements;
}

namespace {

/// For a file that says nothing of platforms.
std::set<Platform> platforms_of(const std::vector<ImportedSpec>& specs) {
    std::set<Platform> platforms;
    for (const ImportedSpec& spec : specs) {
        platforms.insert(spec.platform.value_or(Platform::linux_64));
    }
    return platforms;
}

std::optional<Carried> carry(const ImportedSpec& spec, ImportSources& sources, Remarks& remarks) {
    const conda::MatchSpec parsed = parse(spec);
    const std::string* const text = parsed.exact_name();
    const auto name = text == nullptr ? std::nullopt : PackageName::parse_conda(*text);
    if (!name || name->string().starts_with("__")) {
        remarks.left.push_back({spec.location, fmt::format("`{}`", spec.text),
                                name ? "it is a fact of the machine; `[targets]` state those"
                                     : "a requirement is on one package, by its name"});
        return std::nullopt;
    }
    Carried carried{{*name, "*", {}, {}, spec.location}, spec.platform, spec.is_pin};
    carried.requirement.specifier = parsed.version ? parsed.version->text() : "*";
    carried.requirement.build = parsed.build ? parsed.build->text() : "";
    carry_fields(spec, parsed, sources, carried.requirement, remarks);
    return carried;
}

/// Reads what conda reads, not only what CEP 29 allows.
conda::MatchSpec parse(const ImportedSpec& spec) {
    try {
        return conda::MatchSpec::parse(spec.text, conda::Form::lenient);
    } catch (const Error& error) {
        const std::string& hint = error.text().hint;
        throw Error({error.text().what, spec.location.text(),
                     hint.empty() ? "write it as `name`, `name=1.2`, `name>=1.2,<3` or "
                                    "`name=1.2=build`"
                                  : hint});
    }
}

/// Of a pin's channel only what tells two channels apart is kept.
void carry_fields(const ImportedSpec& spec, const conda::MatchSpec& parsed, ImportSources& sources,
                  CondaRequirement& requirement, Remarks& remarks) {
    if (spec.is_pin) {
        const auto listed = std::count_if(sources.channels().begin(), sources.channels().end(),
                                          [](const auto& channel) { return channel.is_listed; });
        if (listed > 1) {
            requirement.channel =
                sources.channel_of(importers::place_of(spec.text).channel, spec.location);
        }
        return;
    }
    const auto leave = [&](std::string_view word, std::string why) {
        remarks.left.push_back({spec.location,
                                fmt::format("`{}` of `{}`", word, requirement.name.string()),
                                std::move(why)});
    };
    if (parsed.build_number) {
        leave("build_number", "a requirement of envpm can ask for the build, by a glob");
    }
    for (const FieldMatch& field : parsed.fields) {
        const std::string* const exact = field.match.exact();
        if (field.field == FieldMatch::Field::channel && exact != nullptr) {
            requirement.channel = sources.channel_of(*exact, spec.location);
        } else {
            leave(conda::key_of(field.field), "a requirement of envpm has no such field");
        }
    }
}

/// All that is said of one name. What is for one platform only is dropped, with a remark, if there
/// is a platform that nothing is said for.
std::optional<CondaRequirement> join(const std::vector<Carried>& all,
                                     const std::set<Platform>& platforms, Remarks& remarks) {
    std::vector<CondaRequirement> choices;
    for (const Platform platform : platforms) {
        std::optional<CondaRequirement> here = join_on(platform, all, remarks);
        if (!here) {
            leave_all(all, remarks);
            return std::nullopt;
        }
        choices.push_back(std::move(*here));
    }
    return any_of(choices, remarks);
}

/// All that is asked for on one platform; nothing if the package is not asked for there.
std::optional<CondaRequirement> join_on(Platform platform, const std::vector<Carried>& all,
                                        Remarks& remarks) {
    std::optional<CondaRequirement> here;
    const Carried* pin = nullptr;
    for (const Carried& carried : all) {
        if (carried.platform && *carried.platform != platform) {
            continue;
        }
        if (pin != nullptr && carried.is_pin) {
            check_pins(pin->requirement, carried.requirement);
        }
        pin = carried.is_pin ? &carried : pin;
        here = here ? both(*here, carried.requirement, remarks) : carried.requirement;
    }
    return here;
}

/// Two builds of one package cannot stand in one environment, so no lock could ever meet both.
void check_pins(const CondaRequirement& first, const CondaRequirement& second) {
    if (first.specifier != second.specifier || first.build != second.build) {
        throw Error({fmt::format("`{}` is pinned twice: to `{} {}` at {}, and here to `{} {}`",
                                 second.name.string(), first.specifier, first.build,
                                 first.location.text(), second.specifier, second.build),
                     second.location.text(),
                     "an environment has one build of a package: remove one of the two"});
    }
}

/// Each is for one platform.
void leave_all(const std::vector<Carried>& all, Remarks& remarks) {
    for (const Carried& carried : all) {
        remarks.left.push_back(
            {carried.requirement.location, shown(carried.requirement),
             fmt::format("it is for {} only, and a requirement counts on every target",
                         to_text(*carried.platform))});
    }
}

CondaRequirement both(const CondaRequirement& first, const CondaRequirement& second,
                      Remarks& remarks) {
    CondaRequirement out = first;
    out.specifier = version_of_both(first.specifier, second.specifier);
    out.build = first.build.empty() ? second.build : first.build;
    out.channel = first.channel ? first.channel : second.channel;
    const bool has_all = (second.build.empty() || out.build == second.build) &&
                         (!second.channel || out.channel == second.channel);
    if (!has_all) {
        remarks.left.push_back({second.location, "build and channel of " + shown(second),
                                fmt::format("others are asked for at {}", first.location.text())});
    }
    return out;
}

std::string version_of_both(const std::string& first, const std::string& second) {
    if (first == "*" || second == "*" || first == second) {
        return first == "*" ? second : first;
    }
    return conda::VersionSpec::parse(fmt::format("({}),({})", first, second), conda::Form::lenient)
        .text();
}

/// Where platforms have different builds the version is kept, and where they have different
/// versions any of these will do.
CondaRequirement any_of(const std::vector<CondaRequirement>& choices, Remarks& remarks) {
    CondaRequirement out = choices.front();
    std::set<std::string> versions;
    for (const CondaRequirement& choice : choices) {
        if (versions.insert(choice.specifier).second && versions.size() > 1) {
            out.specifier += "|" + choice.specifier;
        }
        if (choice.build != out.build && !out.build.empty()) {
            remarks.changed.push_back({choice.location, "build of " + shown(choice),
                                       "it is another one on each platform"});
            out.build.clear();
        }
    }
    if (versions.size() > 1) {
        out.specifier = versions.contains("*") ? "*" : out.specifier;
        remarks.changed.push_back(
            {out.location, "version of " + shown(out),
             "it is another one on each platform, and a requirement counts on every target"});
    }
    return out;
}

std::string shown(const CondaRequirement& requirement) {
    return fmt::format("`{} {}`", requirement.name.string(), requirement.specifier);
}

} // namespace

} // namespace envpm::pipeline
