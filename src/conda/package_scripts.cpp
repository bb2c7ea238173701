#include "conda/package_scripts.h"

#include "conda/package_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>

namespace envpm::conda {

namespace {

struct RecordName {
    std::string name;
    std::string version;
};

std::array<std::string, 3> possible_link_scripts(const std::string& name);
std::optional<RecordName> parse_record_name(std::string_view file);

} // namespace

std::vector<std::string> link_scripts(const Tree& tree, const std::string& name) {
    std::vector<std::string> found;
    for (const std::string& path : possible_link_scripts(name)) {
        if (find_file(tree, path) != nullptr) {
            found.push_back(path);
        }
    }
    return found;
}

std::vector<std::string> activation_scripts(const Tree& tree) {
    constexpr std::string_view folder = "etc/conda/activate.d/";
    std::vector<std::string> found;
    for (const TreeFile& file : tree.files) {
        const std::string& path = file.path.string();
        if (path.starts_with(folder) && (path.ends_with(".sh") || path.ends_with(".fish"))) {
            found.push_back(path);
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<UnrunScripts> unrun_scripts(const std::filesystem::path& prefix) {
    std::vector<UnrunScripts> found;
    std::error_code failure;
    for (std::filesystem::directory_iterator at(prefix / "conda-meta", failure), end;
         !failure && at != end; at.increment(failure)) {
        const auto record = parse_record_name(at->path().filename().string());
        if (!record) {
            continue;
        }
        UnrunScripts scripts{record->name + " " + record->version, {}};
        for (const std::string& path : possible_link_scripts(record->name)) {
            std::error_code ignored;
            if (std::filesystem::exists(prefix / path, ignored)) {
                scripts.paths.push_back(path);
            }
        }
        if (!scripts.paths.empty()) {
            found.push_back(std::move(scripts));
        }
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.package < b.package; });
    return found;
}

namespace {

std::array<std::string, 3> possible_link_scripts(const std::string& name) {
    return {fmt::format("bin/.{}-post-link.sh", name), fmt::format("bin/.{}-pre-link.sh", name),
            fmt::format("bin/.{}-pre-unlink.sh", name)};
}

/// "NAME-VERSION-BUILD.json"; neither version nor build has a `-`.
std::optional<RecordName> parse_record_name(std::string_view file) {
    constexpr std::string_view suffix = ".json";
    if (!file.ends_with(suffix)) {
        return std::nullopt;
    }
    const std::size_t build = file.rfind('-');
    const std::size_t version = build == 0 || build == std::string_view::npos
                                    ? std::string_view::npos
                                    : file.rfind('-', build - 1);
    if (version == 0 || version == std::string_view::npos) {
        return std::nullopt;
    }
    return RecordName{std::string(file.substr(0, version)),
                      std::string(file.substr(version + 1, build - version - 1))};
}

} // namespace

} // namespace envpm::conda
