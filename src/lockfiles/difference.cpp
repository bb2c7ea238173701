#include "lockfiles/difference.h"

#include "lockfiles/lock_file.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace envpm::lockfiles {

namespace {

/// One package in one target, before and after; null where it is not.
struct Pair {
    const LockedPackage* before = nullptr;
    const LockedPackage* after = nullptr;
};

using Name = PackageName;
using Names = std::set<std::string>;
using Pairs = std::map<std::tuple<Name, bool, std::string>, Pair>; ///< name, is conda, target

/// Targets by all else.
using Changes = std::map<std::tuple<Name, std::optional<std::string>, std::optional<std::string>,
                                    bool, std::vector<std::string>>,
                         std::vector<std::string>>;

void collect_pythons(const Lock& before, const Lock& after, Changes& changes);
void collect(const Lock& lock, const LockedPackage* Pair::*side, Pairs& pairs);
bool is_same(const Pair& pair);
Names targets_of(const Lock& lock);
std::vector<TargetChange> only_in(const Lock& here, const Lock& there, bool is_added);
bool has(const Lock& lock, const LockedPackage& package);
bool is_of_one_file(const Pair& pair);
Names damaged_targets(const std::optional<Lock>& before);
std::vector<std::string> corrected(const Pair& pair, bool is_damaged);
std::optional<std::string> version_of(const LockedPackage* package);
bool is_everywhere(const std::vector<std::string>& targets, const Lock& lock);

} // namespace

std::vector<Change> difference(const std::optional<Lock>& before, const Lock& after) {
    Pairs pairs;
    if (before) {
        collect(*before, &Pair::before, pairs);
    }
    collect(after, &Pair::after, pairs);

    Changes changes;
    if (before) {
        collect_pythons(*before, after, changes);
    }
    const Names damaged = damaged_targets(before);
    const auto came_along = [&](const Pair& pair, const std::string& target) {
        return before && ((pair.before == nullptr && !targets_of(*before).contains(target) &&
                           has(*before, *pair.after)) ||
                          (pair.after == nullptr && !targets_of(after).contains(target) &&
                           has(after, *pair.before)));
    };
    for (const auto& [key, pair] : pairs) {
        const std::string& target = std::get<2>(key);
        if (!is_same(pair) && !came_along(pair, target)) {
            const bool is_damaged = damaged.contains(target);
            changes[{std::get<0>(key), version_of(pair.before), version_of(pair.after),
                     is_of_one_file(pair) && pair.before->sha256 != pair.after->sha256 &&
                         !is_damaged,
                     corrected(pair, is_damaged)}]
                .push_back(target);
        }
    }
    std::vector<Change> out;
    for (auto& [key, targets] : changes) {
        const auto& [name, old_version, new_version, is_replaced, corrected] = key;
        out.push_back({name, old_version, new_version,
                       is_everywhere(targets, after) ? std::vector<std::string>() : targets,
                       is_replaced, corrected});
    }
    return out;
}

std::vector<TargetChange> target_difference(const std::optional<Lock>& before, const Lock& after) {
    if (!before) {
        return {};
    }
    std::vector<TargetChange> changes = only_in(after, *before, true);
    for (TargetChange& removed : only_in(*before, after, false)) {
        changes.push_back(std::move(removed));
    }
    std::sort(changes.begin(), changes.end(),
              [](const TargetChange& a, const TargetChange& b) { return a.target < b.target; });
    return changes;
}

namespace {

/// Those of the host, which are no packages.
void collect_pythons(const Lock& before, const Lock& after, Changes& changes) {
    const auto is_of_host = [](const LockedTarget& target) {
        return target.python && !target.python->is_package;
    };
    for (const LockedTarget& now : after.targets) {
        for (const LockedTarget& then : before.targets) {
            if (then.target.name == now.target.name && is_of_host(then) && is_of_host(now) &&
                then.python != now.python) {
                changes
                    [{*Name::parse("python"), then.python->version, now.python->version, false, {}}]
                        .push_back(now.target.name);
            }
        }
    }
}

void collect(const Lock& lock, const LockedPackage* Pair::*side, Pairs& pairs) {
    for (const LockedPackage& package : lock.packages) {
        for (const std::string& target : package.targets) {
            pairs[{package.name, package.is_conda(), target}].*side = &package;
        }
    }
}

bool is_same(const Pair& pair) {
    return pair.before != nullptr && pair.after != nullptr &&
           pair.before->version == pair.after->version && pair.before->file == pair.after->file &&
           pair.before->sha256 == pair.after->sha256 &&
           pair.before->size_bytes == pair.after->size_bytes;
}

Names targets_of(const Lock& lock) {
    Names names;
    for (const LockedTarget& target : lock.targets) {
        names.insert(target.target.name);
    }
    return names;
}

std::vector<TargetChange> only_in(const Lock& here, const Lock& there, bool is_added) {
    std::vector<TargetChange> changes;
    const Names others = targets_of(there);
    for (const std::string& target : targets_of(here)) {
        if (!others.contains(target)) {
            const auto packages =
                std::count_if(here.packages.begin(), here.packages.end(),
                              [&](const LockedPackage& package) { return package.is_for(target); });
            changes.push_back({target, is_added, static_cast<std::size_t>(packages)});
        }
    }
    return changes;
}

bool has(const Lock& lock, const LockedPackage& package) {
    return std::any_of(lock.packages.begin(), lock.packages.end(), [&](const LockedPackage& other) {
        return other.name == package.name && other.file == package.file &&
               other.sha256 == package.sha256;
    });
}

bool is_of_one_file(const Pair& pair) {
    return pair.before != nullptr && pair.after != nullptr &&
           pair.before->source == pair.after->source && pair.before->subdir == pair.after->subdir &&
           pair.before->file == pair.after->file;
}

/// Those whose packages are not what their `env` says.
Names damaged_targets(const std::optional<Lock>& before) {
    Names names;
    for (const LockedTarget& target : before ? before->targets : std::vector<LockedTarget>()) {
        if (env_digest(*before, target) != target.env) {
            names.insert(target.target.name);
        }
    }
    return names;
}

std::vector<std::string> corrected(const Pair& pair, bool is_damaged) {
    std::vector<std::string> keys;
    if (!is_of_one_file(pair)) {
        return keys;
    }
    const bool has_another = pair.before->sha256 != pair.after->sha256;
    if (has_another && is_damaged) {
        keys.emplace_back("sha256");
    }
    if ((!has_another || is_damaged) && pair.before->size_bytes != pair.after->size_bytes) {
        keys.emplace_back("size");
    }
    return keys;
}

std::optional<std::string> version_of(const LockedPackage* package) {
    return package == nullptr ? std::nullopt : std::optional(package->version);
}

bool is_everywhere(const std::vector<std::string>& targets, const Lock& lock) {
    return std::all_of(lock.targets.begin(), lock.targets.end(), [&](const LockedTarget& target) {
        return std::find(targets.begin(), targets.end(), target.target.name) != targets.end();
    });
}

} // namespace

} // namespace envpm::lockfiles
