#include "fetch/local_copy.h"

#include "base/files.h"
#include "base/local_folder.h"
#include "base/read_at.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>

namespace envpm::fetch {

namespace {

constexpr std::uint64_t copy_bytes = 256U << 10U;

std::size_t count_within_grid(const Piece& piece);
Failure absent(std::string reason);

} // namespace

LocalCopy copy_pieces(const std::filesystem::path& from, std::vector<Piece> pieces, PartFile& part,
                      std::uint32_t source, const std::stop_token& stop) {
    const Fd file = open_to_read(from);

    struct stat status {};

    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return {std::move(pieces),
                absent(file ? fmt::format("it is {} and no file", kind_name(status.st_mode))
                            : std::generic_category().message(errno))};
    }
    if (static_cast<std::uint64_t>(status.st_size) != part.size()) {
        return {std::move(pieces),
                Failure{FailureClass::poison,
                        fmt::format("it has {} bytes instead of {}", status.st_size, part.size()),
                        std::nullopt}};
    }
    std::vector<std::byte> buffer(copy_bytes);
    while (!pieces.empty() && !stop.stop_requested()) {
        Piece& piece = pieces.front();
        const auto wanted = std::span(buffer).first(count_within_grid(piece));
        const BytesRead read = read_at(file.get(), piece.first, wanted);
        if (read.count == 0) {
            return {std::move(pieces),
                    absent(read.error_number == 0
                               ? std::string("it became shorter")
                               : std::generic_category().message(read.error_number))};
        }
        part.append(piece.first, wanted.first(read.count), source);
        piece = {piece.first + read.count, piece.count - read.count};
        if (piece.count == 0) {
            pieces.erase(pieces.begin());
        }
    }
    return {std::move(pieces), std::nullopt};
}

namespace {

/// Pieces of the buffer's grid never cross a block's end.
std::size_t count_within_grid(const Piece& piece) {
    const std::uint64_t grid_end = (piece.first / copy_bytes + 1) * copy_bytes;
    return std::min(piece.end(), grid_end) - piece.first;
}

Failure absent(std::string reason) {
    return {FailureClass::absent, std::move(reason), std::nullopt};
}

} // namespace

} // namespace envpm::fetch
