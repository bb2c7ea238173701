#include "store/format.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <system_error>

namespace envpm::store {

namespace {

/// Of the folders that a store has or may have.
constexpr std::array names = {"objects", "objects/sha256", "trees", "trees/sha256", "p",
                              "roots",   "leases",         "tmp",   "quarantine",   "locks"};

constexpr std::string_view version_text = "1\n";

void check_version(const std::string& text, const StorePaths& paths);
void refuse_lost_version(const StorePaths& paths);
bool says_nothing(const std::string& text);
void require_own_folders(const StorePaths& paths);
bool is_of_a_store(const std::string& name);
bool lies_at_or_below(const std::filesystem::path& path, const std::filesystem::path& folder);

} // namespace

void require_format(const StorePaths& paths) {
    const std::optional<std::string> text = read_file_if_present(paths.root() / "VERSION");
    std::error_code failure;
    if (!text && !std::filesystem::exists(paths.root(), failure)) {
        throw Error({"there is no store yet", paths.root().string(),
                     "`envpm install` makes it; check ENVPM_ROOT if there should be one"});
    }
    if (!text) {
        refuse_lost_version(paths);
        throw Error({"this folder is not an envpm store: it has no `VERSION`",
                     paths.root().string(), "check ENVPM_ROOT"});
    }
    check_version(*text, paths);
    require_own_folders(paths);
}

void refuse_other_folder(const StorePaths& paths, const std::filesystem::path& cache) {
    const std::filesystem::path version = paths.root() / "VERSION";
    std::error_code failure;
    if (std::filesystem::exists(version, failure)) {
        return;
    }
    const bool is_cache = std::filesystem::equivalent(cache, paths.root(), failure);
    std::set<std::string> held;
    std::filesystem::directory_iterator entries(paths.root(), failure);
    for (; !failure && entries != std::filesystem::directory_iterator();
         entries.increment(failure)) {
        const std::string name = entries->path().filename().string();
        const bool is_own =
            is_cache ? !is_folder_of_store(name) : lies_at_or_below(cache, paths.root() / name);
        if (!is_own && !is_of_a_store(name)) {
            held.insert(name);
        }
    }
    // Another process may just have made it: then VERSION came before any folder.
    if (!held.empty() && !std::filesystem::exists(version)) {
        refuse_lost_version(paths);
        throw Error(
            {fmt::format("this folder is not an envpm store, yet it holds `{}`", *held.begin()),
             paths.root().string(),
             "set ENVPM_ROOT, or `store` of the configuration, to an empty folder or to one "
             "that is not there yet"});
    }
}

bool is_folder_of_store(std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

void create_or_require_format(const StorePaths& paths) {
    const std::filesystem::path version = paths.root() / "VERSION";
    if (const std::optional<std::string> text = read_file_if_present(version)) {
        check_version(*text, paths);
        require_own_folders(paths);
        return;
    }
    restore_version(paths);
}

bool has_lost_version(const StorePaths& paths) {
    const std::optional<std::string> text = read_file_if_present(paths.root() / "VERSION");
    const bool is_lost = !text || (*text != version_text && says_nothing(*text));
    return is_lost && std::all_of(names.begin(), names.end(), [&](const std::string_view name) {
               std::error_code failure;
               const auto folder =
                   std::filesystem::symlink_status(paths.root() / name, failure).type();
               return folder == std::filesystem::file_type::directory ||
                      (name == "quarantine" && folder == std::filesystem::file_type::not_found);
           });
}

/// Who could write to it could make the store unusable for its owner.
void restore_version(const StorePaths& paths) {
    write_file(paths.root() / "VERSION", version_text, Durability::durable, 0644);
}

namespace {

void check_version(const std::string& text, const StorePaths& paths) {
    const std::string root = paths.root().string();
    if (text == version_text) {
        return;
    }
    const std::string number = text.substr(0, text.find('\n'));
    const bool is_number = !number.empty() && number.size() <= 9 &&
                           std::all_of(number.begin(), number.end(), is_digit);
    if (is_number && number != "0" && number != "1") {
        throw Error({fmt::format("the store has format {}, which this envpm does not know", number),
                     root, "update envpm, or set ENVPM_ROOT to another folder"});
    }
    refuse_lost_version(paths);
    throw Error(
        {"this folder is not an envpm store: its `VERSION` is damaged", root, "check ENVPM_ROOT"});
}

void refuse_lost_version(const StorePaths& paths) {
    if (has_lost_version(paths)) {
        const bool is_there = std::filesystem::exists(paths.root() / "VERSION");
        throw Error(
            {fmt::format("the `VERSION` of this store is {}", is_there ? "damaged" : "gone"),
             paths.root().string(), "`envpm repair` writes it anew, and checks the rest"});
    }
}

/// Every envpm writes a line of text; this one's may be cut.
bool says_nothing(const std::string& text) {
    const auto is_of_text = [](char letter) {
        return letter == '\n' || (letter >= ' ' && letter <= '~');
    };
    return trimmed(text).empty() || trimmed(text) == "1" ||
           !std::all_of(text.begin(), text.end(), is_of_text);
}

/// One that is a link would have what lies elsewhere written, or collected.
void require_own_folders(const StorePaths& paths) {
    for (const char* name : names) {
        const std::filesystem::path folder = paths.root() / name;
        if (std::filesystem::is_symlink(std::filesystem::symlink_status(folder))) {
            throw Error({"a folder of the store is a link", folder.string(),
                         "a store lies on one disk: set ENVPM_ROOT to where there is room"});
        }
    }
}

/// What is there before VERSION, which a kill may have left, and what file systems and desktops put
/// into the root of a disk by themselves.
bool is_of_a_store(const std::string& name) {
    constexpr std::array known = {"store.lock", "lost+found", ".snapshot", ".snapshots", ".zfs"};
    return std::find(known.begin(), known.end(), name) != known.end() ||
           name.starts_with(".VERSION.") || name.starts_with(".Trash") || name.starts_with(".nfs");
}

bool lies_at_or_below(const std::filesystem::path& path, const std::filesystem::path& folder) {
    std::error_code failure;
    const std::filesystem::path within =
        std::filesystem::weakly_canonical(path, failure)
            .lexically_relative(std::filesystem::weakly_canonical(folder, failure));
    return !within.empty() && *within.begin() != "..";
}

} // namespace

} // namespace envpm::store
