#include "base/local_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace envpm {

namespace {

constexpr std::string_view absent_words = "there is no folder `";
constexpr std::string_view other_words = "stands where a folder is to be";
constexpr std::string_view empty_words = "is empty, as where nothing is mounted";

} // namespace

std::string_view kind_name(mode_t mode) {
    if (S_ISREG(mode)) {
        return "a file";
    }
    if (S_ISDIR(mode)) {
        return "a folder";
    }
    if (S_ISFIFO(mode)) {
        return "a FIFO";
    }
    return S_ISSOCK(mode) ? "a socket" : "a device";
}

std::string fault_of_folder(const std::filesystem::path& folder) {
    struct stat status {};

    if (::stat(folder.c_str(), &status) != 0) {
        return errno == ENOENT || errno == ENOTDIR
                   ? fmt::format("{}{}`", absent_words, folder.string())
                   : fmt::format("`{}` cannot be read: {}", folder.string(),
                                 std::generic_category().message(errno));
    }
    if (!S_ISDIR(status.st_mode)) {
        return fmt::format("{} {}: `{}`", kind_name(status.st_mode), other_words, folder.string());
    }
    std::error_code failure;
    const bool is_empty = std::filesystem::is_empty(folder, failure) && !failure;
    return is_empty ? fmt::format("the folder `{}` {}", folder.string(), empty_words)
                    : std::string();
}

bool has_folder_fault(std::string_view reasons) {
    const std::array faults = {absent_words, other_words, empty_words};
    return std::any_of(faults.begin(), faults.end(), [reasons](std::string_view fault) {
        return reasons.find(fault) != std::string_view::npos;
    });
}

} // namespace envpm
