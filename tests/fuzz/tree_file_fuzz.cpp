#include "base/assert.h"
#include "fuzz.h"
#include "store/tree_file.h"

#include <string>

namespace envpm::fuzz {

/// The list of a tree, around which the rest is made right: what is read is exactly what is
/// written.
void read(std::string_view input) {
    const Sha256 archive = sha256_of("archive");
    store::parse_tree(input, archive);
    for (const char* version : {"1", "2"}) {
        const std::string text = "{\"version\":" + std::string(version) + ",\"archive\":\"" +
                                 archive.hex() + "\",\"digest\":\"" + sha256_of(input).hex() +
                                 "\",\"files\":" + std::string(input) + "}\n";
        const auto tree = store::parse_tree(text, archive);
        ENVPM_ASSERT(!tree || store::to_text(*tree) == text);
    }
}

} // namespace envpm::fuzz
