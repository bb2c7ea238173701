#pragma once

#include "base/hash.h"

#include <filesystem>
#include <optional>
#include <string>

namespace envpm {

/// Whether an error says that the disk does not give something any more: EIO, and EUCLEAN or
/// EBADMSG of file systems that keep checksums.
bool means_lost(int error_number);

/// The error if the disk does not give all bytes of a file any more. For who failed to read it:
/// then it is damaged, as one with other bytes is. Reads it from its beginning, and throws nothing:
/// what fails otherwise, as for a missing right, says nothing about its bytes.
std::optional<int> loss_of(const std::filesystem::path& file);

/// Whether there is one.
bool has_lost_bytes(const std::filesystem::path& file);

/// Nothing if bytes of it are lost; throws an Error for any other reason.
std::optional<Sha256> sha256_unless_lost(const std::filesystem::path& file);

/// Nothing as well if it is not there.
std::optional<std::string> read_file_unless_lost(const std::filesystem::path& file);

} // namespace envpm
