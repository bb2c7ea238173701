#include "store/walk.h"

#include "base/disk_fault.h"
#include "base/error.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <system_error>
#include <utility>

namespace envpm::store {

namespace {

/// None if it does not exist.
struct Names {
    std::vector<std::string> sorted;
    std::error_code failure;
};

Names read_names(const std::filesystem::path& folder);

/// Calls `take` with each path two levels below `folder`; it says whether the path is in its place.
void for_each_leaf(const std::filesystem::path& folder,
                   const std::function<bool(const std::filesystem::path&)>& take,
                   StoreContent& content);
std::optional<std::vector<std::string>> names_unless_lost(const std::filesystem::path& folder);
bool is_in_place(const std::filesystem::path& path, const Sha256& digest);

} // namespace

std::vector<std::string> names_in(const std::filesystem::path& folder) {
    Names names = read_names(folder);
    if (names.failure) {
        throw_system_error("cannot read a folder", folder.string(), names.failure.value());
    }
    return std::move(names.sorted);
}

StoreContent list_content(const StorePaths& paths) {
    StoreContent content;
    const auto take_object = [&content](const std::filesystem::path& path) {
        const std::optional<ObjectName> name = ObjectName::parse(path.filename().string());
        if (!name || !is_in_place(path, name->digest)) {
            return false;
        }
        content.objects.push_back({path, *name});
        return true;
    };
    const auto take_tree = [&content](const std::filesystem::path& path) {
        const std::optional<Sha256> archive = Sha256::parse(path.stem().string());
        if (!archive || path.extension() != ".json" || !is_in_place(path, *archive)) {
            return false;
        }
        content.trees.push_back({path, *archive});
        return true;
    };
    // Trees first: whoever publishes meanwhile puts objects in their places before the trees that
    // name them, so what a listed tree names is listed.
    for_each_leaf(paths.root() / "trees" / "sha256", take_tree, content);
    for_each_leaf(paths.objects(), take_object, content);
    return content;
}

namespace {

Names read_names(const std::filesystem::path& folder) {
    Names names;
    std::filesystem::directory_iterator entries(folder, names.failure);
    for (; !names.failure && entries != std::filesystem::directory_iterator();
         entries.increment(names.failure)) {
        names.sorted.push_back(entries->path().filename().string());
    }
    if (names.failure == std::errc::no_such_file_or_directory) {
        names.failure.clear();
    }
    std::sort(names.sorted.begin(), names.sorted.end());
    return names;
}

void for_each_leaf(const std::filesystem::path& folder,
                   const std::function<bool(const std::filesystem::path&)>& take,
                   StoreContent& content) {
    for (const std::string& middle : names_in(folder)) {
        const std::filesystem::path inner = folder / middle;
        std::error_code failure;
        const auto type = std::filesystem::symlink_status(inner, failure).type();
        if (type == std::filesystem::file_type::not_found) {
            continue; // it went meanwhile
        }
        if (!failure && type != std::filesystem::file_type::directory) {
            content.strangers.push_back(inner);
            continue;
        }
        const auto names = names_unless_lost(inner);
        if (!names) {
            content.lost_folders.push_back(inner);
            continue;
        }
        for (const std::string& name : *names) {
            if (!take(inner / name)) {
                content.strangers.push_back(inner / name);
            }
        }
    }
}

std::optional<std::vector<std::string>> names_unless_lost(const std::filesystem::path& folder) {
    Names names = read_names(folder);
    if (means_lost(names.failure.value())) {
        return std::nullopt;
    }
    if (names.failure) {
        throw_system_error("cannot read a folder", folder.string(), names.failure.value());
    }
    return std::move(names.sorted);
}

bool is_in_place(const std::filesystem::path& path, const Sha256& digest) {
    return path.parent_path().filename() == fan_out(digest);
}

} // namespace

} // namespace envpm::store
