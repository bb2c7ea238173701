#pragma once

#include "base/hash.h"
#include "model/layout.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace envpm::realize {

/// What `envpm-tree-v1` tells apart (docs/digests.md).
enum class EntryKind : char { file = 'f', executable = 'x', link = 'l', folder = 'd' };

/// Collects the entries of a tree, in any order, and hashes them as `envpm-tree-v1`.
class TreeDigest {
  public:
    /// `path` has not been added before and lies below no file; its folders follow from it.
    void add(std::string_view path, EntryKind kind, const Sha256& digest);

    /// For a folder that may hold nothing.
    void add_folder(std::string_view path);

    [[nodiscard]] Sha256 finish() const;

  private:
    struct Node {
        EntryKind kind = EntryKind::folder;
        std::optional<Sha256> digest; ///< of a file or link
        std::map<std::string, Node, std::less<>> children;
    };

    static Sha256 digest_of(const Node& folder);
    Node& at(std::string_view path);

    Node root_;
};

Sha256 link_digest(std::string_view target);

/// How an entry stands in the digest, before relocation.
EntryKind kind_of(const LayoutEntry& entry);
Sha256 digest_of(const LayoutEntry& entry);

} // namespace envpm::realize
