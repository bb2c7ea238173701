#include "locking/lock.h"

#include <fmt/format.h>

#include <set>

namespace envpm::locking {

namespace {

std::vector<std::string> unmet_requests(const universe::Requests& requests, const Lock& lock);
void add_unmet(const universe::CondaRequest& request, const Lock& lock,
               std::vector<std::string>& unmet);
void add_unmet_python(const universe::Request& request, const Lock& lock,
                      std::vector<std::string>& unmet);

} // namespace

LockCheck check_lock(const Manifest& manifest, const std::optional<Lock>& lock) {
    if (!lock) {
        return {false, {"there is no envpm.lock yet"}};
    }
    const universe::Requests requests = universe::read_requests(manifest);
    if (lock->manifest == universe::manifest_digest(manifest, requests)) {
        return {true, {}};
    }
    LockCheck check{false, unmet_requests(requests, *lock)};
    if (check.reasons.empty()) { // targets, `[gpu]`, constraints and overrides are not looked at
        check.reasons.push_back(
            "the manifest has changed; `envpm lock` finds out whether what is locked still does");
    }
    return check;
}

namespace {

std::vector<std::string> unmet_requests(const universe::Requests& requests, const Lock& lock) {
    std::vector<std::string> unmet;
    add_unmet_python(requests.python, lock, unmet);
    for (const universe::Request& request : requests.packages) {
        bool is_locked = false;
        for (const LockedPackage& package : lock.packages) {
            const auto version = pypi::Version::parse(package.version);
            if (package.name != request.name || package.is_conda() || !version) {
                continue;
            }
            is_locked = true;
            // Where the marker does not hold, the package is there for another's sake.
            if (request.marker.is_always() && !request.specifiers.contains(*version)) {
                unmet.push_back(fmt::format("{} asks for {}, locked is {}", request.location.text(),
                                            request.text(), package.version));
            }
        }
        if (!is_locked && request.marker.is_always()) {
            unmet.push_back(fmt::format("{} asks for {}, which is not locked",
                                        request.location.text(), request.text()));
        }
    }
    for (const universe::CondaRequest& request : requests.conda) {
        add_unmet(request, lock, unmet);
    }
    return unmet;
}

void add_unmet(const universe::CondaRequest& request, const Lock& lock,
               std::vector<std::string>& unmet) {
    bool is_locked = false;
    for (const LockedPackage& package : lock.packages) {
        const auto version = conda::Version::parse(package.version);
        if (!package.is_conda() || package.name != request.name || !version) {
            continue;
        }
        is_locked = true;
        if (request.spec.version && !request.spec.version->matches(*version)) {
            unmet.push_back(fmt::format("{} asks for {}, locked is {}", request.location.text(),
                                        request.text(), package.version));
        }
    }
    if (!is_locked && request.name.string() != "python") { // which may be the host's
        unmet.push_back(fmt::format("{} asks for {}, which is not locked", request.location.text(),
                                    request.text()));
    }
}

/// That of the host: conda's is a package.
void add_unmet_python(const universe::Request& request, const Lock& lock,
                      std::vector<std::string>& unmet) {
    std::set<std::string> told;
    for (const LockedTarget& target : lock.targets) {
        if (!target.python || target.python->is_package) {
            continue;
        }
        const auto version = pypi::Version::parse(target.python->version);
        if (version && !request.specifiers.contains(*version) &&
            told.insert(target.python->version).second) {
            unmet.push_back(fmt::format("{} asks for {}, locked is {}", request.location.text(),
                                        request.text(), target.python->version));
        }
    }
}

} // namespace

} // namespace envpm::locking
