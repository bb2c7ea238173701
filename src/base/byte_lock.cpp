#include "base/byte_lock.h"

#include "base/files.h"

#include <fcntl.h>

#include <cerrno>
#include <limits>

namespace envpm {

ByteLocks::ByteLocks(const std::filesystem::path& path)
    : file_(open_lock(path)) {}

bool ByteLocks::try_lock(std::uint64_t place) const {
    constexpr std::uint64_t places = std::numeric_limits<off_t>::max();

    struct flock wanted {};

    wanted.l_type = F_WRLCK;
    wanted.l_whence = SEEK_SET;
    wanted.l_start = static_cast<off_t>(place % places);
    wanted.l_len = 1;
    return ::fcntl(file_.get(), F_OFD_SETLK, &wanted) == 0 || (errno != EAGAIN && errno != EACCES);
}

} // namespace envpm
