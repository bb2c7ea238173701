#pragma once

#include <optional>
#include <string_view>

namespace envpm::conda {

/// What the name of a package file says (CEP 26): name-version-build, and the container. The views
/// are into the text that was parsed.
struct ArchiveName {
    enum class Container { tar_bz2, conda };

    std::string_view name;
    std::string_view version;
    std::string_view build;
    Container container = Container::conda;

    /// Nothing for what is no such name, is longer than a file name may be, or has characters that
    /// mean something in a URL or path: only ASCII letters, digits and `._-+!~` are let through,
    /// and no `.` in front.
    static std::optional<ArchiveName> parse(std::string_view file_name);
};

} // namespace envpm::conda
