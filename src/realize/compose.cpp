#include "base/assert.h"
#include "base/error.h"
#include "base/sort_runs.h"
#include "realize/environment_files.h"
#include "realize/prefix.h"
#include "realize/tree_digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace envpm::realize {

namespace {

/// What stands where, whatever the case of its letters: a layout that works only where `A` and `a`
/// differ would not be the same environment everywhere.
class Merger {
  public:
    explicit Merger(std::size_t entries) {
        index_by_folded_.reserve(entries);
        entries_.reserve(entries);
    }

    void add(LayoutEntry&& entry);
    [[nodiscard]] Layout finish();

  private:
    void refuse_different(const LayoutEntry& there, const LayoutEntry& entry) const;
    void refuse_below_a_file(const LayoutEntry& entry,
                             std::unordered_set<std::string>& known_folders) const;

    std::vector<LayoutEntry> entries_; ///< as many as were announced, so that they stay in place
    std::deque<std::string> folded_;   ///< the paths that are not so themselves
    std::unordered_map<std::string_view, std::size_t> index_by_folded_; ///< keys in these two
};

bool has_upper_case(std::string_view path);
std::string fold(std::string_view path);
[[noreturn]] void throw_clash(std::string what, const LayoutEntry& one, const LayoutEntry& other);

} // namespace

Layout compose(std::vector<Layout> packages, const PythonAbi& python) {
    packages.insert(packages.begin(), environment_files(python));
    std::size_t entries = 0;
    for (const Layout& package : packages) {
        entries += package.entries.size();
    }
    Merger merger(entries);
    for (Layout& package : packages) {
        for (LayoutEntry& entry : package.entries) {
            merger.add(std::move(entry));
        }
        package = Layout();
    }
    return merger.finish();
}

namespace {

void Merger::add(LayoutEntry&& entry) {
    std::string_view key = entry.path.string();
    std::string folded;
    if (has_upper_case(key)) {
        key = folded = fold(key);
    }
    if (key == ".envpm" || key.starts_with(".envpm/")) {
        throw Error({fmt::format("{} holds a file in `.envpm`, which is envpm's own", entry.owner),
                     entry.path.string(),
                     {}});
    }
    const auto found = index_by_folded_.find(key);
    if (found != index_by_folded_.end()) {
        refuse_different(entries_[found->second], entry);
        return;
    }
    ENVPM_ASSERT(entries_.size() < entries_.capacity()); // or the keys would dangle
    entries_.push_back(std::move(entry));
    key = folded.empty() ? entries_.back().path.string() : folded_.emplace_back(std::move(folded));
    index_by_folded_.emplace(key, entries_.size() - 1);
}

Layout Merger::finish() {
    std::unordered_set<std::string> known_folders;
    std::string_view last_folder;
    for (const LayoutEntry& entry : entries_) {
        const std::string_view folder = entry.path.parent();
        if (folder != last_folder) {
            refuse_below_a_file(entry, known_folders);
            last_folder = folder;
        }
    }
    index_by_folded_.clear(); // its keys lie in the entries, which move
    sort_runs(entries_, [](const LayoutEntry& a, const LayoutEntry& b) {
        return a.path.string() < b.path.string();
    });
    return {std::move(entries_)};
}

/// Many packages bring the same empty `tests/__init__.py` or licence: that is no clash.
void Merger::refuse_different(const LayoutEntry& there, const LayoutEntry& entry) const {
    if (there.path != entry.path) {
        throw_clash("two paths differ only in case", there, entry);
    }
    if (kind_of(there) != kind_of(entry) || digest_of(there) != digest_of(entry)) {
        throw_clash("two packages hold different files of one path", there, entry);
    }
}

void Merger::refuse_below_a_file(const LayoutEntry& entry,
                                 std::unordered_set<std::string>& known_folders) const {
    std::string folder = fold(entry.path.parent());
    while (!folder.empty() && known_folders.insert(folder).second) {
        const auto file = index_by_folded_.find(folder);
        if (file != index_by_folded_.end()) {
            throw_clash("a path lies below a file", entries_[file->second], entry);
        }
        const std::size_t slash = folder.rfind('/');
        folder.resize(slash == std::string::npos ? 0 : slash);
    }
}

bool has_upper_case(std::string_view path) {
    return std::any_of(path.begin(), path.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// ASCII only, and so the same in every locale.
std::string fold(std::string_view path) {
    std::string folded(path);
    for (char& c : folded) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return folded;
}

void throw_clash(std::string what, const LayoutEntry& one, const LayoutEntry& other) {
    throw Error({std::move(what),
                 fmt::format("`{}` of {} and `{}` of {}", one.path.string(), one.owner,
                             other.path.string(), other.owner),
                 "these packages cannot share an environment: leave one out, or ask for another "
                 "version"});
}

} // namespace

} // namespace envpm::realize
