#include "store/walk.h"

#include "base/error.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <system_error>

namespace envpm::store {

namespace {

/// Calls `take` with each path two levels below `folder`; it says whether the path is in its place.
void for_each_leaf(const std::filesystem::path& folder,
                   const std::function<bool(const std::filesystem::path&)>& take,
                   std::vector<std::filesystem::path>& strangers);
bool is_in_place(const std::filesystem::path& path, const Sha256& digest);

} // namespace

std::vector<std::string> names_in(const std::filesystem::path& folder) {
    std::error_code failure;
    std::vector<std::string> names;
    std::filesystem::directory_iterator entries(folder, failure);
    for (; !failure && entries != std::filesystem::directory_iterator();
         entries.increment(failure)) {
        names.push_back(entries->path().filename().string());
    }
    if (failure && failure != std::errc::no_such_file_or_directory) {
        throw_system_error("cannot read a folder", folder.string(), failure.value());
    }
    std::sort(names.begin(), names.end());
    return names;
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
    for_each_leaf(paths.root() / "trees" / "sha256", take_tree, content.strangers);
    for_each_leaf(paths.objects(), take_object, content.strangers);
    return content;
}

namespace {

void for_each_leaf(const std::filesystem::path& folder,
                   const std::function<bool(const std::filesystem::path&)>& take,
                   std::vector<std::filesystem::path>& strangers) {
    for (const std::string& middle : names_in(folder)) {
        const std::filesystem::path inner = folder / middle;
        if (!std::filesystem::is_directory(std::filesystem::symlink_status(inner))) {
            strangers.push_back(inner);
            continue;
        }
        for (const std::string& name : names_in(inner)) {
            if (!take(inner / name)) {
                strangers.push_back(inner / name);
            }
        }
    }
}

bool is_in_place(const std::filesystem::path& path, const Sha256& digest) {
    return path.parent_path().filename() == fan_out(digest);
}

} // namespace

} // namespace envpm::store
