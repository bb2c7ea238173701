#include "base/assert.h"
#include "conda/package_layout.h"
#include "fuzz.h"
#include "layout_files.h"

#include <string>

namespace envpm::fuzz {

namespace {

constexpr std::string_view index_path = "info/index.json";
constexpr std::string_view index_text =
    R"({"name":"demo","version":"1.0","build":"0","subdir":"noarch","noarch":"python"})";

void check_package(const Layout& layout);

} // namespace

/// Files of a conda package, "=== " and the path in a line before each. Where index.json is not
/// among them it is that of a noarch Python package, and where both lists are not, `info/files`
/// names all that there is.
void read(std::string_view input) {
    LayoutFiles files = layout_files(input);
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
        check_package(*layout);
    }
}

namespace {

/// Nothing of the archive's own folder, and one record: the package's.
void check_package(const Layout& layout) {
    check_layout(layout);
    bool has_record = false;
    for (const LayoutEntry& entry : layout.entries) {
        const std::string& path = entry.path.string();
        ENVPM_ASSERT(!path.starts_with("info/"));
        if (path.starts_with("conda-meta/") && path.ends_with(".json")) {
            ENVPM_ASSERT(path == "conda-meta/demo-1.0-0.json");
            has_record = true;
        }
    }
    ENVPM_ASSERT(has_record);
}

} // namespace

} // namespace envpm::fuzz
