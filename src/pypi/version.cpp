#include "pypi/version.h"

namespace envpm::pypi {

std::optional<Version> Version::parse(std::string_view text) {
    const std::optional<VersionSegments> segments = VersionSegments::parse(text);
    if (!segments) {
        return std::nullopt;
    }
    Version version;
    version.text_ = segments->public_text();
    version.local_text_ = segments->local_text();
    if (!version.local_text_.empty()) {
        version.text_ += "+" + version.local_text_;
    }
    version.key_ = key_of(*segments);
    version.is_prerelease_ = segments->pre || segments->dev;
    return version;
}

std::string Version::public_text() const {
    return text_.substr(0, text_.find('+'));
}

} // namespace envpm::pypi
