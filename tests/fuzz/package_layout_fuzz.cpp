#include "base/assert.h"
#include "conda/package_layout.h"
#include "fuzz.h"

#include <map>
#include <string>

namespace envpm::fuzz {

namespace {

constexpr std::string_view separator = "\n=== ";
constexpr std::string_view index_path = "info/index.json";
constexpr std::string_view index_text =
    R"({"name":"demo","version":"1.0","build":"0","subdir":"noarch","noarch":"python"})";

/// By path; a path twice is one.
using Files = std::map<std::string, std::string>;

Files files_of(std::string_view input);
Tree tree_of(const Files& files);
void check_layout(const Layout& layout);

} // namespace

/// Files of a conda package, "=== " and the path in a line before each. Where index.json is not
/// among them it is that of a noarch Python package, and where both lists are not, `info/files`
/// names all that there is.
void read(std::string_view input) {
    Files files = files_of(input);
    files.emplace(index_path, index_text);
    if (!files.contains("info/paths.json")) {
        std::string list;
        for (const auto& [path, content] : files) {
            list += path.starts_with("info/") ? "" : path + "\n";
        }
        files.emplace("info/files", list);
    }
    const auto tree = if_accepted([&files] { return tree_of(files); });
    if (!tree) {
        return;
    }
    const auto content = [&files](const TreeFile& file) { return files.at(file.path.string()); };
    const auto layout = if_accepted([&] {
        return conda::package_layout({.name = "demo",
                                      .version = "1.0",
                                      .build = "0",
                                      .subdir = "noarch",
                                      .file_name = "demo-1.0-0.conda",
                                      .size_bytes = 1,
                                      .channel = "here",
                                      .tree = *tree,
                                      .python = PythonAbi{"cpython", 3, 12, "cp312"},
                                      .site_packages = {},
                                      .content = content});
    });
    if (layout) {
        check_layout(*layout);
    }
}

namespace {

Files files_of(std::string_view input) {
    Files files;
    while (!input.empty()) {
        const std::size_t end = std::min(input.find(separator), input.size());
        const auto [path, content] = first_line(input.substr(0, end));
        files.emplace(path, content);
        input.remove_prefix(std::min(end + separator.size(), input.size()));
    }
    return files;
}

Tree tree_of(const Files& files) {
    Tree tree{sha256_of("archive"), {}};
    for (const auto& [path, content] : files) {
        tree.files.push_back(
            {RelativePath::parse(path), sha256_of(content), content.size(), false});
    }
    return tree;
}

/// Sorted, no path twice, nothing of the environment's own, and one record: the package's.
void check_layout(const Layout& layout) {
    const LayoutEntry* before = nullptr;
    bool has_record = false;
    for (const LayoutEntry& entry : layout.entries) {
        const std::string& path = entry.path.string();
        ENVPM_ASSERT(before == nullptr || before->path < entry.path);
        ENVPM_ASSERT(path != "pyvenv.cfg" && path != ".envpm" && !path.starts_with(".envpm/"));
        ENVPM_ASSERT(!path.starts_with("info/"));
        if (path.starts_with("conda-meta/") && path.ends_with(".json")) {
            ENVPM_ASSERT(path == "conda-meta/demo-1.0-0.json");
            has_record = true;
        }
        before = &entry;
    }
    ENVPM_ASSERT(has_record);
}

} // namespace

} // namespace envpm::fuzz
