#include "importers/platforms.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::importers {

void add_platform(const std::string& text, const SourceLocation& location, Imported& imported) {
    const std::optional<Platform> platform = parse_platform(text);
    if (!platform) {
        imported.leave(location, fmt::format("platform `{}`", text),
                       "envpm knows `linux-64` and `linux-aarch64`");
        return;
    }
    const Target target{text, *platform, {}};
    if (std::find(imported.targets.begin(), imported.targets.end(), target) ==
        imported.targets.end()) {
        imported.targets.push_back(target);
    }
}

bool is_everywhere(Platform platform, const Imported& imported) {
    return !imported.targets.empty() &&
           std::all_of(imported.targets.begin(), imported.targets.end(),
                       [&](const Target& target) { return target.platform == platform; });
}

} // namespace envpm::importers
