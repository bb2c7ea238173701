#include "manifest/channels.h"

#include "base/toml_fields.h"
#include "manifest/index_url.h"
#include "model/plain_name.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::manifest {

namespace {

ChannelEntry read_declared(const TomlValue::Member& member, const std::string& table_name);
ChannelEntry listed_channel(const TomlValue& item, std::vector<ChannelEntry>& declared);
ChannelEntry channel_of_url(const std::string& url, const SourceLocation& location);
void check_url(const std::string& url, const std::string& key, const SourceLocation& location);
void check_unique(const std::vector<ChannelEntry>& channels);

} // namespace

std::vector<ChannelEntry> read_channels(const TomlValue* list, const TomlValue* table,
                                        const std::string& table_name) {
    std::vector<ChannelEntry> declared;
    if (table != nullptr) {
        for (const TomlValue::Member& member : expect_table(*table, table_name)) {
            declared.push_back(read_declared(member, table_name));
        }
    }
    std::vector<ChannelEntry> channels;
    if (list != nullptr) {
        for (const TomlValue& item : expect_array(*list, "workspace.channels")) {
            channels.push_back(listed_channel(item, declared));
        }
    }
    channels.insert(channels.end(), declared.begin(), declared.end());
    check_unique(channels);
    return channels;
}

ChannelPriority read_channel_priority(const TomlValue& value) {
    const std::string& text = expect_string(value, "workspace.channel-priority");
    if (text == "strict") {
        return ChannelPriority::strict;
    }
    if (text != "flexible") {
        complain_at(value.location,
                    fmt::format("`channel-priority` cannot be {}", toml_quoted(text)),
                    known_words(text, std::vector<std::string>{"strict", "flexible"}));
    }
    return ChannelPriority::flexible;
}

namespace {

ChannelEntry read_declared(const TomlValue::Member& member, const std::string& table_name) {
    const std::string key = table_name + "." + member.name;
    if (!is_plain_name(member.name)) {
        complain_at(member.location,
                    fmt::format("{} cannot name a channel", toml_quoted(member.name)),
                    "letters, digits, `.`, `_` and `-`, at most 64");
    }
    const TomlValue* url = &member.value;
    if (member.value.get_if<TomlValue::Table>() != nullptr) {
        expect_keys(member.value, key, std::vector<std::string>{"url"});
        url = member.value.find("url");
        if (url == nullptr) {
            complain_at(member.location, fmt::format("`url` is missing in `{}`", key));
        }
    }
    ChannelEntry entry{member.name, expect_string(*url, key), false, member.location};
    check_url(entry.url, key, url->location);
    return entry;
}

/// A declared one that is listed moves from `declared`.
ChannelEntry listed_channel(const TomlValue& item, std::vector<ChannelEntry>& declared) {
    const std::string& text = expect_string(item, "workspace.channels");
    if (text.find("://") != std::string::npos) {
        return channel_of_url(text, item.location);
    }
    const auto found = std::find_if(declared.begin(), declared.end(),
                                    [&](const ChannelEntry& entry) { return entry.name == text; });
    if (found != declared.end()) {
        ChannelEntry entry = *found;
        entry.is_listed = true;
        declared.erase(found);
        return entry;
    }
    if (!is_plain_name(text)) {
        complain_at(item.location, fmt::format("{} names no channel", toml_quoted(text)),
                    "a channel's name, or its URL; `[channels]` gives a URL a name");
    }
    return {text, std::string(public_channels) + text, true, item.location};
}

ChannelEntry channel_of_url(const std::string& url, const SourceLocation& location) {
    check_url(url, "workspace.channels", location);
    const std::string whole = url.substr(0, url.find_last_not_of('/') + 1);
    const std::string name = whole.substr(whole.rfind('/') + 1);
    if (!is_plain_name(name)) {
        complain_at(location, fmt::format("{} ends in no name for the channel", toml_quoted(url)),
                    "give it one under `[channels]`, and list that");
    }
    return {name, url, true, location};
}

void check_url(const std::string& url, const std::string& key, const SourceLocation& location) {
    if (auto fault = fault_of_source_url(url, "a channel URL")) {
        complain_at(location, fmt::format("`{}`: {}", key, fault->what), fault->hint);
    }
    if (auto fault = fault_of_channel_url(url)) {
        complain_at(location, fault->what, fault->hint);
    }
}

void check_unique(const std::vector<ChannelEntry>& channels) {
    for (std::size_t i = 0; i < channels.size(); ++i) {
        for (std::size_t earlier = 0; earlier < i; ++earlier) {
            if (channels[earlier].name == channels[i].name) {
                complain_at(channels[i].location,
                            fmt::format("two channels are called `{}`", channels[i].name),
                            fmt::format("the other is at {}; the lock tells them apart by name",
                                        channels[earlier].location.text()));
            }
        }
    }
}

} // namespace

} // namespace envpm::manifest
