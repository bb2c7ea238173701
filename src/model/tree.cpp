#include "model/tree.h"

#include "base/error.h"

#include <algorithm>

namespace envpm {

void check_link_target(std::string_view target, const std::string& link) {
    constexpr std::size_t longest_target = 4095;
    if (target.empty() || target.size() > longest_target) {
        throw Error({"a link's target is empty or longer than 4,095 bytes", link, {}},
                    ExitCode::integrity);
    }
    for (std::size_t begin = 0; begin <= target.size();) {
        const std::size_t end = std::min(target.find('/', begin), target.size());
        const std::string_view part = target.substr(begin, end - begin);
        if (!part.empty() && part != "." && part != "..") {
            try {
                RelativePath::parse(part);
            } catch (Error& fault) {
                fault.add_context("in the target of the link `" + link + "`");
                throw;
            }
        }
        begin = end + 1;
    }
}

const TreeFile* find_file(const Tree& tree, std::string_view path) {
    return find_path(tree.files, path);
}

const TreeLink* find_link(const Tree& tree, std::string_view path) {
    return find_path(tree.links, path);
}

} // namespace envpm
