#include "base/assert.h"
#include "fuzz.h"
#include "layout_files.h"
#include "pypi/wheel_layout.h"
#include "pypi/wheel_record.h"

#include <string>

namespace envpm::fuzz {

namespace {

constexpr std::string_view record_path = "demo-1.0.dist-info/RECORD";

std::string record_of(const LayoutFiles& files);
void check_wheel(const Layout& layout);

} // namespace

/// Files of a wheel, "=== " and the path in a line before each. Where RECORD is not among them, it
/// is written as it should be, so that what comes after its check is reached too.
void read(std::string_view input) {
    LayoutFiles files = layout_files(input);
    const auto tree = if_accepted([&files] {
        if (!files.contains(std::string(record_path))) {
            files.emplace(record_path, record_of(files));
        }
        return tree_of(files);
    });
    if (!tree) {
        return;
    }
    const auto content = [&files](const TreeFile& file) { return files.at(file.path.string()); };
    const auto layout = if_accepted([&] {
        return pypi::wheel_layout({*PackageName::parse("demo"),
                                   "1.0",
                                   *tree,
                                   {"cpython", 3, 12, "cp312"},
                                   true,
                                   content});
    });
    if (layout) {
        check_wheel(*layout);
    }
}

namespace {

std::string record_of(const LayoutFiles& files) {
    std::vector<pypi::RecordRow> rows = {{std::string(record_path), "", ""}};
    for (const auto& [path, content] : files) {
        rows.push_back(
            {path, pypi::record_hash(sha256_of(content)), std::to_string(content.size())});
    }
    return pypi::record_text(std::move(rows));
}

/// Python's own names are the environment's.
void check_wheel(const Layout& layout) {
    check_layout(layout);
    for (const LayoutEntry& entry : layout.entries) {
        const std::string& path = entry.path.string();
        ENVPM_ASSERT(path != "bin/python" && path != "bin/python3" && path != "bin/python3.12");
    }
}

} // namespace

} // namespace envpm::fuzz
