#include "base/assert.h"
#include "base/relative_path.h"
#include "fuzz.h"

#include <filesystem>

namespace envpm::fuzz {

/// A path never leaves the folder that it is below, and no component can be appended that does.
void read(std::string_view input) {
    const std::filesystem::path folder = "/the/folder";
    const auto check = [&folder](const RelativePath& path) {
        const std::filesystem::path whole = folder / path.string();
        ENVPM_ASSERT(whole.lexically_normal() == whole);
        ENVPM_ASSERT(whole.string().starts_with("/the/folder/"));
        ENVPM_ASSERT(path.string().find('\0') == std::string::npos);
        ENVPM_ASSERT(path.filename() == whole.filename().string());
        ENVPM_ASSERT(path.parent().empty() ? whole.parent_path() == folder
                                           : whole.parent_path() == folder / path.parent());
    };
    if (const auto path = if_accepted([input] { return RelativePath::parse(input); })) {
        ENVPM_ASSERT(path->string() == input);
        check(*path);
    }
}

} // namespace envpm::fuzz
