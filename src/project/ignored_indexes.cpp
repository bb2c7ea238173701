#include "project/ignored_indexes.h"

#include "base/ascii.h"
#include "base/url.h"
#include "manifest/index_url.h"
#include "project/pip_settings.h"
#include "project/torch_variants.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace envpm::project {

namespace {

std::string url_of_pip(const std::string& index);
std::string place_of(const std::string& url);
std::set<std::string> asked_places(const std::optional<Manifest>& manifest,
                                   const Settings& settings);
std::set<std::string> source_names(const std::optional<Manifest>& manifest);

} // namespace

std::vector<IgnoredIndex> ignored_indexes(const std::optional<Manifest>& manifest,
                                          const Services& services) {
    std::vector<IgnoredIndex> ignored;
    const std::set<std::string> asked = asked_places(manifest, services.settings());
    std::set<std::string> taken = source_names(manifest);
    for (const Mirror& index : pip_extra_indexes(services.variables())) {
        const bool is_without_password = without_credentials(index.url) == index.url;
        const std::string url = url_of_pip(without_credentials(index.url));
        const bool is_chosen_from = manifest && manifest->gpu.chooses_torch_variants;
        if (asked.contains(place_of(url)) || (is_chosen_from && is_torch_place(url))) {
            continue;
        }
        if (const auto fault = manifest::fault_of_source_url(url, "an index URL")) {
            const bool may_hold_secrets = url.find_first_of("@?#") != std::string::npos;
            ignored.push_back({index.origin,
                               fmt::format("pip takes {} for an index: {}",
                                           may_hold_secrets ? "a text that may hold a password"
                                                            : fmt::format("`{}`", url),
                                           fault->what),
                               "correct it there; envpm does not ask it"});
            continue;
        }
        std::string name = "extra";
        for (int number = 2; !taken.insert(name).second; ++number) {
            name = fmt::format("extra{}", number);
        }
        ignored.push_back(
            {index.origin,
             fmt::format("pip asks `{}` too, and envpm does not: the manifest names the indexes",
                         url),
             fmt::format("if the project needs it, write `{} = \"{}\"` under `[indexes]`{}", name,
                         url, is_without_password ? "" : ", and user and password into ~/.netrc")});
    }
    return ignored;
}

namespace {

/// pip takes a folder too.
std::string url_of_pip(const std::string& index) {
    return index.starts_with('/') ? "file://" + index : index;
}

/// The same for all spellings of one URL: the case of a host means nothing.
std::string place_of(const std::string& url) {
    const std::string base = pypi::base_url(url); // "https:" where a host is missing
    const std::size_t colon = base.find("://");
    const std::size_t path =
        std::min(base.find('/', colon == std::string::npos ? 0 : colon + 3), base.size());
    return ascii_lower(base.substr(0, path)) + base.substr(path);
}

/// Without credentials.
std::set<std::string> asked_places(const std::optional<Manifest>& manifest,
                                   const Settings& settings) {
    std::set<std::string> places;
    for (const auto& [name, mirrors] : settings.mirrors) {
        for (const Mirror& mirror : mirrors) {
            places.insert(place_of(without_credentials(mirror.url)));
        }
    }
    for (const IndexEntry& index : manifest ? manifest->indexes : std::vector<IndexEntry>()) {
        places.insert(place_of(index.url));
    }
    return places;
}

/// No two sources of a manifest may have one name.
std::set<std::string> source_names(const std::optional<Manifest>& manifest) {
    std::set<std::string> names;
    if (manifest) {
        for (const IndexEntry& index : manifest->indexes) {
            names.insert(index.name);
        }
        for (const ChannelEntry& channel : manifest->channels) {
            names.insert(channel.name);
        }
    }
    return names;
}

} // namespace

} // namespace envpm::project
