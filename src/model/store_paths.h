#pragma once

#include "base/hash.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace envpm {

/// Where things lie below the store's root (docs/store.md). Pure: it touches no disk. `store` fills
/// objects and trees, `realize` links from them and adds prefixes.
class StorePaths {
  public:
    explicit StorePaths(std::filesystem::path root)
        : root_(std::move(root)) {}

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }

    /// `objects/sha256/ab/<hex>` or `….x` for an executable one: one inode has one mode.
    [[nodiscard]] std::filesystem::path object(const Sha256& object, bool is_executable) const;

    [[nodiscard]] std::filesystem::path objects() const { return root_ / "objects" / "sha256"; }

    /// `ab/<hex>` or `….x`, for calls that are given the descriptor of `objects`: thousands of them
    /// need not walk down from the root each time.
    [[nodiscard]] static std::string object_below(const Sha256& object, bool is_executable);

    /// `trees/sha256/ab/<hex>.json`, by the archive's digest.
    [[nodiscard]] std::filesystem::path tree(const Sha256& archive) const;

    /// `p/<26 characters>`: the first 130 bits of the env digest in lower-case base32 (RFC 4648),
    /// short because scripts embed the path and the kernel reads 127 bytes of a `#!` line.
    [[nodiscard]] std::filesystem::path prefix(const Sha256& env) const;

    /// The same by its `short_name`.
    [[nodiscard]] std::filesystem::path prefix(std::string_view name) const {
        return prefixes() / name;
    }

    [[nodiscard]] std::filesystem::path prefixes() const { return root_ / "p"; }

    [[nodiscard]] std::filesystem::path temporary() const { return root_ / "tmp"; }

    /// What a repair put aside, until the collector takes it.
    [[nodiscard]] std::filesystem::path quarantine() const { return root_ / "quarantine"; }

    /// Projects whose generations keep prefixes alive: links to their `.envpm/envs/<name>` folders.
    [[nodiscard]] std::filesystem::path roots() const { return root_ / "roots"; }

    /// What hosts say of the prefixes that their programs use, for collectors elsewhere.
    [[nodiscard]] std::filesystem::path leases() const { return root_ / "leases"; }

    /// Files that processes wait for each other by, each for one thing.
    [[nodiscard]] std::filesystem::path locks() const { return root_ / "locks"; }

    /// Shared by everyone who writes or realises, exclusive for the collector.
    [[nodiscard]] std::filesystem::path lock() const { return root_ / "store.lock"; }

  private:
    std::filesystem::path root_;
};

/// The modification time of every object, and of every file and folder of a prefix: 1980-01-01 in
/// UTC, the first that a ZIP file can say. So what is unpacked is the same on every machine, and a
/// file that has another one was changed.
inline constexpr std::int64_t store_time = 315'532'800;

/// `.envpm/manifest.json` below a prefix. A prefix comes to its place whole, by one rename, so one
/// that has this file list has everything.
std::filesystem::path manifest_path(const std::filesystem::path& prefix);

/// `gens` below a project's environment (`.envpm/envs/<name>`): its links keep prefixes alive.
std::filesystem::path generations_folder(const std::filesystem::path& environment);

/// The name of a prefix: what `p/` holds and what users are shown.
std::string short_name(const Sha256& env);

} // namespace envpm
