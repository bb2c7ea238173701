#include "pipeline/additions.h"

#include "base/error.h"
#include "base/near_miss.h"
#include "conda/match_spec.h"
#include "pipeline/requests.h"
#include "pypi/version.h"

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
    for (const ManifestRequirement& there : manifest.pypi_dependencies) {
        if (there.name != addition.name) {
            continue;
        }
        if (addition.extras.empty()) {
            addition.extras = there.extras;
        }
        if (!addition.index) {
            addition.index = there.index;
        }
    }
}

std::optional<ManifestRequirement> entry_before(const Addition& addition,
                                                const Manifest& manifest) {
    std::vector<ManifestRequirement> entries;
    if (addition.to_dependencies) {
        for (const CondaRequirement& there : manifest.dependencies) {
            entries.push_back({there.name, there.specifier, {}, {}, there.channel, there.location});
        }
    } else {
        entries = manifest.pypi_dependencies;
    }
    std::erase_if(entries, [&](const ManifestRequirement& there) {
        return there.name != addition.requirement.name;
    });
    return entries.size() == 1 ? std::optional(std::move(entries.front())) : std::nullopt;
}

namespace {

/// Without channels `python` is the host's, and stands beside conda's all the same.
Addition wheel_addition(const std::string& typed, const std::optional<std::string>& index,
                        const Manifest& manifest) {
    ManifestRequirement requirement = requirement_from_text(typed);
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

/// Who names no version wants no other one.
void keep_version(Addition& addition, const Manifest& manifest) {
    ManifestRequirement& requirement = addition.requirement;
    const std::optional<ManifestRequirement> before = entry_before(addition, manifest);
    if (!before || !requirement.specifier.empty() || before->specifier.empty() ||
        before->specifier == "*") {
        return;
    }
    requirement.specifier = before->specifier;
    if (addition.to_dependencies) {
        requirement.index = before->index;
    }
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
    std::vector<PackageName> extras;
    std::set_union(joined.extras.begin(), joined.extras.end(), more.extras.begin(),
                   more.extras.end(), std::back_inserter(extras));
    joined.extras = std::move(extras);
}

std::string joined_specifiers(const std::string& first, const std::string& second) {
    const bool is_one_open = first.empty() || second.empty();
    return is_one_open ? first + second
                       : pypi::SpecifierSet::parse(fmt::format("{},{}", first, second)).text();
}

/// The specifier of a conda addition is a version, or a version and a build.
std::string joined_specs(const TypedAddition& first, const TypedAddition& second) {
    const auto spec_of = [](const TypedAddition& typed) {
        const ManifestRequirement& requirement = typed.addition.requirement;
        return conda::MatchSpec::parse(requirement.name.string() + " " + requirement.specifier);
    };
    conda::MatchSpec joined = spec_of(first);
    const conda::MatchSpec more = spec_of(second);
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
    if (first.empty() || second.empty()) {
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
