#include "realize/link_check.h"

#include "base/error.h"
#include "realize/environment_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace envpm::realize {

namespace {

/// As many as Linux follows in one path (path_resolution(7)).
constexpr int most_links = 40;
/// More parts than any real link has on its way: 64 folders up, 64 down, and some links between.
constexpr int most_steps = 1000;

using Links = std::unordered_map<std::string_view, std::string_view>;

bool leads_outside(std::string_view folder, std::string_view target, const Links& links);
bool is_allowed(std::string_view path, std::string_view target,
                const std::vector<PathPattern>& allowed);
bool go_up(std::string& folder);
std::string_view take_part(std::vector<std::string_view>& left);
std::string below(const std::string& folder, std::string_view part);

} // namespace

void check_links(const std::vector<LayoutEntry>& entries, const std::vector<PathPattern>& allowed) {
    Links links;
    for (const LayoutEntry& entry : entries) {
        if (const auto* link = std::get_if<SymbolicLink>(&entry.content)) {
            links.emplace(entry.path.string(), link->target);
        }
    }
    for (const LayoutEntry& entry : entries) {
        const auto* link = std::get_if<SymbolicLink>(&entry.content);
        if (link != nullptr && entry.owner.string() != environment_owner &&
            leads_outside(entry.path.parent(), link->target, links) &&
            !is_allowed(entry.path.string(), link->target, allowed)) {
            throw Error(
                {fmt::format("a link of {} leads out of the environment", entry.owner.string()),
                 fmt::format("`{}` -> `{}`", entry.path.string(), link->target),
                 fmt::format("if it may, say so under `[workspace]`: outside-links = [\"{}\"]",
                             entry.path.string())},
                ExitCode::integrity);
        }
    }
}

namespace {

/// Goes as the kernel does: part by part, each link on the way in place of its own name. Nothing is
/// copied, and no more than `most_steps` are taken: links in links can be made to take years.
bool leads_outside(std::string_view folder, std::string_view target, const Links& links) {
    if (target.starts_with('/')) {
        return true;
    }
    std::string at(folder);
    std::vector<std::string_view> left = {target}; // what is next stands at the end
    int followed = 0;
    for (int steps = 0; !left.empty(); ++steps) {
        if (steps == most_steps) {
            return true;
        }
        const std::string_view part = take_part(left);
        if (part == "..") {
            if (!go_up(at)) {
                return true;
            }
            continue;
        }
        std::string path = below(at, part);
        const auto link = links.find(path);
        if (link == links.end()) {
            at = std::move(path);
            continue;
        }
        if (link->second.starts_with('/') || ++followed > most_links) {
            return false; // one that is absolute is judged by itself
        }
        left.push_back(link->second);
    }
    return false;
}

/// A token would lead elsewhere once it is replaced.
bool is_allowed(std::string_view path, std::string_view target,
                const std::vector<PathPattern>& allowed) {
    return !target.starts_with(prefix_token) && !target.starts_with(python_home_token) &&
           std::any_of(allowed.begin(), allowed.end(),
                       [&](const PathPattern& pattern) { return pattern.matches(path); });
}

/// False at the top.
bool go_up(std::string& folder) {
    if (folder.empty()) {
        return false;
    }
    folder.resize(folder.find('/') == std::string::npos ? 0 : folder.rfind('/'));
    return true;
}

/// The next part, taken off with the slashes behind it, and with what then is empty.
std::string_view take_part(std::vector<std::string_view>& left) {
    std::string_view& next = left.back();
    const std::string_view part = next.substr(0, next.find('/'));
    next.remove_prefix(std::min(next.find_first_not_of('/', part.size()), next.size()));
    if (next.empty()) {
        left.pop_back();
    }
    return part;
}

/// "." stays where it is.
std::string below(const std::string& folder, std::string_view part) {
    if (part == ".") {
        return folder;
    }
    return folder.empty() ? std::string(part) : fmt::format("{}/{}", folder, part);
}

} // namespace

} // namespace envpm::realize
