#include "realize/check.h"

#include "base/disk_fault.h"
#include "base/error.h"
#include "base/files.h"
#include "base/progress_task.h"
#include "model/store_paths.h"
#include "realize/environment_files.h"
#include "realize/placer.h"
#include "realize/prefix_manifest.h"
#include "realize/relocated_file.h"
#include "realize/walk.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>

namespace envpm::realize {

namespace {

using FoundByPath = std::unordered_map<std::string_view, const FoundEntry*>;

/// What the files of one check share.
struct Checked {
    const std::filesystem::path& prefix;
    CheckDepth depth;
    const KnownFiles& known;
};

PrefixManifest require_manifest(const std::filesystem::path& prefix);
std::variant<PrefixManifest, PrefixDamage> manifest_or_damage(const std::filesystem::path& prefix);
const std::string* unreadable_above(const Walk& walk, std::string_view path);
bool is_as_realised(const Checked& checked, const RealisedFile& file, const FoundEntry& found);
std::vector<std::string> strangers(const PrefixManifest& manifest,
                                   const std::vector<FoundEntry>& found);
bool is_bytecode(const std::string& path);
std::optional<PrefixDamage> damage_of_bytecode_link(const std::filesystem::path& prefix,
                                                    const PrefixManifest& manifest);
Sha256 digest_before_relocation(const std::filesystem::path& prefix, const FoundEntry& found,
                                const Relocation* relocation, const Places& places);

} // namespace

std::vector<PrefixDamage> check(const std::filesystem::path& prefix, CheckDepth depth,
                                ThreadPool& pool, Progress& progress, const KnownFiles& known) {
    const auto read = manifest_or_damage(prefix);
    if (const auto* damage = std::get_if<PrefixDamage>(&read)) {
        return {*damage};
    }
    const auto& manifest = std::get<PrefixManifest>(read);
    const Walk walk = walk_readable(prefix);
    const Checked checked{prefix, depth, known};
    FoundByPath found_by_path;
    for (const FoundEntry& entry : walk.found) {
        found_by_path.emplace(entry.path, &entry);
    }
    std::vector<std::optional<FileDamage>> verdicts(manifest.files.size());
    {
        ProgressTask task(progress, "checking files", manifest.files.size(), ProgressUnit::items);
        parallel_for(pool, manifest.files.size(), [&](std::size_t i) {
            const RealisedFile& file = manifest.files[i];
            const auto entry = found_by_path.find(file.path);
            if (unreadable_above(walk, file.path) != nullptr) {
                verdicts[i] = FileDamage::unreadable;
            } else if (entry == found_by_path.end()) {
                verdicts[i] = FileDamage::missing;
            } else if (!is_as_realised(checked, file, *entry->second)) {
                verdicts[i] = FileDamage::changed;
            }
            task.advance(1);
        });
    }

    std::vector<PrefixDamage> damage;
    std::set<std::string> unreadable;
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        if (verdicts[i] == FileDamage::unreadable) {
            unreadable.insert(*unreadable_above(walk, manifest.files[i].path));
        } else if (verdicts[i]) {
            damage.push_back({manifest.files[i].path, *verdicts[i]});
        }
    }
    for (const std::string& folder : unreadable) {
        damage.push_back({folder, FileDamage::unreadable});
    }
    for (std::string& path : strangers(manifest, walk.found)) {
        damage.push_back({std::move(path), FileDamage::strange});
    }
    if (auto one = damage_of_bytecode_link(prefix, manifest)) {
        damage.push_back(std::move(*one));
    }
    std::sort(damage.begin(), damage.end(),
              [](const PrefixDamage& a, const PrefixDamage& b) { return a.path < b.path; });
    return damage;
}

std::string_view words_of(FileDamage kind) {
    switch (kind) {
    case FileDamage::changed:
        return "changed";
    case FileDamage::missing:
        return "missing";
    case FileDamage::strange:
        return "not from a package";
    case FileDamage::unreadable:
        return "it cannot be read";
    }
    return {};
}

std::vector<std::string> strangers_in(const std::filesystem::path& prefix) {
    std::vector<std::string> found = strangers(require_manifest(prefix), walk(prefix));
    std::erase_if(found, is_bytecode);
    std::sort(found.begin(), found.end());
    return found;
}

Sha256 contents_digest_of_prefix(const std::filesystem::path& prefix, ThreadPool& pool,
                                 Progress& progress) {
    const PrefixManifest manifest = require_manifest(prefix);
    const Places places = places_of(manifest.prefix, manifest.interpreter);
    std::unordered_map<std::string_view, const Relocation*> relocations;
    for (const RealisedFile& file : manifest.files) {
        if (!file.relocation.is_none()) {
            relocations.emplace(file.path, &file.relocation);
        }
    }
    const std::vector<FoundEntry> found = walk(prefix);
    std::vector<std::optional<Sha256>> digests(found.size());
    {
        ProgressTask task(progress, "hashing files", found.size(), ProgressUnit::items);
        parallel_for(pool, found.size(), [&](std::size_t i) {
            const auto relocation = relocations.find(found[i].path);
            if (found[i].kind != EntryKind::folder) {
                digests[i] = digest_before_relocation(
                    prefix, found[i],
                    relocation == relocations.end() ? nullptr : relocation->second, places);
            }
            task.advance(1);
        });
    }

    TreeDigest tree;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (digests[i]) {
            tree.add(found[i].path, *found[i].kind, *digests[i]);
        } else {
            tree.add_folder(found[i].path);
        }
    }
    return tree.finish();
}

