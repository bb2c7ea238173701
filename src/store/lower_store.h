#pragma once

#include "base/thread_pool.h"
#include "model/store_paths.h"
#include "store/object_stage.h"

#include <set>
#include <stop_token>

namespace envpm::store {

/// Brings the trees of these archives from another store into `stage`, as far as they are whole
/// there; gives those archives. Nothing is written there, no lock is taken: what its collector
/// removes meanwhile is as if it had never been there. Throws an Error of code interrupted on
/// `stop`, and one for a folder that is no store. Throws nothing if there is no such folder.
std::set<Sha256> take_from_lower(const StorePaths& lower, const std::set<Sha256>& wanted,
                                 ObjectStage& stage, ThreadPool& pool, const std::stop_token& stop);

} // namespace envpm::store
