#pragma once

#include "base/toml.h"
#include "model/manifest.h"

#include <string>

namespace envpm::manifest {

/// Where a channel is that is only named: the public place of conda's community.
inline constexpr std::string_view public_channels = "https://conda.anaconda.org/";

/// `[workspace] channels` and `[channels]` together: the listed ones first, in their order. A
/// listed channel is a name that `[channels]` declares, a name of the public place, or a URL, whose
/// name is its last part. Two of one name are an Error. `list` or `table` may be null.
std::vector<ChannelEntry> read_channels(const TomlValue* list, const TomlValue* table,
                                        const std::string& table_name);

/// `[workspace] channel-priority`.
ChannelPriority read_channel_priority(const TomlValue& value);

} // namespace envpm::manifest
