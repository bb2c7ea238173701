#include "conda/archive_name.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>

namespace envpm::conda {

namespace {

constexpr std::size_t longest_file_name = 255;
constexpr std::string_view conda_suffix = ".conda";
constexpr std::string_view tar_suffix = ".tar.bz2";

constexpr std::array<bool, 256> harmless = [] {
    std::array<bool, 256> letters{};
    for (int letter = 0; letter < 256; ++letter) {
        const char c = static_cast<char>(letter);
        letters[static_cast<std::size_t>(letter)] =
            is_letter_or_digit(c) || std::string_view("._-+!~").find(c) != std::string_view::npos;
    }
    return letters;
}();

bool is_harmless(char c) {
    return harmless[static_cast<unsigned char>(c)];
}

} // namespace

std::optional<ArchiveName> ArchiveName::parse(std::string_view file_name) {
    if (file_name.size() > longest_file_name || file_name.starts_with('.') ||
        !std::all_of(file_name.begin(), file_name.end(), is_harmless)) {
        return std::nullopt;
    }
    ArchiveName parts;
    std::string_view stem = file_name;
    if (stem.ends_with(conda_suffix)) {
        stem.remove_suffix(conda_suffix.size());
    } else if (stem.ends_with(tar_suffix)) {
        stem.remove_suffix(tar_suffix.size());
        parts.container = Container::tar_bz2;
    } else {
        return std::nullopt;
    }
    // Neither version nor build can have a dash; a name often has.
    const std::size_t build = stem.rfind('-');
    if (build == std::string_view::npos || build == 0) {
        return std::nullopt;
    }
    const std::size_t version = stem.rfind('-', build - 1);
    if (version == std::string_view::npos) {
        return std::nullopt;
    }
    parts.name = stem.substr(0, version);
    parts.version = stem.substr(version + 1, build - version - 1);
    parts.build = stem.substr(build + 1);
    const bool is_whole = !parts.name.empty() && !parts.version.empty() && !parts.build.empty();
    return is_whole ? std::optional(parts) : std::nullopt;
}

} // namespace envpm::conda
