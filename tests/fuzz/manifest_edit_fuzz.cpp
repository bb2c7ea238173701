#include "base/assert.h"
#include "fuzz.h"
#include "manifest/edit.h"
#include "manifest/read.h"
#include "manifest/requirement_text.h"

#include <algorithm>

namespace envpm::fuzz {

namespace {

using Requirements = std::vector<ManifestRequirement>;

void check_edit(const std::string& text, const char* file, const ManifestRequirement& added);
Requirements of_name(const Manifest& manifest, const PackageName& name);
std::vector<std::string> others(const Manifest& manifest, const PackageName& name);

} // namespace

/// A requirement in the first line, a manifest in the others: what is added is read back, what is
/// removed is gone, and neither changes another requirement.
void read(std::string_view input) {
    const auto [line, text] = first_line(input);
    const auto added =
        if_accepted([requirement = line] { return manifest::split_requirement(requirement, {}); });
    if (added) {
        check_edit(std::string(text), "/project/envpm.toml", *added);
        check_edit(std::string(text), "/project/pyproject.toml", *added);
    }
}

namespace {

void check_edit(const std::string& text, const char* file, const ManifestRequirement& added) {
    const auto parsed = [file](const std::string& manifest) {
        return manifest::parse(manifest, file, Platform::linux_64);
    };
    const auto before = if_accepted([&] { return parsed(text); });
    const auto edited = if_accepted([&] {
        return manifest::with_requirement(text, file, {added, false});
    });
    if (!before || !edited) {
        return;
    }
    const auto after = if_accepted([&] { return parsed(*edited); });
    if (!after) {
        return;
    }
    const Requirements found = of_name(*after, added.name);
    ENVPM_ASSERT(std::any_of(found.begin(), found.end(), [&added](const auto& requirement) {
        return requirement.extras == added.extras && requirement.marker == added.marker;
    }));
    ENVPM_ASSERT(others(*after, added.name) == others(*before, added.name));
    const std::string removed = manifest::without_requirement(*edited, file, added.name);
    const Manifest last = parsed(removed);
    ENVPM_ASSERT(of_name(last, added.name).size() <= of_name(*before, added.name).size());
    ENVPM_ASSERT(others(last, added.name) == others(*before, added.name));
}

Requirements of_name(const Manifest& manifest, const PackageName& name) {
    Requirements found;
    std::copy_if(manifest.pypi_dependencies.begin(), manifest.pypi_dependencies.end(),
                 std::back_inserter(found), [&name](const ManifestRequirement& requirement) {
                     return requirement.name == name;
                 });
    return found;
}

std::vector<std::string> others(const Manifest& manifest, const PackageName& name) {
    std::vector<std::string> texts;
    for (const ManifestRequirement& requirement : manifest.pypi_dependencies) {
        if (requirement.name != name) {
            texts.push_back(manifest::requirement_text(requirement));
        }
    }
    std::sort(texts.begin(), texts.end());
    return texts;
}

} // namespace

} // namespace envpm::fuzz
