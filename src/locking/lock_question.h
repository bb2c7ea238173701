#pragma once

#include "locking/first_look.h"
#include "locking/lock_run.h"
#include "locking/lock_stamp.h"
#include "project/services.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::locking {

/// All that a solve begins with, and whether its answer is known from an earlier one.
class LockQuestion {
  public:
    /// All that is passed outlives this.
    LockQuestion(const Manifest& manifest, const std::optional<Lock>& previous,
                 const LockRequest& request, project::Services& services);
    LockQuestion(const LockQuestion&) = delete; // its parts refer to each other
    LockQuestion& operator=(const LockQuestion&) = delete;
    LockQuestion(LockQuestion&&) = delete;
    LockQuestion& operator=(LockQuestion&&) = delete;
    ~LockQuestion() = default;

    /// The notes to tell, if a stamp proves that solving would give the previous lock.
    [[nodiscard]] std::optional<std::vector<std::string>> known_notes() const;

    /// Writes a stamp if the solve began without a lock, or if its result equals the lock that it
    /// began with: only then would the same solve give the same lock.
    void keep_answer(const Lock& lock, const Run& run) const;

    [[nodiscard]] const universe::Requests& requests() const { return requests_; }

    [[nodiscard]] const std::vector<pypi::Index>& indexes() const { return indexes_; }

    [[nodiscard]] const CachePolicy& policy() const { return policy_; }

    [[nodiscard]] const universe::Bindings& bindings() const { return bindings_; }

    [[nodiscard]] const SolveInputs& inputs() const { return inputs_; }

    /// Null if there is a previous lock or a channel.
    FirstLook* first_look() { return first_look_ ? &*first_look_ : nullptr; }

  private:
    // Each is made of those above it, and `inputs_` refers to some of them.
    const std::optional<Lock>& previous_;
    universe::Requests requests_;
    std::vector<pypi::Index> indexes_;
    CachePolicy policy_;
    universe::Bindings bindings_;
    std::vector<pypi::PythonChoice> pythons_; ///< with channels: only if none of them has a Python
    std::optional<FirstLook> first_look_;     ///< fills `pythons_`
    SolveInputs inputs_;
    LockStamps stamps_;
    bool is_upgrade_;
    bool may_stamp_; ///< not with channels or an own table of facts: no stamp covers them
};

} // namespace envpm::locking
