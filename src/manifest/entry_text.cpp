#include "manifest/entry_text.h"

#include "manifest/quoted.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::manifest {

namespace {

std::string version_of(const ManifestRequirement& requirement);
std::optional<std::string> quoted_if_any(const std::string& text);

} // namespace

std::string EntryText::value() const {
    const bool is_version_only =
        std::none_of(fields.begin() + 1, fields.end(),
                     [](const auto& field) { return field.second.has_value(); });
    if (is_version_only) {
        return *fields.front().second;
    }
    std::string members;
    for (const auto& [field, words] : fields) {
        if (words) {
            members += fmt::format("{}{} = {}", members.empty() ? "" : ", ", field, *words);
        }
    }
    return "{ " + members + " }";
}

EntryText wheel_entry(const ManifestRequirement& requirement) {
    std::string extras;
    for (const PackageName& extra : requirement.extras) {
        extras += (extras.empty() ? "" : ", ") + quoted(extra.string());
    }
    return {requirement.name,
            {{"version", version_of(requirement)},
             {"extras", extras.empty() ? std::nullopt : std::optional("[" + extras + "]")},
             {"marker", quoted_if_any(requirement.marker)},
             {"index", quoted_if_any(requirement.index.value_or(""))}}};
}

EntryText conda_entry(const Addition& addition) {
    return {addition.requirement.name,
            {{"version", version_of(addition.requirement)},
             {"build", quoted_if_any(addition.build)},
             {"channel", quoted_if_any(addition.requirement.index.value_or(""))}}};
}

namespace {

std::string version_of(const ManifestRequirement& requirement) {
    return quoted(requirement.specifier.empty() ? "*" : requirement.specifier);
}

std::optional<std::string> quoted_if_any(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(quoted(text));
}

} // namespace

} // namespace envpm::manifest