namespace {

PrefixManifest require_manifest(const std::filesystem::path& prefix) {
    std::optional<PrefixManifest> manifest = read_manifest(prefix);
    if (!manifest) {
        throw Error({"a folder is no environment that envpm made: it has no file list",
                     prefix.string(), "`envpm install` makes it anew"},
                    ExitCode::integrity);
    }
    return std::move(*manifest);
}

std::variant<PrefixManifest, PrefixDamage> manifest_or_damage(const std::filesystem::path& prefix) {
    const std::string path = manifest_path({}).string();
    try {
        if (auto manifest = read_manifest(prefix)) {
            return std::move(*manifest);
        }
        return PrefixDamage{path, FileDamage::missing};
    } catch (const Error& error) {
        if (error.code() != ExitCode::integrity && !has_lost_bytes(prefix / path)) {
            throw;
        }
        return PrefixDamage{path, FileDamage::changed};
    }
}

/// The folder that a path is in or is, if it cannot be read. Of what it holds nothing is known.
const std::string* unreadable_above(const Walk& walk, std::string_view path) {
    if (walk.unreadable.empty()) {
        return nullptr;
    }
    if (const auto root = walk.unreadable.find("."); root != walk.unreadable.end()) {
        return &root->first;
    }
    while (true) {
        if (const auto folder = walk.unreadable.find(path); folder != walk.unreadable.end()) {
            return &folder->first;
        }
        const std::size_t slash = path.rfind('/');
        if (slash == std::string_view::npos) {
            return nullptr;
        }
        path = path.substr(0, slash);
    }
}

/// A file whose time is not the constant one was touched by someone: then even a quick check reads
/// it, which finds an edit of equal length.
bool is_as_realised(const Checked& checked, const RealisedFile& file, const FoundEntry& found) {
    if (found.kind != file.kind) {
        return false;
    }
    if (file.kind == EntryKind::folder) {
        return true; // what it holds by now is a stranger
    }
    if (found.size_bytes != file.size_bytes) {
        return false;
    }
    const std::filesystem::path path = checked.prefix / file.path;
    if (file.kind == EntryKind::link) {
        return sha256_of(std::filesystem::read_symlink(path).native()) == file.sha256;
    }
    if (const std::optional<Sha256> digest = checked.known.find(found.identity)) {
        return *digest == file.sha256;
    }
    const bool is_read = checked.depth == CheckDepth::full || found.time != store_time;
    if (is_read && ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0 && errno == EACCES) {
        return false; // somebody took the right away
    }
    return !is_read || sha256_unless_lost(path) == file.sha256;
}

/// Of a folder that is not ours the folder alone, not all that it holds.
std::vector<std::string> strangers(const PrefixManifest& manifest,
                                   const std::vector<FoundEntry>& found) {
    std::vector<std::string> paths;
    std::unordered_set<std::string_view> known;
    for (const RealisedFile& file : manifest.files) {
        std::string_view path = file.path;
        while (known.insert(path).second && path.find('/') != std::string_view::npos) {
            path = path.substr(0, path.rfind('/'));
        }
    }
    std::unordered_set<std::string_view> strange;
    for (const FoundEntry& entry : found) { // Folders come before what they hold.
        if (known.contains(entry.path)) {
            continue;
        }
        const std::string_view path = entry.path;
        strange.insert(path);
        const std::size_t slash = path.rfind('/');
        if (slash == std::string_view::npos || !strange.contains(path.substr(0, slash))) {
            paths.push_back(entry.path);
        }
    }
    return paths;
}

/// A Python that does not obey the prefix's settings (`-I`) leaves it beside its sources.
bool is_bytecode(const std::string& path) {
    return path.ends_with("__pycache__") || path.ends_with(".pyc");
}

/// Without it the bytecode of one environment would be taken for another's.
std::optional<PrefixDamage> damage_of_bytecode_link(const std::filesystem::path& prefix,
                                                    const PrefixManifest& manifest) {
    const std::filesystem::path path = manifest_path({}).parent_path() / bytecode_key;
    std::error_code failure;
    if (std::filesystem::read_symlink(prefix / path, failure) == short_name(manifest.env)) {
        return std::nullopt;
    }
    const bool is_there =
        std::filesystem::exists(std::filesystem::symlink_status(prefix / path, failure));
    return PrefixDamage{path.string(), is_there ? FileDamage::changed : FileDamage::missing};
}

Sha256 digest_before_relocation(const std::filesystem::path& prefix, const FoundEntry& found,
                                const Relocation* relocation, const Places& places) {
    const std::filesystem::path path = prefix / found.path;
    if (!found.kind) {
        throw Error({"an environment holds something that is neither file nor link nor folder",
                     path.string(), "remove it, or install again"},
                    ExitCode::integrity);
    }
    if (found.kind == EntryKind::link) {
        return link_digest(
            undo_link_relocation(std::filesystem::read_symlink(path).native(), places));
    }
    if (relocation != nullptr && relocation->placeholder) {
        return digest_before_replacement(path, *relocation->placeholder, places.prefix);
    }
    return relocation == nullptr ? sha256_of_file(path)
                                 : sha256_of(undo_relocation(read_file(path), *relocation, places));
}

} // namespace

} // namespace envpm::realize
