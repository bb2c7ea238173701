#include "base/assert.h"
#include "fuzz.h"
#include "pypi/wheel_layout.h"
#include "pypi/wheel_record.h"

#include <map>
#include <string>

namespace envpm::fuzz {

namespace {

constexpr std::string_view separator = "\n=== ";
constexpr std::string_view record_path = "demo-1.0.dist-info/RECORD";

/// By path; a path twice is one.
using Files = std::map<std::string, std::string>;

Files files_of(std::string_view input);
std::string record_of(const Files& files);
Tree tree_of(const Files& files);
void check_layout(const Layout& layout);

} // namespace

/// Files of a wheel, "=== " and the path in a line before each. Where RECORD is not among them, it
/// is written as it should be, so that what comes after its check is reached too.
void read(std::string_view input) {
    Files files = files_of(input);
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

std::string record_of(const Files& files) {
    std::vector<pypi::RecordRow> rows = {{std::string(record_path), "", ""}};
    for (const auto& [path, content] : files) {
        rows.push_back(
            {path, pypi::record_hash(sha256_of(content)), std::to_string(content.size())});
    }
    return pypi::record_text(std::move(rows));
}

Tree tree_of(const Files& files) {
    Tree tree{sha256_of("archive"), {}};
    for (const auto& [path, content] : files) {
        tree.files.push_back(
            {RelativePath::parse(path), sha256_of(content), content.size(), false});
    }
    return tree;
}

void check_layout(const Layout& layout) {
    const LayoutEntry* before = nullptr;
    for (const LayoutEntry& entry : layout.entries) {
        const std::string& path = entry.path.string();
        ENVPM_ASSERT(before == nullptr || before->path < entry.path);
        ENVPM_ASSERT(path != "pyvenv.cfg" && path != ".envpm" && !path.starts_with(".envpm/"));
        ENVPM_ASSERT(path != "bin/python" && path != "bin/python3" && path != "bin/python3.12");
        before = &entry;
    }
}

} // namespace

} // namespace envpm::fuzz
