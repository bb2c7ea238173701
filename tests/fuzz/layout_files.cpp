#include "layout_files.h"

#include "base/assert.h"
#include "base/hash.h"
#include "fuzz.h"

#include <algorithm>

namespace envpm::fuzz {

LayoutFiles layout_files(std::string_view input) {
    constexpr std::string_view separator = "\n=== ";
    LayoutFiles files;
    while (!input.empty()) {
        const std::size_t end = std::min(input.find(separator), input.size());
        const auto [path, content] = first_line(input.substr(0, end));
        files.emplace(path, content);
        input.remove_prefix(std::min(end + separator.size(), input.size()));
    }
    return files;
}

Tree tree_of(const LayoutFiles& files) {
    Tree tree{sha256_of("archive"), {}};
    for (const auto& [path, content] : files) {
        tree.files.push_back(
            {RelativePath::parse(path), sha256_of(content), content.size(), false});
    }
    return tree;
}

void check_layout(const Layout& layout) {
    const LayoutEntry* before = nullptr;
    for (const LayoutEntry& entry : layout.entries) {
        const std::string& path = entry.path.string();
        ENVPM_ASSERT(before == nullptr || before->path < entry.path);
        ENVPM_ASSERT(path != "pyvenv.cfg" && path != ".envpm" && !path.starts_with(".envpm/"));
        before = &entry;
    }
}

} // namespace envpm::fuzz
