#include "base/lock_holder.h"

#include "base/error.h"
#include "base/files.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>

namespace envpm {

namespace {

std::string text_of(const std::string& file);
std::string_view take_word(std::string_view& line);
bool is_stopped(pid_t process);

} // namespace

std::optional<pid_t> lock_holder_in(std::string_view locks, dev_t device, std::uint64_t inode) {
    const std::string wanted = fmt::format("{:02x}:{:02x}:{}", major(device), minor(device), inode);
    while (!locks.empty()) {
        std::string_view line = locks.substr(0, locks.find('\n'));
        locks.remove_prefix(std::min(locks.size(), line.size() + 1));
        take_word(line);                  // a number
        if (take_word(line) != "FLOCK") { // also where "->" says that it only waits
            continue;
        }
        take_word(line); // ADVISORY
        take_word(line); // READ, WRITE
        const std::string_view word = take_word(line);
        pid_t process = 0;
        std::from_chars(word.data(), word.data() + word.size(), process);
        if (take_word(line) == wanted && process > 0) {
            return process;
        }
    }
    return std::nullopt;
}

std::string words_of_lock_holder(const std::filesystem::path& file) {
    struct stat status {};

    if (::stat(file.c_str(), &status) != 0) {
        return "";
    }
    // The kernel gives it in pieces, and a line may fall between two while others lock and unlock.
    constexpr int looks = 3;
    std::optional<pid_t> process;
    for (int look = 0; look < looks && !process; ++look) {
        process = lock_holder_in(text_of("/proc/locks"), status.st_dev, status.st_ino);
    }
    if (!process) {
        return "";
    }
    return fmt::format(" (process {}{})", *process,
                       is_stopped(*process) ? ", which is stopped" : "");
}

namespace {

/// None if it cannot be read, as in some containers: then nothing is told.
std::string text_of(const std::string& file) {
    try {
        return read_file_if_present(file).value_or(std::string());
    } catch (const Error&) {
        return "";
    }
}

std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size());
    return word;
}

/// By the letter behind the program's name, which stands in parentheses and may have any.
bool is_stopped(pid_t process) {
    const std::string text = text_of(fmt::format("/proc/{}/stat", process));
    const std::size_t end = text.rfind(") ");
    const char state = end == std::string::npos ? ' ' : text[std::min(text.size() - 1, end + 2)];
    return state == 'T' || state == 't';
}

} // namespace

} // namespace envpm
