#pragma once

#include "model/lock.h"

#include <filesystem>
#include <optional>
#include <string>

namespace envpm::lockfiles {

/// Canonical text (docs/lockfile.md): the same lock is always the same bytes, in whatever order its
/// parts stand.
std::string to_text(const Lock& lock);

/// The same, after a look that it can be read: what an index said is in there, and a lock that
/// nobody could read again must not replace one that everybody can. Throws what `parse` says of
/// `file`.
std::string readable_text(const Lock& lock, const std::filesystem::path& file);

/// Reads what `to_text` writes, and refuses what a hostile lock may hold: unknown keys, URLs, paths
/// in file names, digests that are not 64 lower-case hexadecimal digits, packages that stand twice
/// for one target, targets that do not exist, an env digest that is not that of its packages.
/// Errors name file and line, code 6 where the lock lies, 1 where it cannot be read.
Lock parse(const std::string& text, const std::filesystem::path& file);

/// As `parse`, for who computes the env digests anew: one that is not that of its target's packages
/// stays as it stands, so that this lock equals none that is right, and with it the `contents` that
/// were sealed under it. That is how a lock comes out of a merge by hand.
Lock parse_for_update(const std::string& text, const std::filesystem::path& file);

std::optional<Lock> read_if_present(const std::filesystem::path& file);

/// The lock that a new one starts from; see `parse_for_update`.
std::optional<Lock> read_for_update(const std::filesystem::path& file);

/// Old or new, never half: the `readable_text`.
void write(const std::filesystem::path& file, const Lock& lock);

/// The digest over exactly what determines the target's prefix: layout version, Python's ABI, and
/// the packages' file names, sha256 and won paths (the bytes that are hashed: docs/lockfile.md).
/// Pure; it reads nothing of `target` but its name and Python.
Sha256 env_digest(const Lock& lock, const LockedTarget& target);

} // namespace envpm::lockfiles
