#include "installing/own_libraries.h"

#include "base/error.h"
#include "base/files.h"
#include "model/store_paths.h"

#include <algorithm>

namespace envpm::installing {

namespace {

constexpr std::string_view first_line = "envpm sonames 1\n";

std::filesystem::path place_of(const std::filesystem::path& prefix, project::Services& services) {
    return services.cache("audit") / "sonames" / prefix.filename();
}

} // namespace

void keep_own_libraries(const gpu::OwnLibraries& own, project::Services& services) {
    const std::filesystem::path prefix = own.prefix;
    std::error_code failed;
    if (!std::filesystem::equivalent(
            prefix.parent_path(), StorePaths(services.settings().store_root).prefixes(), failed)) {
        return; // a folder that may change
    }
    std::string text(first_line);
    for (const std::string& soname : own.sonames) {
        if (soname.find('\n') == std::string::npos) {
            text += soname + "\n";
        }
    }
    try {
        write_file(place_of(prefix, services), text, Durability::cached);
    } catch (const Error&) { // NOLINT(bugprone-empty-catch): a read-only or full cache folder
    }
}

std::optional<gpu::OwnLibraries> kept_own_libraries(const std::filesystem::path& prefix,
                                                    project::Services& services) {
    const auto text = read_file_if_present(place_of(prefix, services));
    if (!text || !text->starts_with(first_line) || !text->ends_with('\n')) {
        return std::nullopt;
    }
    gpu::OwnLibraries own{prefix.string(), {}};
    std::string_view rest = std::string_view(*text).substr(first_line.size());
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        own.sonames.emplace(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    return own;
}

} // namespace envpm::installing
