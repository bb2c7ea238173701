#include "locking/unknown_upgrades.h"

#include "base/error.h"
#include "base/near_miss.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::locking {

namespace {

void refuse_unknown_upgrade(const std::string& name, const Manifest& manifest,
                            const Lock& previous);

} // namespace

std::vector<std::string> unknown_upgrades(const std::set<PackageName>& upgrades,
                                          const Manifest& manifest,
                                          const std::optional<Lock>& previous) {
    std::vector<std::string> unknown;
    for (const PackageName& name : upgrades) {
        const auto is_it = [&](const auto& entry) {
            return entry.name == name || PackageName::parse(entry.name.string()) == name;
        };
        const auto has_it = [&](const auto& entries) {
            return std::any_of(entries.begin(), entries.end(), is_it);
        };
        const bool is_host_python = previous && name.string() == "python" &&
                                    std::any_of(previous->targets.begin(), previous->targets.end(),
                                                [](const auto& target) { return target.python; });
        if (is_host_python || (previous && has_it(previous->packages))) {
            continue;
        }
        if (previous && !has_it(manifest.dependencies) && !has_it(manifest.pypi_dependencies)) {
            refuse_unknown_upgrade(name.string(), manifest, *previous);
        }
        unknown.push_back(name.string());
    }
    return unknown;
}

namespace {

void refuse_unknown_upgrade(const std::string& name, const Manifest& manifest,
                            const Lock& previous) {
    std::vector<std::string> known;
    const auto add = [&](const auto& entries) {
        for (const auto& entry : entries) {
            known.push_back(entry.name.string());
        }
    };
    add(manifest.dependencies);
    add(manifest.pypi_dependencies);
    add(previous.packages);
    const auto meant = near_miss(name, known);
    throw Error(
        {fmt::format("neither the manifest nor the lock has a package `{}`", name),
         "the command line",
         meant ? fmt::format("did you mean `{}`?", *meant) : "`envpm list` shows what is locked"},
        ExitCode::usage);
}

} // namespace

} // namespace envpm::locking
