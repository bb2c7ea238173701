#include "locking/lock_question.h"

#include "project/sources.h"

namespace envpm::locking {

LockQuestion::LockQuestion(const Manifest& manifest, const std::optional<Lock>& previous,
                           const LockRequest& request, project::Services& services)
    : previous_(previous),
      requests_(universe::read_requests(manifest)),
      indexes_(project::indexes_of(manifest, requests_, services)),
      policy_(project::cache_policy(services, request.refresh)),
      bindings_(project::bindings_of(manifest, requests_, services)),
      inputs_{manifest, requests_, pythons_, indexes_,
              request.exclude_newer ? request.exclude_newer : manifest.exclude_newer},
      stamps_(services.cache("index") / "stamps", {services.cache("index"), policy_}),
      is_upgrade_(request.upgrade_all || !request.upgrade_packages.empty()),
      may_stamp_(manifest.channels.empty() && !services.settings().gpu_facts) {
    if (manifest.channels.empty() && !previous) {
        first_look_.emplace(requests_, services, pythons_);
    } else if (manifest.channels.empty()) {
        pythons_ = python_choices(requests_, services);
    }
}

std::optional<std::vector<std::string>> LockQuestion::known_notes() const {
    const bool may_be_known = previous_ && !is_upgrade_ && may_stamp_;
    return may_be_known ? stamps_.notes(inputs_, *previous_) : std::nullopt;
}

void LockQuestion::keep_answer(const Lock& lock, const Run& run) const {
    const bool is_same = previous_ && *previous_ == lock;
    const bool is_own_start = !previous_ || run.request.upgrade_all || (is_same && !is_upgrade_);
    if (is_own_start && may_stamp_ && run.listings.is_repeatable()) {
        stamps_.put(inputs_, lock, run.notes, run.listings.consulted());
    }
}

} // namespace envpm::locking
