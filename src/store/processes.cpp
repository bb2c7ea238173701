#include "store/processes.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/files.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace envpm::store {

namespace {

bool is_process(const std::filesystem::path& folder);
void add_names(std::string_view text, const std::set<std::string, std::less<>>& names,
               std::set<std::string>& found);
std::string text_of(const std::filesystem::path& file);

} // namespace

std::set<std::string> prefixes_in_use(const std::filesystem::path& processes,
                                      const std::vector<std::string>& names) {
    const std::set<std::string, std::less<>> known(names.begin(), names.end());
    std::set<std::string> found;
    std::error_code failure;
    std::filesystem::directory_iterator entries(processes, failure);
    for (; !failure && entries != std::filesystem::directory_iterator();
         entries.increment(failure)) {
        if (!is_process(entries->path())) {
            continue;
        }
        for (const char* link : {"exe", "cwd"}) {
            std::error_code gone;
            add_names(std::filesystem::read_symlink(entries->path() / link, gone).native(), known,
                      found);
        }
        // A host's Python stands elsewhere, and is started with the prefix in its variables.
        for (const char* text : {"maps", "cmdline", "environ"}) {
            add_names(text_of(entries->path() / text), known, found);
        }
    }
    if (failure && failure != std::errc::no_such_file_or_directory) {
        throw_system_error("cannot tell which programs run", processes.string(), failure.value());
    }
    return found;
}

std::optional<std::set<std::string>> process_namespaces(const std::filesystem::path& processes) {
    constexpr std::string_view first = "pid:[4026531836]"; // PROC_PID_INIT_INO, since Linux 3.8
    std::error_code failure;
    if (std::filesystem::read_symlink(processes / "self/ns/pid", failure) != first) {
        return std::nullopt;
    }
    std::set<std::string> found;
    std::filesystem::directory_iterator entries(processes, failure);
    for (; !failure && entries != std::filesystem::directory_iterator();
         entries.increment(failure)) {
        if (!is_process(entries->path())) {
            continue;
        }
        std::error_code fault;
        const auto name = std::filesystem::read_symlink(entries->path() / "ns/pid", fault);
        const bool has_ended =
            fault == std::errc::no_such_file_or_directory || fault == std::errc::no_such_process;
        if (fault && !has_ended) {
            return std::nullopt;
        }
        if (!fault) {
            found.insert(name.string());
        }
    }
    return failure ? std::nullopt : std::optional(std::move(found));
}

namespace {

bool is_process(const std::filesystem::path& folder) {
    const std::string name = folder.filename().string();
    return std::all_of(name.begin(), name.end(), is_digit);
}

/// "…/p/<name>", which ends there, or goes on within it, or with the next item of a list.
void add_names(std::string_view text, const std::set<std::string, std::less<>>& names,
               std::set<std::string>& found) {
    constexpr std::string_view above = "/p/";
    constexpr std::string_view ends("/:\n \0", 5);
    for (std::size_t at = text.find(above); at != std::string_view::npos;
         at = text.find(above, at + 1)) {
        const std::string_view rest = text.substr(at + above.size());
        const std::string_view name = rest.substr(0, rest.find_first_of(ends));
        if (names.contains(name)) {
            found.emplace(name);
        }
    }
}

/// Nothing if it may not be read, or the process has ended.
std::string text_of(const std::filesystem::path& file) {
    try {
        return read_file_if_present(file).value_or(std::string());
    } catch (const Error&) {
        return {};
    }
}

} // namespace

} // namespace envpm::store
