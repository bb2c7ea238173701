#include "conda/version.h"

#include "base/ascii.h"

namespace envpm::conda {

std::optional<Version> Version::parse(std::string_view text) {
    const std::string_view inner = trimmed(text);
    std::optional<VersionKey> key = version_key(inner);
    if (!key) {
        return std::nullopt;
    }
    return Version(inner, *std::move(key));
}

bool Version::starts_with(const Version& prefix) const {
    return versions_starting_with(prefix.text_)->contains(key_);
}

} // namespace envpm::conda
