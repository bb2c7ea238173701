#pragma once

#include "base/json.h"
#include "conda/package_layout.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace envpm::conda::test {

/// A package as the store has it, with the paths.json that conda-build would write; a test changes
/// what it likes before `tree` is asked.
struct SamplePackage {
    std::map<std::string, std::string> files; ///< content by path, `info` apart
    std::set<std::string> executables;
    std::map<std::string, std::string> links;
    std::set<std::string> folders;
    std::map<std::string, Json::Object> says; ///< goes over a path's entry in paths.json
    std::map<std::string, std::string> info;  ///< instead of what is written, or besides
    Json::Object index = {{"name", "demo"},
                          {"version", "1.0"},
                          {"build", "h0_1"},
                          {"build_number", 1},
                          {"depends", Json::Array{Json("libz >=1")}},
                          {"subdir", "linux-64"}};

    [[nodiscard]] std::string paths_json() const {
        Json::Array paths;
        const auto add = [&](const std::string& path, Json::Object entry) {
            entry.emplace("_path", path);
            if (const auto more = says.find(path); more != says.end()) {
                for (const auto& [name, value] : more->second) {
                    entry.insert_or_assign(name, value);
                }
            }
            paths.emplace_back(std::move(entry));
        };
        for (const auto& [path, content] : files) {
            add(path, {{"path_type", "hardlink"},
                       {"sha256", sha256_of(content).hex()},
                       {"size_in_bytes", std::uint64_t{content.size()}}});
        }
        for (const auto& [path, target] : links) {
            add(path, {{"path_type", "softlink"}, {"sha256", sha256_of("its file").hex()}});
        }
        for (const std::string& path : folders) {
            add(path, {{"path_type", "directory"}});
        }
        return to_text(Json(Json::Object{{"paths", std::move(paths)}, {"paths_version", 1}}));
    }

    [[nodiscard]] std::map<std::string, std::string> all() const {
        std::map<std::string, std::string> out = files;
        out.emplace("info/index.json", to_text(Json(index)));
        if (!info.contains("info/files")) {
            out.emplace("info/paths.json", paths_json());
        }
        for (const auto& [path, content] : info) {
            out.insert_or_assign(path, content);
        }
        return out;
    }

    [[nodiscard]] Tree tree() const {
        Tree tree{sha256_of("archive"), {}};
        for (const auto& [path, content] : all()) {
            tree.files.push_back({RelativePath::parse(path), sha256_of(content), content.size(),
                                  executables.contains(path)});
        }
        for (const auto& [path, target] : links) {
            tree.links.push_back({RelativePath::parse(path), target});
        }
        for (const std::string& path : folders) {
            tree.empty_folders.push_back(RelativePath::parse(path));
        }
        return tree;
    }
};

inline PackageLayoutRequest request_for(const SamplePackage& package, const Tree& tree) {
    return {.name = "demo",
            .version = "1.0",
            .build = "h0_1",
            .subdir = "linux-64",
            .file_name = "demo-1.0-h0_1.conda",
            .size_bytes = 1234,
            .channel = "lab",
            .tree = tree,
            .python = PythonAbi{"cpython", 3, 12, "cp312"},
            .site_packages = {},
            .content = [all = package.all()](const TreeFile& file) {
                return all.at(file.path.string());
            }};
}

} // namespace envpm::conda::test
