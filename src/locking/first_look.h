#pragma once

#include "base/thread_pool.h"
#include "locking/lock_run.h"
#include "model/target.h"
#include "pypi/candidates.h"
#include "universe/listings.h"

#include <map>
#include <vector>

namespace envpm::locking {

/// The first look at the indexes, where there is no lock yet: the interpreters of this host say
/// what they are while pages are asked for, and the scout sets out as soon as they have, whatever
/// page is still on its way. What becomes known does not depend on which of them is faster.
class FirstLook {
  public:
    /// From now on a thread asks the interpreters, and writes to `pythons` what they say: it may be
    /// read when `look` has returned. All three outlive this. One thread at a time.
    FirstLook(const universe::Requests& requests, project::Services& services,
              std::vector<pypi::PythonChoice>& pythons);
    FirstLook(const FirstLook&) = delete;
    FirstLook& operator=(const FirstLook&) = delete;
    ~FirstLook() = default; ///< waits for that thread

    /// Looks ahead for a target as a scout does, with the pages of `names` in any case; gives the
    /// candidates on the pages. Throws if one of these cannot be had, or as `python_choices`; else
    /// `pythons` holds afterwards.
    std::map<PackageName, pypi::CandidateList> look(const Run& run, const Target& target,
                                                    const std::vector<PackageName>& names);

  private:
    struct Asking {
        bool is_over = false;
        universe::Listings* listener = nullptr; ///< is told of the end
    };

    class Guide;
    class Listening;

    Guarded<Asking> asking_;
    TaskGroup beside_; ///< ends before what it writes to
};

} // namespace envpm::locking
