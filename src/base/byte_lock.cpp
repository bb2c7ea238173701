#include "base/byte_lock.h"

#include "base/files.h"

#include <fcntl.h>

#include <cerrno>
#include <limits>

namespace envpm {

std::optional<Fd> try_lock_byte(const std::filesystem::path& path, std::uint64_t place) {
    constexpr std::uint64_t places = std::numeric_limits<off_t>::max();

    struct flock wanted {};

    wanted.l_type = F_WRLCK;
    wanted.l_whence = SEEK_SET;
    wanted.l_start = static_cast<off_t>(place % places);
    wanted.l_len = 1;
    Fd file = open_lock(path);
    if (::fcntl(file.get(), F_OFD_SETLK, &wanted) != 0 && (errno == EAGAIN || errno == EACCES)) {
        return std::nullopt;
    }
    return file;
}

} // namespace envpm
