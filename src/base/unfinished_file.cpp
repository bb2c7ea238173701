#include "base/unfinished_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace envpm {

std::string unfinished_name(std::string_view name, std::uint32_t number) {
    return fmt::format(".{}.{:08x}", name, number);
}

std::optional<std::string_view> name_when_finished(std::string_view unfinished) {
    constexpr std::size_t end_characters = 9; // a dot and eight digits
    if (unfinished.size() < end_characters + 2 || unfinished.front() != '.') {
        return std::nullopt;
    }
    const std::size_t end = unfinished.size() - end_characters;
    const bool is_number =
        unfinished.find_first_not_of("0123456789abcdef", end + 1) == std::string_view::npos;
    return unfinished[end] == '.' && is_number ? std::optional(unfinished.substr(1, end - 1))
                                               : std::nullopt;
}

Fd lock_if_abandoned(const std::filesystem::path& unfinished) {
    struct stat status {};

    // A FIFO of such a name is not waited for.
    // For writing, without which a network file system locks nothing.
    Fd file(::open(unfinished.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    const bool is_left = file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
                         ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
    return is_left ? std::move(file) : Fd();
}

} // namespace envpm
