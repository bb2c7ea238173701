#include "gpu/bytes.h"

#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::gpu {

void Bytes::check(std::uint64_t offset, std::uint64_t size_bytes, std::string_view what) const {
    if (offset > bytes_.size() || size_bytes > bytes_.size() - offset) {
        throw_damaged(fmt::format("{} reaches beyond the end", what));
    }
}

std::string_view Bytes::slice(std::uint64_t offset, std::uint64_t size_bytes,
                              std::string_view what) const {
    check(offset, size_bytes, what);
    return bytes_.substr(offset, size_bytes);
}

std::string_view Bytes::text(std::uint64_t offset, std::string_view what) const {
    constexpr std::size_t longest = 1U << 16U; // so that many names cannot share one long end
    const std::string_view rest =
        bytes_.substr(std::min<std::uint64_t>(offset, bytes_.size()), longest);
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) {
        throw_damaged(fmt::format("{} does not end", what));
    }
    return rest.substr(0, end);
}

void Bytes::throw_damaged(std::string what) const {
    throw Error({"a binary is damaged: " + std::move(what), subject_, "install its package again"},
                ExitCode::integrity);
}

} // namespace envpm::gpu
