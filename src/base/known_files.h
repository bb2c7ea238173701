#pragma once

#include "base/hash.h"

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <unordered_map>

namespace envpm {

/// What identifies a file whatever its names: the file system and the inode.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;

    bool operator==(const FileIdentity&) const = default;
};

/// Files that were hashed a moment ago: one that has several names is read once. Not for threads
/// that add.
class KnownFiles {
  public:
    void add(const FileIdentity& file, const Sha256& digest) { digests_.emplace(file, digest); }

    [[nodiscard]] std::optional<Sha256> find(const FileIdentity& file) const {
        const auto found = digests_.find(file);
        return found == digests_.end() ? std::nullopt : std::optional(found->second);
    }

  private:
    struct Hash {
        std::size_t operator()(const FileIdentity& file) const noexcept {
            return std::hash<ino_t>()(file.inode) * 31U + std::hash<dev_t>()(file.device);
        }
    };

    std::unordered_map<FileIdentity, Sha256, Hash> digests_;
};

} // namespace envpm
