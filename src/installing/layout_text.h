#pragma once

#include "base/hash.h"
#include "base/thread_pool.h"
#include "model/layout.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace envpm::installing {

/// What a LayoutCache keeps of a layout (docs/caches.md): a head, and parts of whole entries, each
/// with a digest of its own, so that all cores read at a time and nobody holds the whole text.
/// Nothing for a layout that holds anything but objects, generated files and links.
std::optional<std::string> to_text(const Layout& layout, const Sha256& env);

/// Where such a text is.
struct LayoutSource {
    std::uint64_t size_bytes = 0;
    /// Fills the room with the bytes from `begin`; false if they cannot be had. Any thread.
    std::function<bool(std::uint64_t begin, std::span<char> room)> read;
};

/// Nothing for anything that `to_text` does not write of that environment. Not to be called from a
/// task of the pool.
std::optional<Layout> read_layout(const LayoutSource& source, const Sha256& env, ThreadPool& pool);

} // namespace envpm::installing
