#include "realize/copy.h"

#include "base/error.h"
#include "base/files.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <vector>

namespace envpm::realize {

namespace {

void read_and_write(int from, int to, const std::string& subject);

} // namespace

ssize_t copy_range(int from, int to, std::size_t size_bytes) {
    return ::copy_file_range(from, nullptr, to, nullptr, size_bytes, 0);
}

void copy_bytes(int from, int to, std::uint64_t size_bytes, const std::string& subject,
                RangeCopy range_copy) {
    constexpr std::size_t step = 1U << 30U;
    std::uint64_t copied = 0;
    while (copied < size_bytes) {
        const ssize_t got = range_copy(from, to, step);
        if (got > 0) {
            copied += static_cast<std::uint64_t>(got);
        } else if (got == 0 || means_impossible(errno)) {
            read_and_write(from, to, subject);
            return;
        } else if (errno != EINTR) {
            throw_system_error("cannot copy a file", subject, errno);
        }
    }
}

bool means_impossible(int error_number) {
    constexpr std::array impossible = {EXDEV, EINVAL, EOPNOTSUPP, ENOTTY, ENOSYS, EPERM, EBADF};
    return std::find(impossible.begin(), impossible.end(), error_number) != impossible.end();
}

namespace {

void read_and_write(int from, int to, const std::string& subject) {
    std::vector<std::byte> buffer(1U << 18U);
    while (true) {
        const ssize_t got = ::read(from, buffer.data(), buffer.size());
        if (got == 0) {
            return;
        }
        if (got < 0 && errno != EINTR) {
            throw_system_error("cannot read an object of the store", subject, errno);
        }
        if (got > 0) {
            write_all(to, std::span(buffer).first(static_cast<std::size_t>(got)), subject);
        }
    }
}

} // namespace

} // namespace envpm::realize
