#include "importers/package_place.h"

#include "base/url.h"

namespace envpm::importers {

PackagePlace place_of(std::string_view url) {
    url = url.substr(0, url.find('#'));
    const std::size_t file = url.rfind('/');
    const std::size_t subdir =
        file == std::string_view::npos || file == 0 ? file : url.rfind('/', file - 1);
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos || subdir == std::string_view::npos ||
        subdir < scheme + 4) {
        return {};
    }
    PackagePlace place{std::string(url.substr(0, subdir)),
                       std::string(url.substr(subdir + 1, file - subdir - 1)),
                       std::string(url.substr(file + 1))};
    const bool is_package = place.file.ends_with(".conda") || place.file.ends_with(".tar.bz2");
    return is_package && !place.subdir.empty() ? place : PackagePlace{};
}

std::string version_of_wheel(std::string_view url) {
    const std::string file = file_name_of_url(url);
    const std::size_t name = file.find('-');
    const std::size_t version = name == std::string::npos ? name : file.find('-', name + 1);
    if (!file.ends_with(".whl") || version == std::string::npos) {
        return {};
    }
    return file.substr(name + 1, version - name - 1);
}

} // namespace envpm::importers
