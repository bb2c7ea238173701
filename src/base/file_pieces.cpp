#include "base/file_pieces.h"

#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <new>

namespace envpm {

namespace {

constexpr std::size_t least_bytes = 4096;
constexpr std::align_val_t page{4096};

} // namespace

void FilePieces::FreeRoom::operator()(std::byte* room) const noexcept {
    ::operator delete[](room, page);
}

FilePieces::FilePieces(const std::filesystem::path& path, std::size_t most_bytes)
    : path_(path),
      file_(open_file(path, O_RDONLY)) {
    struct stat status {};

    if (::fstat(file_.get(), &status) != 0) {
        throw_system_error("cannot read a file", path_.string(), errno);
    }
    is_regular_ = S_ISREG(status.st_mode);
    expected_bytes_ = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
    piece_bytes_ = std::clamp(expected_bytes_ + 1, least_bytes, most_bytes);
    if (expected_bytes_ > most_bytes) {
        ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    room_.reset(static_cast<std::byte*>(::operator new[](piece_bytes_, page)));
}

std::span<const std::byte> FilePieces::next() {
    if (is_over_) {
        return {};
    }
    const std::span<std::byte> piece(room_.get(), piece_bytes_);
    ssize_t got = 0;
    while ((got = ::read(file_.get(), piece.data(), piece.size())) < 0) {
        if (errno != EINTR) {
            throw_system_error("cannot read a file", path_.string(), errno);
        }
    }
    const auto count = static_cast<std::size_t>(got);
    read_bytes_ += count;
    // Less than was asked for is the end, if nothing is missing: one call less for each file.
    is_over_ =
        count == 0 || (is_regular_ && count < piece_bytes_ && read_bytes_ >= expected_bytes_);
    return piece.first(count);
}

} // namespace envpm
