#include "base/assert.h"
#include "fuzz.h"
#include "pypi/metadata.h"

namespace envpm::fuzz {

using pypi::Metadata;
using pypi::Requirement;

/// What a METADATA needs can be said again in a new one.
void read(std::string_view input) {
    const auto metadata = if_accepted([input] { return Metadata::parse(input, "METADATA"); });
    if (!metadata) {
        return;
    }
    std::string text = "Metadata-Version: 2.1\nName: " + metadata->name.string() +
                       "\nVersion: " + metadata->version + "\n";
    for (const Requirement& requirement : metadata->requires_dist) {
        text += "Requires-Dist: " + requirement.text() + "\n";
    }
    const Metadata again = Metadata::parse(text, "METADATA");
    ENVPM_ASSERT(again.name == metadata->name);
    ENVPM_ASSERT(again.version == metadata->version);
    ENVPM_ASSERT(again.requires_dist.size() == metadata->requires_dist.size());
}

} // namespace envpm::fuzz
