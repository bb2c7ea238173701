#include "base/read_at.h"

#include "base/error.h"

#include <unistd.h>

#include <cerrno>

namespace envpm {

BytesRead read_at(int descriptor, std::uint64_t offset, std::span<std::byte> into) noexcept {
    std::size_t done = 0;
    while (done < into.size()) {
        const std::span<std::byte> rest = into.subspan(done);
        const ssize_t got =
            ::pread(descriptor, rest.data(), rest.size(), static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return {done, got < 0 ? errno : 0};
        }
        done += static_cast<std::size_t>(got);
    }
    return {done, 0};
}

void read_all_at(int descriptor, std::uint64_t offset, std::span<std::byte> into,
                 const std::string& subject) {
    const BytesRead read = read_at(descriptor, offset, into);
    if (read.error_number != 0) {
        throw_system_error("cannot read a file", subject, read.error_number);
    }
    if (read.count < into.size()) {
        throw Error({"a file ended early", subject, {}});
    }
}

void read_all_at(int descriptor, std::uint64_t offset, std::span<char> into,
                 const std::string& subject) {
    read_all_at(descriptor, offset, std::as_writable_bytes(into), subject);
}

} // namespace envpm
