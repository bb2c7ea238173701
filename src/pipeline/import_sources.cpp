#include "pipeline/import_sources.h"

#include "base/ascii.h"
#include "importers/pip_lines.h"
#include "manifest/channels.h"
#include "manifest/index_url.h"
#include "model/channel_subdir.h"
#include "model/plain_name.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::pipeline {

namespace {

/// Where conda's `pkgs/main` and its like are.
constexpr std::string_view default_channels = "https://repo.anaconda.com/";

std::string without_last_slashes(std::string text);

} // namespace

void ImportSources::list(const importers::ImportedChannel& channel) {
    if (channel.text == "defaults") {
        remarks_.changed.push_back({channel.location, "channel `defaults`",
                                    "it stands for the channels `pkgs/main` and `pkgs/r`"});
        list({"pkgs/main", channel.location});
        list({"pkgs/r", channel.location});
        return;
    }
    if (const auto place = place_of(channel.text, channel.location)) {
        channels_[*place].is_listed = true;
    }
}

std::optional<std::string> ImportSources::channel_of(const std::string& text,
                                                     const SourceLocation& location) {
    const std::string lower = ascii_lower(text == "defaults" ? "pkgs/main" : text);
    for (const ChannelEntry& entry : channels_) {
        if (ascii_lower(entry.name) == lower || ascii_lower(entry.url) == lower) {
            return entry.name;
        }
    }
    const auto place = place_of(text == "defaults" ? "pkgs/main" : text, location);
    return place ? std::optional(channels_[*place].name) : std::nullopt;
}

void ImportSources::add(const importers::ImportedIndex& index) {
    if (auto fault = manifest::fault_of_source_url(index.url, "an index URL")) {
        remarks_.left.push_back(
            {index.location, fmt::format("the index `{}`", index.url), std::move(fault->what)});
        return;
    }
    IndexEntry entry = {index.is_default ? "pypi" : free_name(index.url), index.url, false,
                        index.location};
    if (index.is_default) {
        default_index_ = std::move(entry);
    } else {
        extra_indexes_.push_back(std::move(entry));
    }
}

std::vector<IndexEntry> ImportSources::indexes() const {
    std::vector<IndexEntry> all = extra_indexes_;
    if (default_index_) {
        all.push_back(*default_index_);
    }
    return all;
}

std::optional<std::string> ImportSources::index_of(const std::string& url,
                                                   const SourceLocation& location) {
    for (const IndexEntry& index : indexes()) {
        if (index.url == url) {
            return index.name;
        }
    }
    const std::size_t before = extra_indexes_.size();
    add({url, location, false});
    if (extra_indexes_.size() == before) {
        return std::nullopt;
    }
    extra_indexes_.back().is_explicit = true;
    return extra_indexes_.back().name;
}

std::optional<std::size_t> ImportSources::place_of(const std::string& text,
                                                   const SourceLocation& location) {
    const std::optional<std::string> url = url_of(text, location);
    if (!url) {
        return std::nullopt;
    }
    const auto found =
        std::find_if(channels_.begin(), channels_.end(),
                     [&](const ChannelEntry& channel) { return channel.url == *url; });
    if (found == channels_.end()) {
        channels_.push_back({free_name(*url), *url, false, location});
        return channels_.size() - 1;
    }
    return static_cast<std::size_t>(found - channels_.begin());
}

std::optional<std::string> ImportSources::url_of(const std::string& text,
                                                 const SourceLocation& location) {
    std::string url = importers::without_passwords(text);
    if (url != text) {
        remarks_.left.push_back({location, fmt::format("the password for {}", url),
                                 "a manifest is committed; put it into ~/.netrc"});
    }
    url = without_last_slashes(std::move(url));
    url = without_last_slashes(url.substr(0, end_of_channel(url)));
    if (url.starts_with('/')) {
        url.insert(0, "file://");
    } else if (url.starts_with("pkgs/")) {
        url.insert(0, default_channels);
    } else if (url.find("://") == std::string::npos && !url.starts_with('.')) {
        url.insert(0, manifest::public_channels);
    }
    auto fault = manifest::fault_of_source_url(url, "a channel URL");
    if (fault || url.find_first_of("{}$~") != std::string::npos) {
        remarks_.left.push_back(
            {location, fmt::format("channel `{}`", text),
             fault ? std::move(fault->what) : "its place is different on every machine"});
        return std::nullopt;
    }
    return url;
}

/// The last part of the URL, with more of it or a number where that is no name or is taken.
std::string ImportSources::free_name(const std::string& url) {
    std::string path = without_last_slashes(url);
    if (path.starts_with(manifest::public_channels)) {
        path = path.substr(manifest::public_channels.size());
        std::replace(path.begin(), path.end(), '/', '-');
    }
    path = path.ends_with("/simple") ? path.substr(0, path.rfind('/')) : path;
    std::string name = path.substr(path.rfind('/') + 1);
    name = name.substr(0, name.find(':'));
    name = is_plain_name(name) ? name : "source";
    std::string free = name;
    for (int number = 2; !names_.insert(free).second; ++number) {
        free = fmt::format("{}-{}", name, number);
    }
    return free;
}

namespace {

std::string without_last_slashes(std::string text) {
    while (text.ends_with('/')) {
        text.pop_back();
    }
    return text;
}

} // namespace

} // namespace envpm::pipeline
