#include "realize/tree_digest.h"

#include "base/assert.h"
#include "realize/compose.h"

#include <algorithm>
#include <array>
#include <span>

namespace envpm::realize {

namespace {

// NOLINTNEXTLINE(misc-unused-using-decls): it sees no use in a literal.
using std::string_view_literals::operator""sv;

constexpr std::string_view folder_domain = "envpm-tree-v1\0dir\0"sv;
constexpr std::string_view link_domain = "envpm-tree-v1\0lnk\0"sv;

void update_entry(Sha256Hasher& hasher, EntryKind kind, std::string_view name,
                  const Sha256& digest);

} // namespace

Sha256 contents_digest(const Layout& layout) {
    TreeDigest tree;
    for (const LayoutEntry& entry : layout.entries) {
        if (kind_of(entry) == EntryKind::folder) {
            tree.add_folder(entry.path.string());
        } else {
            tree.add(entry.path.string(), kind_of(entry), digest_of(entry));
        }
    }
    return tree.finish();
}

void TreeDigest::add(std::string_view path, EntryKind kind, const Sha256& digest) {
    Node& node = at(path);
    ENVPM_ASSERT(!node.digest && node.children.empty());
    node.kind = kind;
    node.digest = digest;
}

void TreeDigest::add_folder(std::string_view path) {
    ENVPM_ASSERT(!at(path).digest);
}

Sha256 TreeDigest::finish() const {
    return digest_of(root_);
}

TreeDigest::Node& TreeDigest::at(std::string_view path) {
    Node* node = &root_;
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        node = &child_of(*node, path.substr(begin, end - begin));
        begin = end + 1;
    }
    return *node;
}

TreeDigest::Node& TreeDigest::child_of(Node& folder, std::string_view name) {
    ENVPM_ASSERT(!folder.digest);
    const auto found = folder.children.find(name);
    return found != folder.children.end() ? found->second : folder.children[std::string(name)];
}

Sha256 TreeDigest::digest_of(const Node& folder) { // NOLINT(misc-no-recursion): a tree's depth
    Sha256Hasher hasher;
    hasher.update(folder_domain);
    for (const auto& [name, child] : folder.children) {
        update_entry(hasher, child.kind, name, child.digest ? *child.digest : digest_of(child));
    }
    return hasher.finish();
}

Sha256 link_digest(std::string_view target) {
    Sha256Hasher hasher;
    hasher.update(link_domain);
    hasher.update(target);
    return hasher.finish();
}

EntryKind kind_of(const LayoutEntry& entry) {
    if (std::holds_alternative<SymbolicLink>(entry.content)) {
        return EntryKind::link;
    }
    if (std::holds_alternative<EmptyFolder>(entry.content)) {
        return EntryKind::folder;
    }
    return entry.is_executable ? EntryKind::executable : EntryKind::file;
}

Sha256 digest_of(const LayoutEntry& entry) {
    if (const auto* object = std::get_if<ObjectFile>(&entry.content)) {
        return object->object;
    }
    if (const auto* link = std::get_if<SymbolicLink>(&entry.content)) {
        return link_digest(link->target);
    }
    if (const auto* relocated = std::get_if<Boxed<RelocatedFile>>(&entry.content)) {
        return (*relocated)->object.object;
    }
    if (std::holds_alternative<EmptyFolder>(entry.content)) {
        return TreeDigest().finish();
    }
    return sha256_of(std::get<GeneratedFile>(entry.content).content);
}

namespace {

void update_entry(Sha256Hasher& hasher, EntryKind kind, std::string_view name,
                  const Sha256& digest) {
    const auto length = static_cast<std::uint32_t>(name.size());
    const std::array<char, 5> head = {
        static_cast<char>(kind),          static_cast<char>(length >> 24U),
        static_cast<char>(length >> 16U), static_cast<char>(length >> 8U),
        static_cast<char>(length),
    };
    hasher.update(std::string_view(head.data(), head.size()));
    hasher.update(name);
    hasher.update(std::as_bytes(std::span(digest.bytes())));
}

} // namespace

} // namespace envpm::realize
