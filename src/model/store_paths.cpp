#include "model/store_paths.h"

#include <string_view>

namespace envpm {

namespace {

constexpr std::string_view base32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t short_name_length = 26;

} // namespace

std::filesystem::path StorePaths::object(const Sha256& object, bool is_executable) const {
    return objects() / object_below(object, is_executable);
}

std::string StorePaths::object_below(const Sha256& object, bool is_executable) {
    const std::string hex = object.hex();
    std::string path;
    path.reserve(hex.size() + 5);
    path.append(hex, 0, 2).append("/").append(hex).append(is_executable ? ".x" : "");
    return path;
}

std::filesystem::path StorePaths::tree(const Sha256& archive) const {
    const std::string hex = archive.hex();
    return root_ / "trees" / "sha256" / hex.substr(0, 2) / (hex + ".json");
}

std::filesystem::path StorePaths::prefix(const Sha256& env) const {
    return prefixes() / short_name(env);
}

std::filesystem::path manifest_path(const std::filesystem::path& prefix) {
    return prefix / ".envpm" / "manifest.json";
}

std::filesystem::path generations_folder(const std::filesystem::path& environment) {
    return environment / "gens";
}

std::string short_name(const Sha256& env) {
    std::string name;
    unsigned bits = 0;
    unsigned count = 0;
    for (const unsigned byte : env.bytes()) {
        bits = (bits << 8U) | byte;
        count += 8;
        for (; count >= 5 && name.size() < short_name_length; count -= 5) {
            name += base32[(bits >> (count - 5)) & 31U];
        }
    }
    return name;
}

} // namespace envpm
