#pragma once

#include "fetch/part_file.h"
#include "fetch/retry.h"

#include <filesystem>
#include <optional>
#include <stop_token>
#include <vector>

namespace envpm::fetch {

/// What a copy from a file:// mirror leaves behind.
struct LocalCopy {
    std::vector<Piece> rest;
    std::optional<Failure> failure;
};

/// Copies the missing pieces of a file from `from` into `part`. That the file is absent, of
/// another size or unreadable is the mirror's failure; what goes wrong with `part` is an Error.
LocalCopy copy_pieces(const std::filesystem::path& from, std::vector<Piece> pieces, PartFile& part,
                      std::uint32_t source, const std::stop_token& stop);

} // namespace envpm::fetch
