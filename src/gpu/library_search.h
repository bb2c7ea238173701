#pragma once

#include "gpu/audit.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace envpm::gpu {

/// Where the dynamic loader would find a library, as far as it lies in the prefix (ld.so(8)): by
/// DT_RPATH of who needs it and of those that loaded that one, unless it has DT_RUNPATH, which then
/// alone counts. LD_LIBRARY_PATH and the loader's cache belong to a machine and are not looked at.
/// Looks into the request, which must outlive it.
class LibrarySearch {
  public:
    explicit LibrarySearch(const AuditRequest& request);

    /// Who asks, and who loaded that one, and so on; the first is who asks.
    using Loaders = std::vector<const PrefixBinary*>;

    /// The file that the loader takes; null if none of its folders in the prefix has one.
    [[nodiscard]] const PrefixBinary* find(std::string_view soname, const Loaders& loaders) const;

    /// Files of that soname or name anywhere in the prefix: once one is loaded, by whatever path,
    /// it serves all that need it. Sorted by path.
    [[nodiscard]] std::vector<const PrefixBinary*> all(std::string_view soname) const;

    /// Whether a file in the prefix has that name up to ".so", whatever its version.
    [[nodiscard]] bool has_stem(std::string_view stem) const;

    /// `find`, or else the first of `all`.
    [[nodiscard]] const PrefixBinary* find_anywhere(std::string_view soname,
                                                    const PrefixBinary& who) const;

    /// The folders in the prefix that a DT_RPATH or DT_RUNPATH of this file leads to.
    [[nodiscard]] const std::vector<std::string>& folders_of(const PrefixBinary& binary) const;

  private:
    [[nodiscard]] std::vector<std::string> folders(std::string_view list,
                                                   std::string_view origin) const;
    [[nodiscard]] const PrefixBinary* find_in(const std::vector<std::string>& places,
                                              std::string_view soname) const;
    [[nodiscard]] const PrefixBinary* at(const std::string& path) const;
    [[nodiscard]] std::string real_path(const std::string& path) const;

    std::string prefix_;                                            ///< ends in a slash
    std::map<std::string, const PrefixBinary*, std::less<>> files_; ///< by path
    std::map<std::string, std::string, std::less<>> links_;         ///< by path
    std::map<std::string, std::vector<const PrefixBinary*>, std::less<>> names_;
    /// By origin and list, for libraries of one folder mostly have one list.
    std::map<std::pair<std::string_view, std::string_view>, std::vector<std::string>> folders_;
};

/// What stands before the last slash; empty if there is none.
std::string_view folder_of(std::string_view path);

/// What stands after it.
std::string_view name_of(std::string_view path);

} // namespace envpm::gpu
