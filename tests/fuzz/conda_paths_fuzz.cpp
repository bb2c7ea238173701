#include "base/assert.h"
#include "conda/package_paths.h"
#include "fuzz.h"

#include <string>

namespace envpm::fuzz {

namespace {

void check(const std::vector<conda::PackagePath>& paths) {
    const conda::PackagePath* before = nullptr;
    for (const conda::PackagePath& path : paths) {
        ENVPM_ASSERT(before == nullptr || before->path < path.path);
        ENVPM_ASSERT(RelativePath::parse(path.path.string()) == path.path);
        ENVPM_ASSERT(!path.placeholder || path.placeholder->text.size() >= 2);
        before = &path;
    }
}

/// "lib/x" is a link, so that one of the old lists can name one.
Tree tree_with_a_link() {
    Tree tree{sha256_of("archive"), {}};
    tree.links = {{RelativePath::parse("lib/x"), "y"}};
    return tree;
}

} // namespace

/// paths.json; and, parted by lines "===", the three lists that were before it. What is accepted is
/// compared with a tree without ill effect.
void read(std::string_view input) {
    const Tree tree = tree_with_a_link();
    const auto new_paths = if_accepted([input] { return conda::parse_paths(input, "a"); });
    conda::OldPathTexts texts;
    for (std::string* text : {&texts.files, &texts.has_prefix, &texts.no_link}) {
        const std::size_t end = std::min(input.find("===\n"), input.size());
        *text = input.substr(0, end);
        input.remove_prefix(std::min(end + 4, input.size()));
    }
    const auto old_paths = if_accepted([&] { return conda::parse_old_paths(texts, tree, "a"); });
    for (const auto& paths : {new_paths, old_paths}) {
        if (paths) {
            check(*paths);
            static_cast<void>(if_accepted([&] {
                conda::check_paths(*paths, tree, "a");
                return true;
            }));
        }
    }
}

} // namespace envpm::fuzz
