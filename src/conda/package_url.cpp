#include "conda/package_url.h"

#include "base/ascii.h"
#include "base/error.h"
#include "model/channel_subdir.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace envpm::conda {

namespace {

std::size_t size_of_ending(std::string_view file_name);
std::string decoded(std::string_view text);
std::string_view hash_in(std::string_view fragment);
[[noreturn]] void refuse(const std::string& fault, const std::string& hint = "");

} // namespace

bool PackageUrl::is_meant_by(std::string_view text) {
    const bool is_url =
        text.find("://") != std::string_view::npos && text.find("::") == std::string_view::npos;
    const bool has_blank = text.find_first_of(white_space) != std::string_view::npos;
    const std::string_view marks = is_url ? "[" : "[=<>!~:";
    const bool is_regex = text.starts_with('^'); // of a name
    return is_file(text.substr(0, text.find('#'))) && !has_blank && !is_regex &&
           text.find_first_of(marks) == std::string_view::npos;
}

bool PackageUrl::is_file(std::string_view name) {
    return size_of_ending(name) != 0;
}

PackageUrl PackageUrl::parse(std::string_view text) {
    const std::size_t mark = std::min(text.find('#'), text.size());
    PackageUrl parts;
    parts.url = text.substr(0, mark);
    if (parts.url.find("://") == std::string::npos) {
        refuse(fmt::format("`{}` is a file, not a URL", parts.url),
               "write a `file://` URL with the whole path");
    }
    if (mark < text.size()) {
        parts.hash = ascii_lower(hash_in(text.substr(mark + 1)));
    }
    const std::size_t slash = parts.url.rfind('/');
    parts.file_name = decoded(std::string_view(parts.url).substr(slash + 1));
    const std::string_view folder = std::string_view(parts.url).substr(0, slash);
    const std::size_t end = end_of_channel(folder);
    if (end < folder.size()) {
        parts.channel = folder.substr(0, end);
        parts.subdir = folder.substr(end + 1);
    }
    const std::string stem =
        parts.file_name.substr(0, parts.file_name.size() - size_of_ending(parts.file_name));
    const std::size_t build = stem.rfind('-');
    const std::size_t version =
        build == std::string::npos || build == 0 ? std::string::npos : stem.rfind('-', build - 1);
    if (version == std::string::npos || version == 0) {
        refuse(fmt::format("`{}` is not of the form `name-version-build`", parts.file_name));
    }
    parts.name = stem.substr(0, version);
    parts.version = stem.substr(version + 1, build - version - 1);
    parts.build = stem.substr(build + 1);
    return parts;
}

namespace {

std::size_t size_of_ending(std::string_view file_name) {
    for (const std::string_view ending : {".conda", ".tar.bz2"}) {
        if (file_name.ends_with(ending)) {
            return ending.size();
        }
    }
    return 0;
}

std::string decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned char byte = 0;
        const char* const digits = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            plain += static_cast<char>(byte);
            i += 2;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

std::string_view hash_in(std::string_view fragment) {
    std::string_view hash = fragment;
    for (const std::string_view kind : {"sha256:", "md5:"}) {
        hash.remove_prefix(hash.starts_with(kind) ? kind.size() : 0);
    }
    if ((hash.size() != 32 && hash.size() != 64) ||
        hash.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
        refuse(fmt::format("`{}` behind the `#` is neither md5 nor sha256", fragment));
    }
    return hash;
}

void refuse(const std::string& fault, const std::string& hint) {
    throw Error({.what = fault, .subject = "", .hint = hint});
}

} // namespace

} // namespace envpm::conda
