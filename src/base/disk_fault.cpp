#include "base/disk_fault.h"

#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace envpm {

bool means_lost(int error_number) {
    return error_number == EIO || error_number == EUCLEAN || error_number == EBADMSG;
}

std::optional<int> loss_of(const std::filesystem::path& file) {
    const auto loss = [] { return means_lost(errno) ? std::optional(errno) : std::nullopt; };
    const Fd handle(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!handle) {
        return loss();
    }
    std::array<char, std::size_t{64} << 10U> room{};
    while (true) {
        const ssize_t got = ::read(handle.get(), room.data(), room.size());
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return got < 0 ? loss() : std::nullopt;
        }
    }
}

bool has_lost_bytes(const std::filesystem::path& file) {
    return loss_of(file).has_value();
}

std::optional<Sha256> sha256_unless_lost(const std::filesystem::path& file) {
    try {
        return sha256_of_file(file);
    } catch (const Error&) {
        if (has_lost_bytes(file)) {
            return std::nullopt;
        }
        throw;
    }
}

std::optional<std::string> read_file_unless_lost(const std::filesystem::path& file) {
    try {
        return read_file_if_present(file);
    } catch (const Error&) {
        if (has_lost_bytes(file)) {
            return std::nullopt;
        }
        throw;
    }
}

} // namespace envpm
