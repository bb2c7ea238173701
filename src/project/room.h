#pragma once

#include "fetch/client.h"
#include "model/lock.h"

#include <filesystem>
#include <span>
#include <vector>

namespace envpm::project {

/// Throws an Error before the first byte is fetched if these archives cannot find room: all of them
/// unpacked in the store, and the largest in `downloads`, for each goes when it is unpacked. What
/// of them is there from earlier runs is counted. All that is known of what they hold is how large
/// they are packed, and that each brings a file and a tree at least; which files of theirs the
/// store has from other packages shows only when they come.
void require_room(const std::vector<LockedPackage>& archives, const std::filesystem::path& store,
                  const std::filesystem::path& downloads);

/// The same for what is fetched to lie in `downloads`.
void require_room_for(std::span<const fetch::Download> files,
                      const std::filesystem::path& downloads);

/// What is still to be written there before all of them lie in `downloads`.
std::uint64_t bytes_missing(const std::vector<LockedPackage>& archives,
                            const std::filesystem::path& downloads);

} // namespace envpm::project
