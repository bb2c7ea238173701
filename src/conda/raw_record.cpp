#include "conda/raw_record.h"

#include <algorithm>

namespace envpm::conda {

void RawRecord::clear() {
    name = version = build = subdir = license = python_site_packages_path = fault = {};
    depends.clear();
    constrains.clear();
    purls.clear();
    sha256.reset();
    md5.reset();
    build_number.reset();
    size_bytes.reset();
    timestamp.reset();
    track_features = 0;
    noarch = Noarch::none;
    is_revoked = false;
}

void RawRecord::set_sha256(std::string_view hex) {
    std::array<std::uint8_t, 32> bytes{};
    if (read_hex(hex, bytes)) {
        sha256 = Sha256(bytes);
    } else if (!hex.empty()) {
        fault = "its sha256 is malformed";
    }
}

void RawRecord::set_md5(std::string_view hex) {
    std::array<std::uint8_t, 16> bytes{};
    if (read_hex(hex, bytes)) {
        md5 = bytes;
    }
}

std::uint32_t count_features(std::string_view text) {
    std::uint32_t count = 0;
    for (std::size_t at = 0;
         (at = text.find_first_not_of(" ,\t\n", at)) != std::string_view::npos;) {
        ++count;
        at = std::min(text.find_first_of(" ,\t\n", at), text.size());
    }
    return count;
}

std::optional<Noarch> parse_noarch(std::string_view text) {
    if (text == "python") {
        return Noarch::python;
    }
    if (text == "generic") {
        return Noarch::generic;
    }
    return std::nullopt;
}

} // namespace envpm::conda
