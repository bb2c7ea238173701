#include "fetch/local_copy.h"

#include "base/handle.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>

namespace envpm::fetch {

namespace {

constexpr std::uint64_t copy_bytes = 256U << 10U;

ssize_t read_within_grid(const Fd& file, const Piece& piece, std::span<std::byte> buffer);
Failure absent(std::string reason);

} // namespace

LocalCopy copy_pieces(const std::filesystem::path& from, std::vector<Piece> pieces, PartFile& part,
                      std::uint32_t source, const std::stop_token& stop) {
    const Fd file(::open(from.c_str(), O_RDONLY | O_CLOEXEC));

    struct stat status {};

    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return {std::move(pieces), absent(file ? std::string("it is not a plain file")
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
        const ssize_t got = read_within_grid(file, piece, buffer);
        if (got <= 0) {
            return {std::move(pieces), absent(got == 0 ? std::string("it became shorter")
                                                       : std::generic_category().message(errno))};
        }
        const auto taken = static_cast<std::uint64_t>(got);
        part.append(piece.first, std::span(buffer).first(taken), source);
        piece = {piece.first + taken, piece.count - taken};
        if (piece.count == 0) {
            pieces.erase(pieces.begin());
        }
    }
    return {std::move(pieces), std::nullopt};
}

namespace {

/// What pread answers, signals apart. Pieces of the buffer's grid never cross a block's end.
ssize_t read_within_grid(const Fd& file, const Piece& piece, std::span<std::byte> buffer) {
    const std::uint64_t grid_end = (piece.first / copy_bytes + 1) * copy_bytes;
    const std::uint64_t count = std::min(piece.end(), grid_end) - piece.first;
    ssize_t got = -1;
    do {
        got = ::pread(file.get(), buffer.data(), count, static_cast<off_t>(piece.first));
    } while (got < 0 && errno == EINTR);
    return got;
}

Failure absent(std::string reason) {
    return {FailureClass::absent, std::move(reason), std::nullopt};
}

} // namespace

} // namespace envpm::fetch
