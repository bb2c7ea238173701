#include "base/assert.h"
#include "base/relative_path.h"
#include "fuzz.h"
#include "realize/prefix_manifest.h"

namespace envpm::fuzz {

/// A manifest that was read is written so that the same is read again, and its paths stay below the
/// prefix.
void read(std::string_view input) {
    const auto manifest = if_accepted([input] { return realize::parse_manifest(input, "a"); });
    if (manifest) {
        for (const realize::RealisedFile& file : manifest->files) {
            ENVPM_ASSERT(RelativePath::parse(file.path).string() == file.path);
        }
        ENVPM_ASSERT(realize::parse_manifest(realize::to_text(*manifest), "a") == *manifest);
    }
}

} // namespace envpm::fuzz
