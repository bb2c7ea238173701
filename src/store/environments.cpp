#include "store/environments.h"

#include "base/disk_fault.h"
#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "model/store_paths.h"
#include "store/roots.h"
#include "store/walk.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace envpm::store {

namespace {

std::optional<std::set<Sha256>> digests_of(const Json& manifest);
bool is_short_name(std::string_view name);

} // namespace

std::vector<Environment> environments_of(const StorePaths& paths) {
    const Roots roots = read_roots(paths);
    std::vector<Environment> environments;
    for (const std::string& name : names_in(paths.prefixes())) {
        if (is_foreign(paths.prefix(name))) {
            continue;
        }
        Environment environment{
            name, {}, archives_of_prefix(paths.prefix(name)).value_or(std::set<Sha256>())};
        if (const auto users = roots.prefixes.find(name); users != roots.prefixes.end()) {
            environment.projects.assign(users->second.begin(), users->second.end());
        }
        environments.push_back(std::move(environment));
    }
    return environments;
}

bool is_foreign(const std::filesystem::path& prefix) {
    std::error_code failure;
    return !is_short_name(prefix.filename().string()) &&
           !std::filesystem::is_directory(manifest_path(prefix).parent_path(), failure);
}

std::optional<std::set<Sha256>> archives_of_prefix(const std::filesystem::path& prefix) {
    const std::filesystem::path manifest = manifest_path(prefix);
    const std::optional<std::string> text = read_file_unless_lost(manifest);
    if (!text) {
        return std::nullopt;
    }
    try {
        return digests_of(parse_json(*text, manifest.string()));
    } catch (const Error&) {
        return std::nullopt;
    }
}

namespace {

bool is_short_name(std::string_view name) {
    constexpr std::size_t characters = 26; // StorePaths::prefix
    return name.size() == characters &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567") == std::string_view::npos;
}

std::optional<std::set<Sha256>> digests_of(const Json& manifest) {
    std::set<Sha256> digests;
    for (const Json& archive : manifest.array("archives")) {
        const auto* hex = archive.get_if<std::string>();
        const std::optional<Sha256> digest = hex != nullptr ? Sha256::parse(*hex) : std::nullopt;
        if (!digest) {
            return std::nullopt;
        }
        digests.insert(*digest);
    }
    return digests;
}

} // namespace

} // namespace envpm::store
