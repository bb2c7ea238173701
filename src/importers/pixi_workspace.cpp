#include "importers/pixi_workspace.h"

#include "base/toml_fields.h"
#include "importers/platforms.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace envpm::importers {

namespace {

struct Ranked {
    ImportedChannel channel;
    std::int64_t priority = 0;
};

Ranked read_channel(const TomlValue& item, Imported& imported);

} // namespace

void read_pixi_workspace(const TomlValue& workspace, Imported& imported) {
    for (const TomlValue::Member& member : expect_table(workspace, "workspace")) {
        const TomlValue& value = member.value;
        if (member.name == "name") {
            imported.name = {member.name, expect_string(value, "workspace.name"), member.location};
        } else if (member.name == "platforms") {
            for (const TomlValue& item : expect_array(value, "workspace.platforms")) {
                add_platform(expect_string(item, "workspace.platforms"), item.location, imported);
            }
        } else if (member.name == "exclude-newer" && value.get_if<std::string>() != nullptr) {
            imported.exclude_newer =
                ImportedText{member.name, *value.get_if<std::string>(), member.location};
        } else if (member.name != "channels" && member.name != "channel-priority") {
            imported.leave(member.location, fmt::format("`workspace.{}`", member.name),
                           "envpm.toml has nothing like it");
        }
    }
}

void read_pixi_channels(std::span<const TomlValue* const> lists, Imported& imported) {
    std::vector<Ranked> channels;
    std::set<const TomlValue*> seen;
    for (const TomlValue* const list : lists) {
        if (!seen.insert(list).second) {
            continue; // the workspace's, for several features
        }
        for (const TomlValue& item : expect_array(*list, "channels")) {
            channels.push_back(read_channel(item, imported));
        }
    }
    std::stable_sort(channels.begin(), channels.end(),
                     [](const Ranked& a, const Ranked& b) { return a.priority > b.priority; });
    std::set<std::string> listed;
    for (Ranked& ranked : channels) {
        if (listed.insert(ranked.channel.text).second) {
            imported.channels.push_back(std::move(ranked.channel));
        }
    }
}

void read_pixi_channel_priority(std::span<const TomlValue::Member* const> entries,
                                Imported& imported) {
    std::string counts;
    for (const TomlValue::Member* const entry : entries) {
        const std::string& text = expect_string(entry->value, "channel-priority");
        if (!counts.empty()) {
            if (text != counts) {
                imported.leave(entry->location,
                               fmt::format("`channel-priority = {}`", toml_quoted(text)),
                               fmt::format("a feature before it says {}", toml_quoted(counts)));
            }
            continue;
        }
        counts = text;
        imported.has_flexible_channels = text != "strict";
        if (text != "strict") {
            imported.change(entry->location,
                            fmt::format("`channel-priority = {}`", toml_quoted(text)),
                            "the nearest that envpm has is `flexible`: a later channel may offer "
                            "what the earlier ones have no matching build of");
        }
    }
}

namespace {

Ranked read_channel(const TomlValue& item, Imported& imported) {
    Ranked ranked{{{}, item.location}};
    const TomlValue* text = &item;
    if (item.get_if<TomlValue::Table>() != nullptr) {
        text = item.find("channel");
        if (text == nullptr) {
            complain_at(item.location, "`channel` is missing in an item of `channels`",
                        "as in `{ channel = \"conda-forge\", priority = 1 }`");
        }
        for (const TomlValue::Member& member : expect_table(item, "channels")) {
            if (member.name == "priority") {
                ranked.priority = expect_integer(member.value, "channels.priority");
            } else if (member.name != "channel") {
                imported.leave(member.location, fmt::format("`{}` of a channel", member.name),
                               "envpm.toml has nothing like it");
            }
        }
    }
    ranked.channel.text = expect_string(*text, "channels");
    return ranked;
}

} // namespace

} // namespace envpm::importers
