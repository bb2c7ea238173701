#include "base/assert.h"
#include "fuzz.h"
#include "importers/read.h"

#include <string>

namespace envpm::fuzz {

/// The first line is the file's name, which decides how the rest is read: refused, or carried over
/// with remarks that name a place and a reason. No password that stands in a URL gets out.
void read(std::string_view input) {
    const auto [name, text] = first_line(input);
    const std::string file(name);
    const auto imported =
        if_accepted([&, content = text] { return importers::read(content, file); });
    if (!imported) {
        return;
    }
    for (const auto* remarks : {&imported->remarks.left, &imported->remarks.changed}) {
        for (const Remark& remark : *remarks) {
            ENVPM_ASSERT(remark.location.file == file && remark.location.line > 0);
            ENVPM_ASSERT(!remark.what.empty() && !remark.why.empty());
        }
    }
    for (const importers::ImportedIndex& index : imported->indexes) {
        const std::string_view url = index.url;
        const std::size_t host = url.find("://");
        ENVPM_ASSERT(
            host == std::string_view::npos ||
            url.substr(host + 3, url.find_first_of("/?# ", host + 3) - host - 3).find('@') ==
                std::string_view::npos);
    }
}

} // namespace envpm::fuzz
