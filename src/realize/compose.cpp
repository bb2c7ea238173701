#include "base/assert.h"
#include "base/error.h"
#include "base/sort_runs.h"
#include "realize/environment_files.h"
#include "realize/link_check.h"
#include "realize/prefix.h"
#include "realize/tree_digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace envpm::realize {

namespace {

/// What stands where, whatever the case of its letters: that two packages get on only where `A` and
/// `a` differ is nothing to rely on. One package may hold both: it was made for such a system (the
/// kernel's headers are an example).
class Merger {
  public:
    explicit Merger(std::size_t entries) {
        index_by_folded_.reserve(entries);
        entries_.reserve(entries);
    }

    void add(LayoutEntry&& entry);
    [[nodiscard]] Layout finish();

  private:
    void add_again(const LayoutEntry& there, LayoutEntry&& entry);
    void refuse_different(const LayoutEntry& there, const LayoutEntry& entry) const;
    void refuse_below_a_file(const LayoutEntry& entry,
                             std::unordered_set<std::string>& known_folders) const;

    std::unordered_map<std::string, std::size_t>
        variants_;                     ///< by path: all but the first of a case
    std::vector<LayoutEntry> entries_; ///< as many as were announced, so that they stay in place
    std::deque<std::string> folded_;   ///< the paths that are not so themselves
    std::unordered_map<std::string_view, std::size_t> index_by_folded_; ///< keys in these two
};

bool has_upper_case(std::string_view path);

void refuse_in_the_way(const LayoutEntry& there, std::string_view folder, const LayoutEntry& entry);
std::string fold(std::string_view path);
std::optional<std::pair<std::string, PlaceholderMode>> placeholder_of(const LayoutEntry& entry);

[[noreturn]] void throw_clash(std::string what, const LayoutEntry& one, const LayoutEntry& other);

} // namespace

Layout compose(std::vector<Layout> packages, const PythonSource& python) {
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
        add_again(entries_[found->second], std::move(entry));
        return;
    }
    ENVPM_ASSERT(entries_.size() < entries_.capacity()); // or the keys would dangle
    entries_.push_back(std::move(entry));
    key = folded.empty() ? entries_.back().path.string() : folded_.emplace_back(std::move(folded));
    index_by_folded_.emplace(key, entries_.size() - 1);
}

/// `there` has the same path, or one that differs only in case.
void Merger::add_again(const LayoutEntry& there, LayoutEntry&& entry) {
    const auto variant = variants_.find(entry.path.string());
    if (variant != variants_.end()) {
        refuse_different(entries_[variant->second], entry);
    } else if (there.path == entry.path) {
        refuse_different(there, entry);
    } else if (there.owner == entry.owner) {
        ENVPM_ASSERT(entries_.size() < entries_.capacity());
        variants_.emplace(entry.path.string(), entries_.size());
        entries_.push_back(std::move(entry));
    } else {
        throw_clash("two paths differ only in case", there, entry);
    }
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
    std::erase_if(entries_, [&known_folders](const LayoutEntry& entry) {
        return kind_of(entry) == EntryKind::folder && known_folders.contains(entry.path.string());
    });
    sort_runs(entries_, [](const LayoutEntry& a, const LayoutEntry& b) {
        return a.path.string() < b.path.string();
    });
    check_links(entries_);
    return {std::move(entries_)};
}

/// Many packages bring the same empty `tests/__init__.py` or licence: that is no clash.
void Merger::refuse_different(const LayoutEntry& there, const LayoutEntry& entry) const {
    if (kind_of(there) != kind_of(entry) || digest_of(there) != digest_of(entry) ||
        placeholder_of(there) != placeholder_of(entry)) {
        throw_clash("two packages hold different files of one path", there, entry);
    }
}

void Merger::refuse_below_a_file(const LayoutEntry& entry,
                                 std::unordered_set<std::string>& known_folders) const {
    std::string folder(entry.path.parent());
    while (!folder.empty() && known_folders.insert(folder).second) {
        const auto file = index_by_folded_.find(fold(folder));
        if (file != index_by_folded_.end()) {
            refuse_in_the_way(entries_[file->second], folder, entry);
        }
        const auto variant = variants_.find(folder);
        if (variant != variants_.end()) {
            refuse_in_the_way(entries_[variant->second], folder, entry);
        }
        const std::size_t slash = folder.rfind('/');
        folder.resize(slash == std::string::npos ? 0 : slash);
    }
}

/// Throws if `there`, at the folder's path but for its case, is no folder. Paths of one package may
/// differ in case.
void refuse_in_the_way(const LayoutEntry& there, std::string_view folder,
                       const LayoutEntry& entry) {
    if (kind_of(there) != EntryKind::folder &&
        (there.path.string() == folder || there.owner != entry.owner)) {
        throw_clash("a path lies below a file", there, entry);
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

/// What is relocated otherwise becomes another file of the same object.
std::optional<std::pair<std::string, PlaceholderMode>> placeholder_of(const LayoutEntry& entry) {
    const auto* relocated = std::get_if<RelocatedFile>(&entry.content);
    if (relocated == nullptr) {
        return std::nullopt;
    }
    return std::pair(relocated->placeholder, relocated->mode);
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
