#include "fetch/authorities.h"

#include <filesystem>
#include <string_view>
#include <system_error>

namespace envpm::fetch {

namespace {

namespace fs = std::filesystem;

bool has_hashed_names(const fs::path& folder);
bool is_hashed_name(std::string_view name);

} // namespace

Authorities cheap_part(const Authorities& all) {
    if (all.file.empty() || all.folder.empty()) {
        return all;
    }
    const bool is_beside =
        fs::path(all.file).parent_path() == (fs::path(all.folder) / "").parent_path();
    return is_beside && has_hashed_names(all.folder) ? Authorities{{}, all.folder}
                                                     : Authorities{all.file, {}};
}

namespace {

/// Images of containers often have the file alone.
bool has_hashed_names(const fs::path& folder) {
    std::error_code failure;
    for (fs::directory_iterator at(folder, failure), end; !failure && at != end;
         at.increment(failure)) {
        if (is_hashed_name(at->path().filename().string())) {
            return true;
        }
    }
    return false;
}

/// `5ed36f99.0`, as `openssl rehash` writes it.
bool is_hashed_name(std::string_view name) {
    constexpr std::size_t hash_digits = 8;
    const std::string_view hash = name.substr(0, hash_digits);
    return name.size() == hash_digits + 2 && name.substr(hash_digits) == ".0" &&
           hash.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

} // namespace

} // namespace envpm::fetch
