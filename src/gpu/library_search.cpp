#include "gpu/library_search.h"

#include <algorithm>
#include <filesystem>

namespace envpm::gpu {

namespace {

/// Links that lead to links, and so on: as many as the kernel follows.
constexpr int most_links = 40;

std::string_view list_of(const PrefixBinary& binary);
bool is_inside(const std::string& path);
std::string normal(const std::filesystem::path& path);
std::string with_origin(std::string text, std::string_view folder);

} // namespace

LibrarySearch::LibrarySearch(const AuditRequest& request)
    : prefix_(request.prefix + "/") {
    for (const PrefixLink& link : request.links) {
        links_.insert_or_assign(link.path, link.target);
    }
    const auto add_name = [this](std::string_view name, const PrefixBinary& binary) {
        std::vector<const PrefixBinary*>& places = names_[std::string(name)];
        if (std::find(places.begin(), places.end(), &binary) == places.end()) {
            places.push_back(&binary);
        }
    };
    for (const PrefixBinary& binary : request.binaries) {
        files_.insert_or_assign(binary.path, &binary);
        add_name(name_of(binary.path), binary);
        if (!binary.facts.soname.empty()) {
            add_name(binary.facts.soname, binary);
        }
    }
    for (const PrefixLink& link : request.links) {
        if (const PrefixBinary* const binary = at(link.path)) {
            add_name(name_of(link.path), *binary);
        }
    }
    for (const PrefixBinary& binary : request.binaries) {
        const std::pair key(folder_of(binary.path), list_of(binary));
        if (!folders_.contains(key)) {
            folders_.emplace(key, folders(key.second, key.first));
        }
    }
    for (auto& [name, places] : names_) {
        std::sort(places.begin(), places.end(),
                  [](const auto* a, const auto* b) { return a->path < b->path; });
    }
}

const PrefixBinary* LibrarySearch::find(std::string_view soname, const Loaders& loaders) const {
    if (loaders.empty()) {
        return nullptr;
    }
    const PrefixBinary& who = *loaders.front();
    if (who.facts.runpath) {
        return find_in(folders_of(who), soname);
    }
    for (const PrefixBinary* const loader : loaders) {
        if (loader->facts.rpath && !loader->facts.runpath) {
            if (const auto* const found = find_in(folders_of(*loader), soname)) {
                return found;
            }
        }
    }
    return nullptr;
}

const PrefixBinary* LibrarySearch::find_in(const std::vector<std::string>& places,
                                           std::string_view soname) const {
    for (const std::string& place : places) {
        std::string path = place.empty() ? std::string() : place + "/";
        path += soname;
        if (const PrefixBinary* const binary = at(path)) {
            return binary;
        }
    }
    return nullptr;
}

std::vector<const PrefixBinary*> LibrarySearch::all(std::string_view soname) const {
    const auto found = names_.find(soname);
    return found == names_.end() ? std::vector<const PrefixBinary*>() : found->second;
}

bool LibrarySearch::has_stem(std::string_view stem) const {
    const auto first = names_.lower_bound(std::string(stem) + ".so");
    return first != names_.end() && stem_of(first->first) == stem;
}

const PrefixBinary* LibrarySearch::find_anywhere(std::string_view soname,
                                                 const PrefixBinary& who) const {
    if (const PrefixBinary* const found = find(soname, {&who})) {
        return found;
    }
    const std::vector<const PrefixBinary*> places = all(soname);
    return places.empty() ? nullptr : places.front();
}

const std::vector<std::string>& LibrarySearch::folders_of(const PrefixBinary& binary) const {
    return folders_.at({folder_of(binary.path), list_of(binary)});
}

/// Folders outside of the prefix, or relative to where a program is started, are left out.
std::vector<std::string> LibrarySearch::folders(std::string_view list,
                                                std::string_view origin) const {
    std::vector<std::string> places;
    while (!list.empty()) {
        const std::size_t colon = std::min(list.find(':'), list.size());
        const std::string_view entry = list.substr(0, colon);
        list.remove_prefix(std::min(colon + 1, list.size()));
        if (entry.starts_with(prefix_)) {
            places.push_back(real_path(normal(entry.substr(prefix_.size()))));
        } else if (entry.starts_with("$ORIGIN") || entry.starts_with("${ORIGIN}")) {
            const std::string place = normal(with_origin(std::string(entry), origin));
            if (is_inside(place) && place.find('$') == std::string::npos) {
                places.push_back(real_path(place));
            }
        }
    }
    return places;
}

const PrefixBinary* LibrarySearch::at(const std::string& path) const {
    const auto found = files_.find(real_path(path));
    return found == files_.end() ? nullptr : found->second;
}

/// The path without links in any of its parts; the path as it is if they lead out of the prefix.
std::string LibrarySearch::real_path(const std::string& path) const {
    std::string real = path;
    for (int followed = 0; followed < most_links; ++followed) {
        auto link = links_.end();
        std::size_t end = 0;
        while (link == links_.end() && end < real.size()) {
            end = std::min(real.find('/', end + 1), real.size());
            link = links_.find(std::string_view(real).substr(0, end));
        }
        if (link == links_.end()) {
            return real;
        }
        std::string next = normal(std::filesystem::path(folder_of(link->first)) / link->second);
        if (!is_inside(next)) {
            return real;
        }
        next += std::string_view(real).substr(end);
        real = normal(next);
    }
    return real;
}

std::string_view folder_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

namespace {

/// Empty if it has none.
std::string_view list_of(const PrefixBinary& binary) {
    const gpu::Binary& facts = binary.facts;
    if (facts.runpath) {
        return *facts.runpath;
    }
    return facts.rpath ? std::string_view(*facts.rpath) : std::string_view();
}

bool is_inside(const std::string& path) {
    return !path.starts_with("/") && path != ".." && !path.starts_with("../");
}

/// Without `.` and needless `..`; empty for the prefix itself.
std::string normal(const std::filesystem::path& path) {
    std::string text = path.lexically_normal().string();
    while (text.ends_with("/")) {
        text.pop_back();
    }
    return text == "." ? "" : text;
}

/// The folder is relative to the prefix, so the token's slash goes with it if that is the prefix.
std::string with_origin(std::string text, std::string_view folder) {
    const std::size_t token = text.starts_with("${") ? 9 : 7;
    const std::string origin = folder.empty() ? "." : std::string(folder);
    return text.replace(0, token, origin);
}

} // namespace

} // namespace envpm::gpu
