#include "base/assert.h"
#include "fuzz.h"
#include "realize/link_check.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace envpm::fuzz {

namespace {

using Links = std::map<std::string, std::string>;

std::vector<LayoutEntry> links_of(std::string_view input);
bool leaves(const Links& links, const std::string& folder, const std::string& target, int depth);

} // namespace

/// Links, "path=target" a line. Where none is refused, none leaves the prefix by a second way to
/// follow them either: one link at a time, by recursion.
void read(std::string_view input) {
    const auto entries = if_accepted([input] { return links_of(input); });
    if (!entries) {
        return;
    }
    const auto accepted = if_accepted([&entries] {
        realize::check_links(*entries, {});
        return true;
    });
    if (!accepted) {
        return;
    }
    Links links;
    for (const LayoutEntry& entry : *entries) {
        links.emplace(entry.path.string(), std::get<SymbolicLink>(entry.content).target);
    }
    for (const LayoutEntry& entry : *entries) {
        ENVPM_ASSERT(
            !leaves(links, std::string(entry.path.parent()), links.at(entry.path.string()), 0));
    }
}

namespace {

std::vector<LayoutEntry> links_of(std::string_view input) {
    std::vector<LayoutEntry> entries;
    Links seen;
    while (!input.empty() && entries.size() < 8) {
        const auto [line, rest] = first_line(input);
        input = rest;
        const std::size_t equals = line.find('=');
        const std::string target(line.substr(std::min(equals, line.size() - 1) + 1));
        if (equals == std::string_view::npos || target.empty()) {
            continue;
        }
        const RelativePath path = RelativePath::parse(line.substr(0, equals));
        if (seen.emplace(path.string(), target).second) {
            entries.push_back({path, SymbolicLink{target}, false, "a 1"});
        }
    }
    return entries;
}

/// The folder that `target` leads to from `folder`; nothing for a circle. Sets `is_outside`.
std::optional<std::string> followed(const Links& links, std::string folder,
                                    const std::string& target, int depth, bool& is_outside) {
    if (depth > 12) {
        return std::nullopt;
    }
    if (target.starts_with('/')) {
        is_outside = true;
        return std::nullopt;
    }
    std::size_t begin = 0;
    while (begin <= target.size()) {
        const std::size_t end = std::min(target.find('/', begin), target.size());
        const std::string part = target.substr(begin, end - begin);
        begin = end + 1;
        if (part.empty() || part == ".") {
            continue;
        }
        if (part == "..") {
            is_outside = is_outside || folder.empty();
            const std::size_t slash = folder.rfind('/');
            folder.resize(slash == std::string::npos ? 0 : slash);
            if (is_outside) {
                return std::nullopt;
            }
            continue;
        }
        const std::string path = folder.empty() ? part : folder + "/" + part;
        const auto link = links.find(path);
        if (link == links.end()) {
            folder = path;
            continue;
        }
        const auto next = followed(links, folder, link->second, depth + 1, is_outside);
        if (!next) {
            return std::nullopt;
        }
        folder = *next;
    }
    return folder;
}

bool leaves(const Links& links, const std::string& folder, const std::string& target, int depth) {
    bool is_outside = false;
    static_cast<void>(followed(links, folder, target, depth, is_outside));
    return is_outside;
}

} // namespace

} // namespace envpm::fuzz
