#include "project/sources.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/url.h"
#include "manifest/channels.h"
#include "manifest/index_url.h"
#include "project/conda_settings.h"
#include "project/torch_variants.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::project {

namespace {

Mirror own_place(const ChannelEntry& entry, const CondaSettings& conda);
void check_places(const std::vector<Mirror>& of_channel);
void check_pip_places(const std::vector<Mirror>& places);
bool is_of_pip(const Mirror& mirror);
std::vector<Mirror> places_of_index(const IndexEntry& entry, const Settings& settings);
std::vector<std::string> page_urls(const Source& source);

} // namespace

std::vector<Source> channel_sources(const Manifest& manifest, const Settings& settings) {
    std::vector<Source> sources;
    if (manifest.channels.empty()) {
        return sources;
    }
    const CondaSettings conda = CondaSettings::read(settings.conda_files);
    for (const ChannelEntry& entry : manifest.channels) {
        sources.push_back({Source::Kind::channel, entry.name, !entry.is_listed,
                           places_of(settings, entry.name, own_place(entry, conda))});
        check_places(sources.back().places);
    }
    return sources;
}

std::vector<Source> index_sources(const Manifest& manifest, const universe::Requests& requests,
                                  Services& services) {
    const Settings& settings = services.settings();
    std::vector<Source> sources;
    bool has_pypi = false;
    for (const IndexEntry& entry : manifest.indexes) {
        has_pypi |= entry.name == "pypi";
        sources.push_back({Source::Kind::index, entry.name, entry.is_explicit,
                           places_of_index(entry, settings), entry.url});
    }
    if (!has_pypi) {
        const auto configured = settings.mirrors.find("pypi");
        Source pypi{Source::Kind::index, "pypi", false, {}};
        if (configured != settings.mirrors.end()) {
            pypi.places = configured->second;
        }
        std::erase_if(pypi.places, [](const Mirror& mirror) { return mirror.url == "default"; });
        if (pypi.places.empty()) {
            throw Error({"no Python index is configured", manifest.file.string(),
                         "set PIP_INDEX_URL, or add `pypi = \"https://…/simple\"` under "
                         "`[indexes]`"});
        }
        check_pip_places(pypi.places);
        const auto pip = std::find_if(pypi.places.begin(), pypi.places.end(), is_of_pip);
        pypi.own_url = pip != pypi.places.end() ? pip->url : "";
        sources.push_back(std::move(pypi));
    }
    if (manifest.gpu.chooses_torch_variants) {
        for (Source& source : torch_sources(requests.gpu, services.facts().get(), settings)) {
            sources.push_back(std::move(source));
        }
    }
    return sources;
}

std::vector<conda::Channel> channels_of(const Manifest& manifest, const Settings& settings) {
    std::vector<conda::Channel> channels;
    for (const Source& source : channel_sources(manifest, settings)) {
        channels.push_back({source.name, page_urls(source)});
    }
    return channels;
}

std::vector<pypi::Index> indexes_of(const Manifest& manifest, const universe::Requests& requests,
                                    Services& services) {
    std::vector<pypi::Index> indexes;
    for (const Source& source : index_sources(manifest, requests, services)) {
        indexes.push_back(
            {source.name, page_urls(source), source.is_explicit, source.own_url, source.below});
    }
    return indexes;
}

universe::Bindings bindings_of(const Manifest& manifest, const universe::Requests& requests,
                               Services& services) {
    universe::Bindings bindings;
    if (manifest.gpu.chooses_torch_variants) {
        bindings.spread = torch_projects(
            torch_sources(requests.gpu, services.facts().get(), services.settings()), requests);
    }
    std::map<PackageName, std::string>& bound = bindings.bound;
    for (const universe::Request& request : requests.packages) {
        if (!request.index) {
            continue;
        }
        const auto [place, is_new] = bound.emplace(request.name, *request.index);
        if (!is_new && place->second != *request.index) {
            throw Error({fmt::format("`{}` cannot come from `{}` and from `{}`",
                                     request.name.string(), place->second, *request.index),
                         request.location.text(), "name one index for it"});
        }
    }
    return bindings;
}

std::vector<Mirror> places_of(const Settings& settings, const std::string& name,
                              const Mirror& own) {
    const auto configured = settings.mirrors.find(name);
    if (configured == settings.mirrors.end()) {
        return {own};
    }
    std::vector<Mirror> places;
    for (const Mirror& mirror : configured->second) {
        // What pip is configured for stands for the default index, not for one that replaces it.
        const bool is_own = mirror.url == "default" || mirror.kind == MirrorKind::pip;
        places.push_back(is_own ? own : mirror);
    }
    return places;
}

namespace {

Mirror own_place(const ChannelEntry& entry, const CondaSettings& conda) {
    if (auto place = conda.place_of(entry.url)) {
        return std::move(*place);
    }
    const bool is_only_named = entry.url == std::string(manifest::public_channels) + entry.name;
    return {entry.url, is_only_named ? "default" : entry.location.text()};
}

/// Only here is it known that a mirror is a channel's: an index may well end in `/linux-64`.
void check_places(const std::vector<Mirror>& of_channel) {
    for (const Mirror& mirror : of_channel) {
        const bool has_pages = mirror.form == MirrorForm::pages;
        if (const auto fault = has_pages
                                   ? manifest::fault_of_channel_url(without_credentials(mirror.url))
                                   : std::optional<manifest::UrlFault>()) {
            throw Error({fault->what, mirror.origin, fault->hint});
        }
    }
}

/// Those of a manifest were looked at when it was read.
void check_pip_places(const std::vector<Mirror>& places) {
    for (const Mirror& place : places) {
        const std::string scheme = ascii_lower(place.url.substr(0, place.url.find("://")));
        const bool is_known = scheme == "https" || scheme == "http" || scheme == "file";
        if (place.kind == MirrorKind::pip && !is_known) {
            throw Error({"an index URL begins with `https://`, `http://` or `file://`",
                         place.origin,
                         "correct it there, or name the index `pypi` under `[indexes]`"});
        }
    }
}

/// One of PyTorch's is mirrored with the place that it lies below, unless it is by its own name.
bool is_of_pip(const Mirror& mirror) {
    return mirror.kind == MirrorKind::pip;
}

std::vector<Mirror> places_of_index(const IndexEntry& entry, const Settings& settings) {
    const Mirror own{entry.url, entry.location.text()};
    if (!settings.mirrors.contains(entry.name) && is_torch_place(entry.url)) {
        return torch_places(settings, own);
    }
    return places_of(settings, entry.name, own);
}

std::vector<std::string> page_urls(const Source& source) {
    std::vector<std::string> urls;
    for (const Mirror& place : source.places) {
        if (place.form == MirrorForm::pages) {
            urls.push_back(place.url);
        }
    }
    return urls;
}

} // namespace

} // namespace envpm::project
