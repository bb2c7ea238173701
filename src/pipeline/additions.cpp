#include "pipeline/additions.h"

#include "base/error.h"
#include "base/near_miss.h"
#include "conda/match_spec.h"
#include "pypi/version.h"
#include "universe/requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <set>

namespace envpm::pipeline {

using manifest::Addition;

namespace {

/// An addition and the text that asked for it first.
struct TypedAddition {
    std::string text;
    Addition addition;
};

Addition wheel_addition(const std::string& typed, const std::optional<std::string>& index,
                        const Manifest& manifest);
Addition conda_addition(const std::string& typed);
void refuse_lone_versions(const std::vector<std::string>& typed);
void check_index(const std::string& index, const Manifest& manifest);
void keep_marker(ManifestRequirement& addition, const Manifest& manifest);
void keep_version(Addition& addition, const Manifest& manifest);
bool is_open(const std::string& specifier);
void keep_other_part(Addition& addition, const Addition& before);
conda::MatchSpec spec_of(const Addition& addition);
std::vector<ManifestRequirement> wheel_entries(const ManifestRequirement& addition,
                                               const Manifest& manifest);
void unite(std::vector<PackageName>& extras, const std::vector<PackageName>& more);
void join(TypedAddition& first, const TypedAddition& second);
std::string joined_specifiers(const std::string& first, const std::string& second);
std::string joined_specs(const TypedAddition& first, const TypedAddition& second);
bool is_same_marker(const std::string& first, const std::string& second);
[[noreturn]] void refuse_join(const TypedAddition& first, const TypedAddition& second,
                              const std::string& why, const std::string& hint);

} // namespace

std::vector<Addition> read_additions(const AddRequest& request, const Manifest& manifest) {
    const bool has_channels = std::any_of(manifest.channels.begin(), manifest.channels.end(),
                                          [](const auto& channel) { return channel.is_listed; });
    const bool is_conda = has_channels && !request.as_wheels && !request.index;
    if (request.index) {
        check_index(*request.index, manifest);
    }
    refuse_lone_versions(request.requirements);
    std::vector<TypedAddition> read;
    for (const std::string& text : request.requirements) {
        TypedAddition typed{text, is_conda ? conda_addition(text)
                                           : wheel_addition(text, request.index, manifest)};
        const auto same = std::find_if(read.begin(), read.end(), [&](const TypedAddition& other) {
            return other.addition.requirement.name == typed.addition.requirement.name;
        });
        if (same == read.end()) {
            read.push_back(std::move(typed));
        } else {
            join(*same, typed);
        }
    }
    std::vector<Addition> additions;
    for (TypedAddition& typed : read) {
        if (!is_conda) {
            keep_parts(typed.addition.requirement, manifest);
        }
        keep_version(typed.addition, manifest);
        additions.push_back(std::move(typed.addition));
    }
    return additions;
}

void keep_parts(ManifestRequirement& addition, const Manifest& manifest) {
    keep_marker(addition, manifest);
    const bool has_extras = !addition.extras.empty();
    for (const ManifestRequirement& there : wheel_entries(addition, manifest)) {
        if (is_same_marker(addition.marker, there.marker)) {
            addition.marker = there.marker; // as it is spelt there
        }
        if (!has_extras) {
            unite(addition.extras, there.extras);
        }
        if (!addition.index) {
            addition.index = there.index;
        }
    }
}

std::optional<Addition> entry_before(const Addition& addition, const Manifest& manifest) {
    if (addition.to_dependencies) {
        for (const CondaRequirement& there : manifest.dependencies) {
            if (there.name == addition.requirement.name) {
                return Addition{
                    {there.name, there.specifier, {}, {}, there.channel, there.location},
                    true,
                    addition.is_conda,
                    there.build};
            }
        }
        return std::nullopt;
    }
    const std::vector<ManifestRequirement> entries = wheel_entries(addition.requirement, manifest);
    if (entries.empty()) {
        return std::nullopt;
    }
    Addition before{entries.front(), false, false};
    for (std::size_t i = 1; i < entries.size(); ++i) {
        if (!is_same_marker(before.requirement.marker, entries[i].marker)) {
            return std::nullopt;
        }
        before.requirement.specifier =
            joined_specifiers(before.requirement.specifier, entries[i].specifier);
        unite(before.requirement.extras, entries[i].extras);
    }
    return before;
}

bool says_the_same(const Addition& one, const Addition& other) {
    const ManifestRequirement& first = one.requirement;
    const ManifestRequirement& second = other.requirement;
    return first.specifier == second.specifier && first.extras == second.extras &&
           first.marker == second.marker && first.index == second.index && one.build == other.build;
}

namespace {

/// Without channels `python` is the host's, and stands beside conda's all the same.
Addition wheel_addition(const std::string& typed, const std::optional<std::string>& index,
                        const Manifest& manifest) {
    ManifestRequirement requirement = universe::requirement_from_text(typed);
    requirement.index = index;
    keep_marker(requirement, manifest);
    const bool is_python = requirement.name.string() == "python";
    return {std::move(requirement), is_python, false};
}

Addition conda_addition(const std::string& typed) {
    const conda::MatchSpec spec = [&] {
        try {
            return conda::MatchSpec::parse(typed);
        } catch (const Error& error) {
            throw Error({error.text().what, "the command line", error.text().hint},
                        ExitCode::usage);
        }
    }();
    const auto name = spec.exact_name() == nullptr ? std::optional<PackageName>()
                                                   : PackageName::parse_conda(*spec.exact_name());
    if (!name || spec.build_number || !spec.fields.empty()) {
        throw Error({fmt::format("`{}` says more than name, version and build", typed),
                     "the command line", "write such an entry into envpm.toml"},
                    ExitCode::usage);
    }
    Addition addition{{*name, "", {}, {}, std::nullopt, {}}, true, true};
    std::string& text = addition.requirement.specifier;
    text = spec.version ? spec.version->text() : spec.build ? "*" : "";
    if (spec.build) {
        text += " " + spec.build->text();
    }
    return addition;
}

/// `2.0` is a name too, by its form; behind another name it is hardly meant as one, nor is `>=2.0`
/// a requirement.
void refuse_lone_versions(const std::vector<std::string>& typed) {
    for (std::size_t i = 1; i < typed.size(); ++i) {
        const std::string& text = typed[i];
        const bool is_open = typed[i - 1].find_first_of("<>=!~@; ") == std::string::npos;
        const bool is_number = text.find_first_not_of("0123456789.") == std::string::npos &&
                               pypi::Version::parse(text);
        const bool is_compared = text.find_first_of("<>=!~") == 0;
        if (is_open && (is_number || is_compared)) {
            throw Error(
                {fmt::format("`{}` looks like a version, and stands apart from its package", text),
                 "the command line",
                 fmt::format("did you mean `{}{}{}`?", typed[i - 1], is_number ? "==" : "", text)},
                ExitCode::usage);
        }
    }
}

/// `pypi` needs no entry.
void check_index(const std::string& index, const Manifest& manifest) {
    std::vector<std::string> known = {"pypi"};
    for (const IndexEntry& entry : manifest.indexes) {
        known.push_back(entry.name);
    }
    if (std::find(known.begin(), known.end(), index) == known.end()) {
        const auto meant = near_miss(index, known);
        throw Error({fmt::format("the manifest has no index `{}`", index), "--index",
                     meant ? fmt::format("did you mean `{}`?", *meant)
                           : "give its URL under `[indexes]` of the manifest"},
                    ExitCode::usage);
    }
}

void keep_marker(ManifestRequirement& addition, const Manifest& manifest) {
    if (!addition.marker.empty()) {
        return;
    }
    std::set<std::string> markers;
    for (const ManifestRequirement& there : manifest.pypi_dependencies) {
        if (there.name == addition.name && !there.marker.empty()) {
            markers.insert(there.marker);
        }
    }
    if (markers.size() == 1) {
        addition.marker = *markers.begin();
    }
}

/// Who names no version wants no other one, and the same holds for a build and a channel.
void keep_version(Addition& addition, const Manifest& manifest) {
    ManifestRequirement& requirement = addition.requirement;
    std::optional<Addition> before = entry_before(addition, manifest);
    if (!before) {
        return;
    }
    if (addition.to_dependencies) {
        requirement.index = before->requirement.index;
    }
    if (requirement.specifier.empty() && !is_open(before->requirement.specifier)) {
        requirement.specifier = before->requirement.specifier;
        addition.build = before->build;
    } else if (addition.is_conda) {
        keep_other_part(addition, *before);
    }
}

bool is_open(const std::string& specifier) {
    return specifier.empty() || specifier == "*";
}

/// Of version and build, that which only the entry names. A build that stands by itself stays so.
void keep_other_part(Addition& addition, const Addition& before) {
    const conda::MatchSpec typed = spec_of(addition);
    const conda::MatchSpec there = [&] {
        try {
            return spec_of(before);
        } catch (const Error& error) {
            throw Error({error.text().what, before.requirement.location.text(), error.text().hint});
        }
    }();
    std::string& specifier = addition.requirement.specifier;
    if (typed.build && !typed.version && there.version) {
        specifier = there.version->text() + " " + typed.build->text();
    } else if (!typed.build && !before.build.empty()) {
        addition.build = before.build;
    } else if (!typed.build && there.build) {
        specifier += " " + there.build->text();
    }
}

conda::MatchSpec spec_of(const Addition& addition) {
    const ManifestRequirement& requirement = addition.requirement;
    const std::string version = requirement.specifier.empty() ? "*" : requirement.specifier;
    return conda::MatchSpec::parse(
        fmt::format("{} {} {}", requirement.name.string(), version, addition.build));
}

/// Where the manifest asks for the wheel that `addition` is for: each with the index of all. One
/// that says nothing but the index does not count beside others.
std::vector<ManifestRequirement> wheel_entries(const ManifestRequirement& addition,
                                               const Manifest& manifest) {
    std::vector<ManifestRequirement> entries = manifest.pypi_dependencies;
    std::erase_if(entries, [&](const auto& entry) { return entry.name != addition.name; });
    const auto keep = [&](const auto& is_kept) {
        if (std::any_of(entries.begin(), entries.end(), is_kept)) {
            std::erase_if(entries, [&](const auto& entry) { return !is_kept(entry); });
        }
    };
    keep([](const ManifestRequirement& entry) {
        return !entry.extras.empty() || !entry.marker.empty() || !is_open(entry.specifier);
    });
    keep([&](const ManifestRequirement& entry) {
        return is_same_marker(entry.marker, addition.marker);
    });
    return entries;
}

void unite(std::vector<PackageName>& extras, const std::vector<PackageName>& more) {
    extras.insert(extras.end(), more.begin(), more.end());
    std::sort(extras.begin(), extras.end());
    extras.erase(std::unique(extras.begin(), extras.end()), extras.end());
}

void join(TypedAddition& first, const TypedAddition& second) {
    ManifestRequirement& joined = first.addition.requirement;
    const ManifestRequirement& more = second.addition.requirement;
    if (first.addition.is_conda) {
        joined.specifier = joined_specs(first, second);
        return;
    }
    if (!is_same_marker(joined.marker, more.marker)) {
        refuse_join(first, second, "their markers differ", "give both the same marker");
    }
    joined.specifier = joined_specifiers(joined.specifier, more.specifier);
    unite(joined.extras, more.extras);
}

std::string joined_specifiers(const std::string& first, const std::string& second) {
    if (is_open(first) || is_open(second)) {
        return is_open(first) ? second : first;
    }
    return pypi::SpecifierSet::parse(fmt::format("{},{}", first, second)).text();
}

/// The specifier of a conda addition is a version, or a version and a build.
std::string joined_specs(const TypedAddition& first, const TypedAddition& second) {
    conda::MatchSpec joined = spec_of(first.addition);
    const conda::MatchSpec more = spec_of(second.addition);
    if (joined.build && more.build && *joined.build != *more.build) {
        refuse_join(first, second, "their builds differ", "name one build");
    }
    if (!joined.version) {
        joined.version = more.version;
    } else if (more.version && *more.version != *joined.version) {
        joined.version = conda::VersionSpec::parse(
            fmt::format("({}),({})", joined.version->text(), more.version->text()));
    }
    const std::optional<conda::StringMatch>& build = joined.build ? joined.build : more.build;
    const std::string version = joined.version ? joined.version->text() : build ? "*" : "";
    return build ? version + " " + build->text() : version;
}

bool is_same_marker(const std::string& first, const std::string& second) {
    if (first == second || first.empty() || second.empty()) {
        return first == second;
    }
    return pypi::Marker::parse(first).text() == pypi::Marker::parse(second).text();
}

void refuse_join(const TypedAddition& first, const TypedAddition& second, const std::string& why,
                 const std::string& hint) {
    throw Error(
        {fmt::format("`{}` and `{}` cannot be one requirement: {}", first.text, second.text, why),
         "the command line", hint},
        ExitCode::usage);
}

} // namespace

} // namespace envpm::pipeline
