#include "realize/compose.h"

#include "base/ascii.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/sort_runs.h"
#include "realize/claims.h"
#include "realize/environment_files.h"
#include "realize/file_clashes.h"
#include "realize/link_check.h"
#include "realize/tree_digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <span>
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
    [[nodiscard]] Layout finish(Claims& claims);

  private:
    using Again = std::pair<std::size_t, LayoutEntry>; ///< which entry has its path

    void add_again(std::size_t there, LayoutEntry&& entry);
    void settle(Claims& claims);
    void settle_one(std::span<Again> others, Claims& claims);
    void note_clash(const LayoutEntry& one, const LayoutEntry& other, const Claims& claims);
    void refuse_below_a_file(const LayoutEntry& entry,
                             std::unordered_set<std::string>& known_folders) const;

    std::unordered_map<std::string, std::size_t>
        variants_;                     ///< by path: all but the first of a case
    std::vector<LayoutEntry> entries_; ///< as many as were announced, so that they stay in place
    std::vector<Again> again_;         ///< of a path that has an entry, in the order of packages
    std::vector<FileClash> clashes_;   ///< that nobody settled, in order of their paths' entries
    std::deque<std::string> folded_;   ///< the paths that are not so themselves
    std::unordered_map<std::string_view, std::size_t> index_by_folded_; ///< keys in these two
};

bool has_upper_case(std::string_view path);

bool is_same_file(const LayoutEntry& one, const LayoutEntry& other);
void refuse_in_the_way(const LayoutEntry& there, std::string_view folder, const LayoutEntry& entry);
std::optional<std::pair<std::string, PlaceholderMode>> placeholder_of(const LayoutEntry& entry);

[[noreturn]] void throw_clash(std::string what, const LayoutEntry& one, const LayoutEntry& other);

} // namespace

Composition compose(std::vector<Layout> packages, const PythonSource& python,
                    const FilePolicy& policy) {
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
    Claims claims(policy.claims);
    Layout layout = merger.finish(claims);
    check_links(layout.entries, policy.outside_links);
    return {std::move(layout), claims.idle()};
}

namespace {

void Merger::add(LayoutEntry&& entry) {
    std::string_view key = entry.path.string();
    std::string folded;
    if (has_upper_case(key)) {
        key = folded = ascii_lower(key);
    }
    if (key == ".envpm" || key.starts_with(".envpm/")) {
        throw Error(
            {fmt::format("{} holds a file in `.envpm`, which is envpm's own", entry.owner.string()),
             entry.path.string(),
             {}});
    }
    const auto found = index_by_folded_.find(key);
    if (found != index_by_folded_.end()) {
        add_again(found->second, std::move(entry));
        return;
    }
    ENVPM_ASSERT(entries_.size() < entries_.capacity()); // or the keys would dangle
    entries_.push_back(std::move(entry));
    key = folded.empty() ? entries_.back().path.string() : folded_.emplace_back(std::move(folded));
    index_by_folded_.emplace(key, entries_.size() - 1);
}

/// The entry at `there` has the same path, or one that differs only in case.
void Merger::add_again(std::size_t there, LayoutEntry&& entry) {
    const auto variant = variants_.find(entry.path.string());
    if (variant != variants_.end()) {
        again_.emplace_back(variant->second, std::move(entry));
    } else if (entries_[there].path == entry.path) {
        again_.emplace_back(there, std::move(entry));
    } else if (entries_[there].owner == entry.owner) {
        ENVPM_ASSERT(entries_.size() < entries_.capacity());
        variants_.emplace(entry.path.string(), entries_.size());
        entries_.push_back(std::move(entry));
    } else {
        throw_clash("two paths differ only in case", entries_[there], entry);
    }
}

Layout Merger::finish(Claims& claims) {
    settle(claims);
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
    return {std::move(entries_)};
}

void Merger::settle(Claims& claims) {
    std::stable_sort(again_.begin(), again_.end(),
                     [](const Again& a, const Again& b) { return a.first < b.first; });
    const std::span<Again> all(again_);
    for (std::size_t begin = 0; begin < all.size();) {
        std::size_t end = begin;
        while (end < all.size() && all[end].first == all[begin].first) {
            ++end;
        }
        settle_one(all.subspan(begin, end - begin), claims);
        begin = end;
    }
    if (!clashes_.empty()) {
        throw_file_clashes(clashes_);
    }
}

/// Many packages bring the same empty `tests/__init__.py` or licence: that is no clash.
void Merger::settle_one(std::span<Again> others, Claims& claims) {
    LayoutEntry& there = entries_[others.front().first];
    const auto different = std::find_if(others.begin(), others.end(), [&](const Again& other) {
        return !is_same_file(there, other.second);
    });
    if (different == others.end()) {
        return;
    }
    std::vector<std::string> owners = {there.owner.string()};
    for (const auto& [index, entry] : others) {
        owners.push_back(entry.owner.string());
    }
    const std::optional<std::string> winner = claims.winner(there.path.string(), owners);
    if (!winner) {
        note_clash(there, different->second, claims);
        return;
    }
    for (auto& [index, entry] : others) {
        if (entry.owner.string() == *winner) { // its path stays where it is, for keys lie in it
            there.content = std::move(entry.content);
            there.is_executable = entry.is_executable;
            there.owner = std::move(entry.owner);
        }
    }
}

/// Nobody can take a path from the environment's own files.
void Merger::note_clash(const LayoutEntry& one, const LayoutEntry& other, const Claims& claims) {
    if (one.owner.string() == environment_owner || other.owner.string() == environment_owner) {
        throw_clash("two packages hold different files of one path", one, other);
    }
    const std::string& path = one.path.string();
    clashes_.push_back({path, one.owner, other.owner, claims.claimant(path)});
}

bool is_same_file(const LayoutEntry& one, const LayoutEntry& other) {
    return kind_of(one) == kind_of(other) && digest_of(one) == digest_of(other) &&
           placeholder_of(one) == placeholder_of(other);
}

void Merger::refuse_below_a_file(const LayoutEntry& entry,
                                 std::unordered_set<std::string>& known_folders) const {
    std::string folder(entry.path.parent());
    while (!folder.empty() && known_folders.insert(folder).second) {
        const auto file = index_by_folded_.find(ascii_lower(folder));
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
    return std::any_of(path.begin(), path.end(), is_upper_case);
}

/// What is relocated otherwise becomes another file of the same object.
std::optional<std::pair<std::string, PlaceholderMode>> placeholder_of(const LayoutEntry& entry) {
    const auto* relocated = std::get_if<Boxed<RelocatedFile>>(&entry.content);
    if (relocated == nullptr) {
        return std::nullopt;
    }
    return std::pair((*relocated)->placeholder, (*relocated)->mode);
}

void throw_clash(std::string what, const LayoutEntry& one, const LayoutEntry& other) {
    throw Error({std::move(what),
                 fmt::format("`{}` of {} and `{}` of {}", one.path.string(), one.owner.string(),
                             other.path.string(), other.owner.string()),
                 "these packages cannot share an environment: leave one out, or ask for another "
                 "version"});
}

} // namespace

} // namespace envpm::realize
