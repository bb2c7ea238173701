#include "locking/file_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::locking {

namespace {

bool is_called(const LockedPackage& package, const std::string& text) {
    return package.is_conda() ? package.name.string() == text
                              : PackageName::parse(text) == package.name;
}

} // namespace

std::vector<PathPattern> won_paths(const LockedPackage& package,
                                   const std::vector<FileRule>& rules) {
    std::vector<PathPattern> paths;
    for (const FileRule& rule : rules) {
        if (is_called(package, rule.package)) {
            paths.push_back(rule.path);
        }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::vector<std::string> notes_on_absent_winners(const std::vector<FileRule>& rules,
                                                 const Lock& lock) {
    std::vector<std::string> notes;
    for (const FileRule& rule : rules) {
        const bool is_locked = std::any_of(
            lock.packages.begin(), lock.packages.end(),
            [&](const LockedPackage& package) { return is_called(package, rule.package); });
        if (!is_locked) {
            notes.push_back(fmt::format("`{}` under `[files]` names {}, which is not locked",
                                        rule.path.text(), rule.package));
        }
    }
    return notes;
}

std::vector<realize::FileClaim> claims_of(const std::vector<LockedPackage>& packages) {
    std::vector<realize::FileClaim> claims;
    for (const LockedPackage& package : packages) {
        for (const PathPattern& path : package.wins) {
            claims.push_back({path, package.label()});
        }
    }
    return claims;
}

} // namespace envpm::locking
