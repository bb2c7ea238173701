#pragma once

#include "base/assert.h"
#include "base/error.h"
#include "base/files.h"
#include "fuzz.h"

#include <filesystem>
#include <string>
#include <string_view>

// What the fuzz targets of files on the disk share: a folder of their own, and passwords.

namespace envpm::fuzz {

/// In memory where there is such a place; gone at the end of the program.
inline const std::filesystem::path& scratch_folder() {
    static const TemporaryFolder folder(std::filesystem::exists("/dev/shm")
                                            ? std::filesystem::path("/dev/shm")
                                            : std::filesystem::temp_directory_path());
    return folder.path();
}

/// Gives the file's path.
inline std::filesystem::path write_scratch(const std::filesystem::path& name,
                                           std::string_view content) {
    const std::filesystem::path file = scratch_folder() / name;
    write_file(file, content, Durability::cached);
    return file;
}

/// What the corpora have for a password, in URLs such as `https://me:Sesame7@example.org`.
constexpr std::string_view password = "Sesame7";

/// Wherever an input has the password, it stands in a URL as passwords do.
inline bool has_only_passwords(std::string_view input) {
    const std::string whole = "://me:" + std::string(password) + "@";
    std::size_t at = input.find(password);
    while (at != std::string_view::npos) {
        const std::size_t before = whole.find(password);
        if (at < before || input.substr(at - before, whole.size()) != whole) {
            return false;
        }
        at = input.find(password, at + 1);
    }
    return true;
}

/// As if_accepted, and asserts that no error tells a URL's password.
template <class Reader>
std::optional<std::invoke_result_t<Reader>> if_accepted_discreetly(std::string_view input,
                                                                   const Reader& reader) {
    try {
        return reader();
    } catch (const Error& error) {
        ENVPM_ASSERT(!has_only_passwords(input) ||
                     std::string_view(error.what()).find(password) == std::string_view::npos);
        return std::nullopt;
    }
}

} // namespace envpm::fuzz
